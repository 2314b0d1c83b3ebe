"""A checkpoint in memory: where a training stands, what is no tensor of it, and its tensors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from app.training.checkpoints.optimizer_state import OptimizerRecord
from app.training.checkpoints.random_state import PlainStates, RandomStates
from app.training.checkpoints.scheduler_state import ScheduleRecord


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


def prefixed(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Tensors under a common prefix of their names."""
    return {f"{prefix}.{name}": value for name, value in tensors.items()}


def under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors under a prefix, without it."""
    start = f"{prefix}."
    return {name.removeprefix(start): v for name, v in tensors.items() if name.startswith(start)}
