"""Learning-rate schedules as JSON, and back: how far they are, never how long they go."""

from __future__ import annotations

import math
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from torch import nn
from torch.optim.lr_scheduler import LRScheduler

from app.training.checkpoints.optimizer_state import stored_names

_COUNTERS = ("last_epoch", "_step_count", "num_bad_epochs", "cooldown_counter")


class ScheduleRecord(BaseModel):
    """How far a schedule is. Its length and shape are the program's, and are not stored."""

    model_config = ConfigDict(frozen=True)

    counters: dict[str, int]
    rates: list[float] = Field(max_length=64)
    best: float | None = Field(default=None, allow_inf_nan=False)


def schedules_of(program: nn.Module) -> dict[str, LRScheduler]:
    """The schedules of a program, by name."""
    named = vars(program).items()
    return {name: value for name, value in named if isinstance(value, LRScheduler)}


def schedule_records(program: nn.Module) -> dict[str, ScheduleRecord]:
    """How far the schedules of a program are."""
    return {name: _record(schedule) for name, schedule in schedules_of(program).items()}


def restore_schedules(program: nn.Module, records: dict[str, ScheduleRecord]) -> None:
    """Put the schedules of a program back. Raises ValueError when they are others."""
    schedules = schedules_of(program)
    names = stored_names(schedules, records)
    if names is None:
        raise ValueError("there are other schedules")
    for name, schedule in schedules.items():
        _restore(schedule, records[names[name]], name)


def _record(schedule: LRScheduler) -> ScheduleRecord:
    state: dict[str, Any] = vars(schedule)
    counters = {name: state[name] for name in _COUNTERS if name in state}
    best = state.get("best")
    known = best is not None and math.isfinite(best)
    return ScheduleRecord(
        counters=counters, rates=list(state["_last_lr"]), best=float(best) if known else None
    )


def _restore(schedule: LRScheduler, record: ScheduleRecord, name: str) -> None:
    state: dict[str, Any] = vars(schedule)
    if set(record.counters) != {counter for counter in _COUNTERS if counter in state}:
        raise ValueError(f"{name} is another schedule")
    if len(record.rates) != len(schedule.optimizer.param_groups):
        raise ValueError(f"{name} has another number of rates")
    state.update(record.counters)
    state["_last_lr"] = list(record.rates)
    if record.best is not None:
        state["best"] = record.best
