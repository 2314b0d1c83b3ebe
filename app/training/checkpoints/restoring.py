"""Puts a training back to a checkpoint, bit for bit; one of another network, or a damaged one, is
refused in a sentence.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from app.training.checkpoints.checkpoint import CheckpointError, Progress, Snapshot, prefixed, under
from app.training.checkpoints.optimizer_state import optimizers_of, stored_names, unpack
from app.training.checkpoints.random_state import PlainStates, RandomStates
from app.training.checkpoints.scheduler_state import restore_schedules


def restore(
    snapshot: Snapshot, program: nn.Module, device: torch.device, saved: str = ""
) -> Progress:
    """Put a training back to a snapshot, random states included. `saved` is the part of the program
    whose weights a file of weights holds. Raises CheckpointError.
    """
    record = snapshot.record
    load_weights(_all_weights(snapshot, program, saved), program)
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


def _all_weights(snapshot: Snapshot, program: nn.Module, saved: str) -> dict[str, Tensor]:
    """A snapshot's weights as the program names them; older versions did so themselves."""
    weights = snapshot.weights
    if not saved or weights.keys() == program.state_dict().keys():
        return weights
    return prefixed(saved, weights) | under("beside", snapshot.tensors)


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
    tensors = under(prefix, snapshot.tensors)
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
    owners = {name.partition(".")[0] for name in under("optimizer", snapshot.tensors)}
    if names is None or not owners <= set(records):
        raise CheckpointError("The checkpoint is of another program: its optimizers differ.")
    for name, optimizer in optimizers.items():
        tensors = under(f"optimizer.{names[name]}", snapshot.tensors)
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
    for name, gradient in under("gradient", snapshot.tensors).items():
        if name not in weights or _form(gradient) != _form(weights[name]):
            raise CheckpointError(f"The checkpoint's gradient of {name} does not fit.")
        weights[name].grad = gradient.to(weights[name].device)


def _restore_epoch(snapshot: Snapshot, progress: Progress, device: torch.device) -> None:
    columns = under("rows", snapshot.tensors)
    if not columns:
        return
    sizes = snapshot.tensors.get("sizes", torch.tensor([]))
    lengths = under("lengths", snapshot.tensors)
    parts = {name: _parts(column.to(device), lengths.get(name)) for name, column in columns.items()}
    if snapshot.record.epoch_start is None or any(len(p) != len(sizes) for p in parts.values()):
        raise CheckpointError("The checkpoint's values of the epoch begun are damaged.")
    progress.sizes = [int(size) for size in sizes.tolist()]
    progress.rows = [
        dict(zip(parts, values, strict=True)) for values in zip(*parts.values(), strict=True)
    ]
    progress.epoch_start = random_of(snapshot, "epoch_start", snapshot.record.epoch_start)


def _parts(column: Tensor, lengths: Tensor | None) -> tuple[Tensor, ...]:
    """The values of each batch; none where the lengths are not the column's."""
    if lengths is None:
        return column.unbind() if column.dim() == 1 else ()
    given = [int(length) for length in lengths.flatten().tolist()]
    fits = column.dim() and min(given, default=0) >= 0 and sum(given) == len(column)
    return column.split(given) if fits else ()


def _form(tensor: Tensor) -> tuple[tuple[int, ...], str]:
    return tuple(tensor.shape), str(tensor.dtype).removeprefix("torch.")
