"""Takes checkpoints: what a training consists of at a moment, copied, so that it may go on."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from app.training.checkpoints.checkpoint import Progress, Record, Snapshot, prefixed
from app.training.checkpoints.optimizer_state import OptimizerRecord, optimizers_of, pack
from app.training.checkpoints.random_state import RandomStates
from app.training.checkpoints.scheduler_state import schedule_records


def take(
    program: nn.Module,
    progress: Progress,
    random: RandomStates,
    gradients: bool = False,
    saved: str = "",
) -> Snapshot:
    """A snapshot of a training, on the CPU; with gradients where they last for several batches.
    `saved` is the part of the program whose weights a file of weights holds.
    """
    tensors = prefixed("random", random.tensors) | prefixed("beside", _beside(program, saved))
    if progress.rows:
        tensors |= prefixed("rows", _joined(progress.rows))
        tensors |= prefixed("lengths", _lengths(progress.rows))
        tensors["sizes"] = torch.tensor(progress.sizes)
    if progress.epoch_start:
        tensors |= prefixed("epoch_start", progress.epoch_start.tensors)
    optimizers = {name: pack(value) for name, value in optimizers_of(program).items()}
    for name, (_, values) in optimizers.items():
        tensors |= prefixed(f"optimizer.{name}", values)
    if gradients:
        tensors |= prefixed("gradient", _gradients(program))
    records = {name: record for name, (record, _) in optimizers.items()}
    record = _record(progress, random, records)
    record = record.model_copy(update={"schedules": schedule_records(program)})
    return Snapshot(record, weights_of(program, saved), tensors)


def weights_of(program: nn.Module, saved: str = "") -> dict[str, Tensor]:
    """The weights of a program, or of that part of it, copied to the CPU."""
    state = program.get_submodule(saved).state_dict()
    return {name: _copy(value) for name, value in state.items()}


def _beside(program: nn.Module, saved: str) -> dict[str, Tensor]:
    """What else a program remembers, such as how far a loss has grown."""
    start, state = f"{saved}.", program.state_dict()
    names = [name for name in state if saved and not name.startswith(start)]
    return {name: _copy(state[name]) for name in names}


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


def _copy(tensor: Tensor) -> Tensor:
    return tensor.detach().to("cpu", copy=True).contiguous()
