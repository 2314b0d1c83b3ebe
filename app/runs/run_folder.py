"""Runs on disk: the folder in which editor, monitor and training meet. No torch, no GUI.

A run is one training of one document. The worker process writes the folder and holds its lock as
long as it lives; all others read it, and ask the worker for something through `request.json`.
"""

from __future__ import annotations

import json
import math
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.runs.locks import is_locked
from graphs.document.user_dirs import home

Status = Literal["starting", "running", "paused", "stopped", "finished", "failed", "dead"]
"""How a run stands. Dead: its worker was killed; `resume` continues it."""
Request = Literal["pause", "resume", "stop"]
"""What a person may ask of a worker."""
Split = Literal["train", "train_epoch", "validation"]
"""What a row of metrics is about: one training step, the mean of a training epoch, a validation."""

LARGEST = 1 << 20
"""Bytes of the largest run.json or state.json that is read."""
STARTING_SECONDS = 30.0
"""How long a worker may take to start before a run without a lock counts as dead."""


_UMASK = os.umask(0)
os.umask(_UMASK)


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


def runs_folder() -> Path:
    """Where runs go when nobody says otherwise."""
    return home() / "runs"


class Run:
    """One run: a folder. Two of the same folder are equal."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path).absolute()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Run) and other.path == self.path

    def __hash__(self) -> int:
        return hash(self.path)

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def document_path(self) -> Path:
        return self.path / "document.graph.json"

    @property
    def program_path(self) -> Path:
        return self.path / "program.py"

    @property
    def modules_path(self) -> Path:
        """The user's own Python files as they were when the run began, with which it goes on."""
        return self.path / "modules"

    @property
    def info_path(self) -> Path:
        return self.path / "run.json"

    @property
    def state_path(self) -> Path:
        return self.path / "state.json"

    @property
    def metrics_path(self) -> Path:
        return self.path / "metrics.jsonl"

    @property
    def log_path(self) -> Path:
        return self.path / "log.txt"

    @property
    def request_path(self) -> Path:
        return self.path / "request.json"

    @property
    def lock_path(self) -> Path:
        return self.path / "lock"

    @property
    def checkpoints_path(self) -> Path:
        return self.path / "checkpoints"

    @property
    def probes_path(self) -> Path:
        return self.path / "probes"

    def info(self) -> Info:
        """What the run is. Raises RunError when run.json cannot be read."""
        return _read(self.info_path, Info)

    def state(self) -> State:
        """How the run stands. Raises RunError when state.json cannot be read."""
        state = _read(self.state_path, State)
        if not state.is_active or self.is_live():
            return state
        if (
            state.status == "starting"
            and (now() - state.updated).total_seconds() < STARTING_SECONDS
        ):
            return state
        latest = _read(self.state_path, State)  # the worker may have ended between the two looks
        return latest.model_copy(update={"status": "dead"}) if latest.is_active else latest

    def is_live(self) -> bool:
        """A worker holds the run's lock."""
        return is_locked(self.lock_path)

    def request(self, what: Request) -> None:
        """Ask the worker for something; it obeys between two steps. Raises RunError without one."""
        if not self.state().is_active:
            raise RunError(f"{self.name} is not running, so it cannot {what}.")
        write_text(self.request_path, json.dumps({"request": what}))

    def checkpoint(self, which: Literal["best", "last"] = "best") -> Path | None:
        """The weights (safetensors) of the best epoch or the last checkpoint; None before that."""
        folder = self.checkpoints_path
        path = folder / "best.safetensors" if which == "best" else last_checkpoint(folder)
        return path if path and path.is_file() else None


def last_checkpoint(folder: Path) -> Path | None:
    """The weights of the last checkpoint; last.json names them, so a kill leaves old or new."""
    try:
        name = json.loads((folder / "last.json").read_text(encoding="utf-8"))["weights"]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    return folder / Path(str(name)).name


def probe_path(folder: Path, step: int) -> Path:
    """Where a folder of probes has what they showed after a step (safetensors)."""
    return folder / f"{step:09}.safetensors"


def probe_steps(folder: Path) -> list[int]:
    """The steps after which there is something to see, in order. Raises OSError."""
    if not folder.is_dir():
        return []
    stems = (path.stem for path in folder.glob("*.safetensors"))
    return sorted(int(stem) for stem in stems if stem.isdecimal() and stem.isascii())


def list_runs(folder: Path | None = None) -> list[Run]:
    """The runs in a folder, newest first. Folders that are no runs are left out."""
    folder = folder or runs_folder()
    if not folder.is_dir():
        return []
    runs = [Run(path) for path in folder.iterdir() if (path / "run.json").is_file()]
    return sorted(runs, key=_created, reverse=True)


def _created(run: Run) -> tuple[float, str]:
    try:
        return run.info().created.timestamp(), run.name
    except RunError:  # listed last; whoever looks at it gets the sentence
        return 0.0, run.name


def find_run(text: str, folder: Path | None = None) -> Run:
    """The run at a path, or of a name in the runs folder. Raises RunError when there is none."""
    for path in (Path(text), (folder or runs_folder()) / text):
        if (path / "run.json").is_file():
            return Run(path)
    raise RunError(f"There is no run {text}: `runs` lists those there are.")


class MetricsReader:
    """Reads the rows of a run as they come.

    A resumed run cuts its metrics back to the checkpoint and writes them again. `read` then starts
    over and `generation` grows by one: whoever keeps rows drops those of the generation before.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.generation = 0
        self._offset = 0
        self._file_id: int | None = None

    def read(self) -> list[Row]:
        """The rows since the last call; a line that is cut, or is no row, is left out."""
        try:
            with self.run.metrics_path.open("rb") as file:
                self._notice_rewrite(os.fstat(file.fileno()))
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return []
        complete = data[: data.rfind(b"\n") + 1]
        self._offset += len(complete)
        return [row for line in complete.splitlines() if (row := parse_row(line))]

    def _notice_rewrite(self, stat: os.stat_result) -> None:
        rewritten = self._file_id not in (None, stat.st_ino) or stat.st_size < self._offset
        if rewritten:
            self.generation += 1
            self._offset = 0
        self._file_id = stat.st_ino


def parse_row(line: bytes | str) -> Row | None:
    """The row in a line of metrics; None when it is none. A value that is null was not finite."""
    try:
        row = json.loads(line)
        values = {str(k): _number(v) for k, v in row["values"].items()}
        return Row(
            str(row["split"]), int(row["step"]), float(row["epoch"]), float(row["time"]), values
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None


def _number(value: object) -> float:
    return math.nan if value is None else float(value)  # type: ignore[arg-type]


def write_text(path: Path, text: str, sync: bool = True) -> None:
    """Put text into a file, whole or not at all; `sync` waits for the disk. Raises OSError."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            if sync:
                os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_UMASK)
        _replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _replace(temporary: str, path: Path) -> None:
    """Rename over a file; Windows refuses for as long as somebody reads it."""
    for _ in range(50 if sys.platform == "win32" else 0):
        try:
            return os.replace(temporary, path)
        except PermissionError:
            time.sleep(0.01)
    os.replace(temporary, path)


R = TypeVar("R", bound=_Record)


def _read(path: Path, form: type[R]) -> R:
    """A record from a file of the run, perhaps a stranger's: its size is looked at first."""
    try:
        if path.stat().st_size > LARGEST:
            raise RunError(f"{path} is larger than any {path.name} of a run, so it was not read.")
        return form.model_validate_json(path.read_bytes())
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror or error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise RunError(f"{path} is damaged: at {place}, {first['msg']}.") from error
