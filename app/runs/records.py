"""The records of a run: what it is, how it stands, what it measured. Each is a frozen value."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from graphs.document.validation_faults import first_fault

Status = Literal["starting", "running", "paused", "stopped", "finished", "failed", "dead"]
"""How a run stands. Dead: its worker was killed; `resume` continues it."""
Request = Literal["pause", "resume", "stop"]
"""What a person may ask of a worker."""
Split = Literal["train", "train_epoch", "validation"]
"""What a row of metrics is about: one training step, the mean of a training epoch, a validation."""

LARGEST = 1 << 20
"""Bytes of the largest run.json or state.json that is read."""


class RunError(ValueError):
    """A run that cannot be used as asked; its text is one sentence that says what to do."""


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


class _Record(BaseModel):
    """A frozen value kept as JSON. What a newer version of the program wrote beside it is kept."""

    model_config = ConfigDict(frozen=True, extra="allow")


class Info(_Record):
    """What a run is: run.json. What is None or empty by default is known once the worker runs."""

    format: int = 1
    title: str
    created: datetime
    document: str | None = None
    """The file that the document came from, if any."""
    folder: str | None = None
    """Where the document's relative file names start."""
    device: str = "auto"
    """The device that was asked for; the one in use is in the state."""
    seed: int = 0
    epochs: int = Field(ge=1)
    threads: int | None = None
    """CPU threads of torch. Equal losses, bit for bit, need equal threads."""
    best: str | None = None
    """What makes a checkpoint the best one, in words."""
    versions: dict[str, str] = {}
    losses: tuple[str, ...] = ()
    metrics: dict[str, Literal["max", "min"]] = {}
    probes: dict[str, Probe] = {}
    steps_per_epoch: int | None = None
    parameters: int | None = None


class Probe(_Record):
    """What the monitor must know of a probe."""

    node: str
    picture: str
    """How it is drawn: images, curves, …"""
    options: dict[str, Any] = {}


class State(_Record):
    """How a run stands: state.json, merged with the lock."""

    status: Status
    epoch: int = 0
    """Finished epochs."""
    step: int = 0
    """Finished steps, over all epochs."""
    message: str = ""
    """One sentence about the status, for people; empty when all goes well."""
    node: str | None = None
    """The node that the message is about."""
    device: str | None = None
    """The device in use."""
    seconds: float = 0.0
    """Time spent training, pauses left out, over all workers of the run."""
    last: dict[str, float] = {}
    """Each loss and metric at the last validation; without validation data, of training."""
    best: dict[str, float] = {}
    """The best value of each, in its own direction."""
    test: dict[str, float] = {}
    """Each loss and metric on the test data, measured once all epochs are done."""
    updated: datetime

    @property
    def is_active(self) -> bool:
        """A worker is at it."""
        return self.status in ("starting", "running", "paused")


class Row(NamedTuple):
    """One line of metrics. `epoch` is a fraction within an epoch; `time` is seconds of training."""

    split: str
    step: int
    epoch: float
    time: float
    values: dict[str, float]


R = TypeVar("R", bound=_Record)


def read_record(path: Path, form: type[R]) -> R:
    """A record from a file of the run, perhaps a stranger's: its size is looked at first."""
    try:
        if path.stat().st_size > LARGEST:
            raise RunError(f"{path} is larger than any {path.name} of a run, so it was not read.")
        return form.model_validate_json(path.read_bytes())
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror or error}.") from error
    except ValidationError as error:
        fault = first_fault(error)
        raise RunError(f"{path} is damaged: at {fault.where}, {fault.message}.") from error
