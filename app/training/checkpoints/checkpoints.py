"""Checkpoints: a moment of a training, in safetensors files and one JSON file that names them.

    checkpoints/best.safetensors                 weights of the best epoch
    checkpoints/last-000007.safetensors          weights
    checkpoints/last-000007.state.safetensors    optimizers, random states, the epoch begun
    checkpoints/last.json                        names the two, and holds what is no tensor

Each file is written whole or not at all, and last.json comes last: a kill leaves the old
checkpoint or the new one, never a mixture.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from app.training.checkpoints.optimizer_state import (
    OptimizerRecord,
    optimizers_of,
    pack,
    stored_names,
    unpack,
)
from app.training.checkpoints.random_state import PlainStates, RandomStates
from app.training.checkpoints.scheduler_state import (
    ScheduleRecord,
    restore_schedules,
    schedule_records,
)
from graphs.document.atomic_write import replacing, sync_folder, write_text
from graphs.document.validation_faults import first_fault

LARGEST_RECORD = 64 << 20
"""Bytes of the largest last.json that is read."""


class CheckpointError(ValueError):
    """A checkpoint that cannot be used; its text is one sentence."""


@dataclass
class Progress:
    """Where a training stands. `rows` and `sizes` are those of the epoch begun."""

    epoch: int = 0
    step: int = 0
    seconds: float = 0.0
    last: dict[str, float] = field(default_factory=dict)
    best: dict[str, float] = field(default_factory=dict)
    best_loss: float | None = None
    rows: list[dict[str, Tensor]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    epoch_start: RandomStates | None = None
    """The random states before the epoch begun drew its order."""


class Record(BaseModel):
    """last.json: all of a checkpoint that is no tensor."""

    model_config = ConfigDict(frozen=True)

    format: int = Field(default=1, ge=1, le=1)
    weights: str = Field(default="", pattern=r"^(last-\d{1,12}\.safetensors)?$")
    state: str = Field(default="", pattern=r"^(last-\d{1,12}\.state\.safetensors)?$")
    epoch: int = Field(ge=0)
    step: int = Field(ge=0)
    seconds: float = Field(ge=0, allow_inf_nan=False)
    last: dict[str, float]
    best: dict[str, float]
    best_loss: float | None
    random: PlainStates
    epoch_start: PlainStates | None
    optimizers: dict[str, OptimizerRecord]
    schedules: dict[str, ScheduleRecord] = {}


class Snapshot(NamedTuple):
    """A checkpoint in memory: nothing of it changes when training goes on."""

    record: Record
    weights: dict[str, Tensor]
    tensors: dict[str, Tensor]


def take(
    program: nn.Module, progress: Progress, random: RandomStates, gradients: bool = False
) -> Snapshot:
    """A snapshot of a training, on the CPU; with gradients where they last for several batches."""
    tensors = _prefixed("random", random.tensors)
    if progress.rows:
        tensors |= _prefixed("rows", _joined(progress.rows))
        tensors |= _prefixed("lengths", _lengths(progress.rows))
        tensors["sizes"] = torch.tensor(progress.sizes)
    if progress.epoch_start:
        tensors |= _prefixed("epoch_start", progress.epoch_start.tensors)
    optimizers = {name: pack(value) for name, value in optimizers_of(program).items()}
    for name, (_, values) in optimizers.items():
        tensors |= _prefixed(f"optimizer.{name}", values)
    if gradients:
        tensors |= _prefixed("gradient", _gradients(program))
    records = {name: record for name, (record, _) in optimizers.items()}
    record = _record(progress, random, records)
    record = record.model_copy(update={"schedules": schedule_records(program)})
    return Snapshot(record, weights_of(program), tensors)


def weights_of(program: nn.Module) -> dict[str, Tensor]:
    """A program's weights, copied to the CPU."""
    return {name: _copy(value) for name, value in program.state_dict().items()}


def _gradients(program: nn.Module) -> dict[str, Tensor]:
    named = program.named_parameters()
    return {name: _copy(weight.grad) for name, weight in named if weight.grad is not None}


