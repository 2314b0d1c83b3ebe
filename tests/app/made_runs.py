"""Runs for tests: made without a worker process, trained on the hand-written program."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from torch import Tensor

from app.runs.locks import Lock
from app.runs.metrics import MetricsReader
from app.runs.run_folder import Run
from app.training import launch as starting
from app.training.build_program import Trainable, build_program
from app.training.job import Build, Job
from app.training.recorder import Recorder
from app.training.requests import Control
from graphs.document.document import Document
from tests.app import standin


def new_run(
    monkeypatch: pytest.MonkeyPatch, folder: Path, title: str = "Stand in", **settings: Any
) -> Run:
    """A run as `start` makes it, with no worker started."""
    monkeypatch.setattr(starting, "_spawn", lambda run: None)
    options = {"device": "cpu", "epochs": 3, "threads": 1, **settings}
    return starting.start(Document(title=title), runs=folder, **options)


def train(run: Run, module: Any = standin, control: Control | None = None, **known: Any) -> int:
    """Do a worker's work in this process; its exit code. `known`: of the module's interface."""
    trainable = Trainable(module, standin.interface(module.BATCH_SIZE, **known))
    return work(run, lambda run, info: trainable, control)


def work(run: Run, build: Build = build_program, control: Control | None = None) -> int:
    """Do a worker's work on a run in this process; its exit code."""
    lock = Lock(run.lock_path)
    recorder = Recorder(run, run.state())
    try:
        return Job(run, recorder, control or Control(run), build).work()
    finally:
        recorder.close()
        lock.release()


def variant(**changes: Any) -> Any:
    """The hand-written program with some names changed."""
    return SimpleNamespace(**{**vars(standin), **changes})


def watched(watch: Callable[[str, int], object], **changes: Any) -> Any:
    """The hand-written program; `watch` is told of each finished "step" and "evaluate"."""
    counts = {"step": 0, "evaluate": 0}

    class Program(standin.Program):
        def step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
            return self._told("step", super().step(batch))

        def evaluate(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
            values = super().evaluate(batch)
            return values if self.training else self._told("evaluate", values)

        def _told(self, what: str, values: dict[str, Tensor]) -> dict[str, Tensor]:
            counts[what] += 1
            watch(what, counts[what])
            return values

    return variant(Program=Program, **changes)


def stop_after(run: Run, what: str, count: int, **changes: Any) -> int:
    """Train until the so-many-th step or evaluation, then stop as on SIGTERM; the exit code."""
    control = Control(run)

    def watch(name: str, number: int) -> None:
        if (name, number) == (what, count):
            control.interrupted = True

    return train(run, watched(watch, **changes), control)


def wait_for(run: Run, status: str, seconds: float = 20.0) -> None:
    """Return when the run has a status; fail when it ends otherwise."""
    deadline = time.monotonic() + seconds
    while (state := run.state()).status != status:
        assert state.is_active, (state, run.log_path.exists() and run.log_path.read_text())
        assert time.monotonic() < deadline, state
        time.sleep(0.01)


def values_of(run: Run) -> list[tuple[Any, ...]]:
    """All that was logged, but for the times."""
    return [(r.split, r.step, r.epoch, r.values) for r in MetricsReader(run).read()]
