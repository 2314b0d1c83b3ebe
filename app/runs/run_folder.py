"""Runs on disk: the folder in which editor, monitor and training meet. No torch, no GUI.

A run is one training of one document. The worker process writes the folder and holds its lock as
long as it lives; all others read it, and ask the worker for something through `request.json`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from app.runs.locks import is_locked
from app.runs.records import Info, Request, RunError, State, now, read_record
from graphs.system.atomic_write import write_text

STARTING_SECONDS = 30.0
"""How long a worker may take to start before a run without a lock counts as dead."""


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
        return read_record(self.info_path, Info)

    def state(self) -> State:
        """How the run stands. Raises RunError when state.json cannot be read."""
        state = read_record(self.state_path, State)
        if not state.is_active or self.is_live():
            return state
        if (
            state.status == "starting"
            and (now() - state.updated).total_seconds() < STARTING_SECONDS
        ):
            return state
        latest = read_record(
            self.state_path, State
        )  # the worker may have ended between the two looks
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