def _record(
    progress: Progress, random: RandomStates, optimizers: dict[str, OptimizerRecord]
) -> Record:
    return Record(
        epoch=progress.epoch,
        step=progress.step,
        seconds=progress.seconds,
        last=progress.last,
        best=progress.best,
        best_loss=progress.best_loss,
        random=random.plain(),
        epoch_start=progress.epoch_start.plain() if progress.epoch_start else None,
        optimizers=optimizers,
    )


def write(folder: Path, snapshot: Snapshot) -> None:
    """Make a snapshot the last checkpoint of a folder. Raises OSError or SafetensorError."""
    number = 1 + max((_number(path) for path in folder.glob("last-*")), default=0)
    weights, state = f"last-{number:06}.safetensors", f"last-{number:06}.state.safetensors"
    write_tensors(folder / weights, snapshot.weights)
    write_tensors(folder / state, snapshot.tensors)
    record = snapshot.record.model_copy(update={"weights": weights, "state": state})
    write_text(folder / "last.json", record.model_dump_json())
    sync_folder(folder)
    for path in folder.glob("last-*"):
        if path.name not in (weights, state):
            path.unlink()


def write_tensors(path: Path, tensors: dict[str, Tensor]) -> None:
    """Put tensors into a file, whole or not at all. Raises OSError or SafetensorError."""
    with replacing(path) as temporary:
        save_file(tensors, temporary, metadata={"format": "pt"})


def exists(folder: Path) -> bool:
    """Whether there is a checkpoint in a folder."""
    return (folder / "last.json").exists()


def read(folder: Path) -> Snapshot | None:
    """The last checkpoint of a folder; None when there is none yet. Raises CheckpointError."""
    path = folder / "last.json"
    if not exists(folder):
        return None
    try:
        if path.stat().st_size > LARGEST_RECORD:
            raise CheckpointError(f"{path} is larger than a checkpoint's record can be.")
        record = Record.model_validate_json(path.read_bytes())
        return Snapshot(
            record, load_file(folder / record.weights), load_file(folder / record.state)
        )
    except ValidationError as error:
        fault = first_fault(error)
        reason = f"{fault.where}: {fault.message}"
        raise CheckpointError(f"The checkpoint {path} is damaged ({reason}).") from error
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"The checkpoint in {folder} is damaged ({error}).") from error


def restore(snapshot: Snapshot, program: nn.Module, device: torch.device) -> Progress:
    """Put a training back to a snapshot, random states included. Raises CheckpointError."""
    record = snapshot.record
    load_weights(snapshot.weights, program)
    _restore_optimizers(snapshot, program)
    _restore_gradients(snapshot, program)
    progress = Progress(
        record.epoch, record.step, record.seconds, dict(record.last), dict(record.best)
    )
    progress.best_loss = record.best_loss
    _restore_epoch(snapshot, progress, device)
    if progress.epoch_start:
        _restore_random(progress.epoch_start, device)  # for its errors; the loop goes back to it
    _restore_random(random_of(snapshot, "random", record.random), device)
    return progress


def load_weights(weights: dict[str, Tensor], program: nn.Module) -> None:
    """Give a program weights. Raises CheckpointError when names, shapes or dtypes are others."""
    needed = {name: _form(value) for name, value in program.state_dict().items()}
    came = {name: _form(value) for name, value in weights.items()}
    for name in sorted({*needed, *came}):
        if needed.get(name) != came.get(name):
            raise CheckpointError(
                f"The checkpoint is of another network: {name} needs "
                f"{needed.get(name, 'nothing')}, got {came.get(name, 'nothing')}."
            )
    program.load_state_dict(weights)


def random_of(snapshot: Snapshot, prefix: str, plain: PlainStates) -> RandomStates:
    """The random states of a snapshot under a prefix, checked. Raises CheckpointError."""
    tensors = _under(prefix, snapshot.tensors)
    needed = {"cpu": torch.get_rng_state().shape}
    for name, value in tensors.items():
        if value.dtype != torch.uint8 or value.shape != needed.get(name, value.shape):
            raise CheckpointError(f"The checkpoint's random state of {name} is damaged.")
    if "cpu" not in tensors:
        raise CheckpointError("The checkpoint has no random state of cpu.")
    try:
        return RandomStates.from_plain(plain, tensors)
    except OverflowError as error:
        raise CheckpointError(f"The checkpoint's random state is damaged: {error}.") from error


def _restore_random(states: RandomStates, device: torch.device) -> None:
    try:
        states.restore(device)
    except (ValueError, TypeError, RuntimeError) as error:
        raise CheckpointError(f"The checkpoint's random state is damaged: {error}.") from error


def _restore_optimizers(snapshot: Snapshot, program: nn.Module) -> None:
    optimizers, records = optimizers_of(program), snapshot.record.optimizers
    names = stored_names(optimizers, records)
    owners = {name.partition(".")[0] for name in _under("optimizer", snapshot.tensors)}
    if names is None or not owners <= set(records):
        raise CheckpointError("The checkpoint is of another program: its optimizers differ.")
    for name, optimizer in optimizers.items():
        tensors = _under(f"optimizer.{names[name]}", snapshot.tensors)
        try:
            unpack(optimizer, records[names[name]], tensors)
        except ValueError as error:
            raise CheckpointError(
                f"The checkpoint's optimizer {name} does not fit: {error}."
            ) from error

    try:
        restore_schedules(program, snapshot.record.schedules)
    except ValueError as error:
        raise CheckpointError(f"The checkpoint's learning rates do not fit: {error}.") from error


def _restore_gradients(snapshot: Snapshot, program: nn.Module) -> None:
    weights = dict(program.named_parameters())
    for name, gradient in _under("gradient", snapshot.tensors).items():
        if name not in weights or _form(gradient) != _form(weights[name]):
            raise CheckpointError(f"The checkpoint's gradient of {name} does not fit.")
        weights[name].grad = gradient.to(weights[name].device)


def _restore_epoch(snapshot: Snapshot, progress: Progress, device: torch.device) -> None:
    columns = _under("rows", snapshot.tensors)
    if not columns:
        return
    sizes = snapshot.tensors.get("sizes", torch.tensor([]))
    lengths = _under("lengths", snapshot.tensors)
    parts = {name: _parts(column.to(device), lengths.get(name)) for name, column in columns.items()}
    if snapshot.record.epoch_start is None or any(len(p) != len(sizes) for p in parts.values()):
        raise CheckpointError("The checkpoint's values of the epoch begun are damaged.")
    progress.sizes = [int(size) for size in sizes.tolist()]
    progress.rows = [
        dict(zip(parts, values, strict=True)) for values in zip(*parts.values(), strict=True)
    ]
    progress.epoch_start = random_of(snapshot, "epoch_start", snapshot.record.epoch_start)


def _joined(rows: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """The values of all batches by name: numbers, or what metrics keep, laid end to end."""
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    return {
        name: (torch.cat(column) if column[0].dim() else torch.stack(column)).cpu()
        for name, column in columns.items()
    }


def _lengths(rows: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Where what metrics keep of each batch ends."""
    kept = [name for name, value in rows[0].items() if value.dim()]
    return {name: torch.tensor([len(row[name]) for row in rows]) for name in kept}


def _parts(column: Tensor, lengths: Tensor | None) -> tuple[Tensor, ...]:
    """The values of each batch; none where the lengths are not the column's."""
    if lengths is None:
        return column.unbind() if column.dim() == 1 else ()
    given = [int(length) for length in lengths.flatten().tolist()]
    fits = column.dim() and min(given, default=0) >= 0 and sum(given) == len(column)
    return column.split(given) if fits else ()


def _copy(tensor: Tensor) -> Tensor:
    return tensor.detach().to("cpu", copy=True).contiguous()


def _form(tensor: Tensor) -> tuple[tuple[int, ...], str]:
    return tuple(tensor.shape), str(tensor.dtype).removeprefix("torch.")


def _prefixed(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {f"{prefix}.{name}": value for name, value in tensors.items()}


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    start = f"{prefix}."
    return {name.removeprefix(start): v for name, v in tensors.items() if name.startswith(start)}


def _number(path: Path) -> int:
    digits = path.name.removeprefix("last-").split(".")[0]
    return int(digits) if digits.isdecimal() else 0
