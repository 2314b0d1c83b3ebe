"""Follows a run from its folder, on a thread: how it stands and what it measured. No GUI, no
torch.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from app.runs.metrics import MetricsReader
from app.runs.records import Row, RunError, State
from app.runs.run_folder import Run
from app.runs.run_list import list_runs

log = logging.getLogger(__name__)
PERIOD = 0.2
"""Seconds between two looks at the folder."""
POINTS = 400
"""A curve keeps at most about twice so many points."""


@dataclass(frozen=True)
class Update:
    """What is new of a run."""

    run: Run
    state: State | None
    rows: tuple[Row, ...] = ()
    restarted: bool = False
    """The rows before these are no longer true."""
    trouble: str = ""


class Follower:
    """Looks at one run again and again until it is told to follow another."""

    def __init__(self) -> None:
        self.updates: deque[Update] = deque()
        self._stop: threading.Event | None = None
        self.run: Run | None = None

    def follow(self, run: Run) -> None:
        """Follow this run from its beginning, and no other."""
        self.stop()
        self.updates.clear()
        self.run, self._stop = run, threading.Event()
        arguments = (run, self._stop, self.updates)
        threading.Thread(target=_watch, args=arguments, name="follower", daemon=True).start()

    def stop(self) -> None:
        """Follow nothing."""
        if self._stop:
            self._stop.set()


def _watch(run: Run, stop: threading.Event, updates: deque[Update]) -> None:
    reader, before = MetricsReader(run), None
    while not stop.is_set():
        generation = reader.generation
        update = _look(run, reader)
        restarted = reader.generation != generation
        if update.rows or update.state != before or update.trouble:
            before = update.state
            updates.append(Update(run, update.state, update.rows, restarted, update.trouble))
        stop.wait(PERIOD)


def _look(run: Run, reader: MetricsReader) -> Update:
    try:
        state = run.state()
        return Update(run, state, tuple(reader.read()))
    except (RunError, OSError) as error:
        return Update(run, None, trouble=str(error))


@dataclass
class Curve:
    """One measured value over the epochs; thinned out as it grows."""

    xs: list[float] = field(default_factory=list)
    ys: list[float] = field(default_factory=list)
    _stride: int = 1
    _skipped: int = 0

    def add(self, x: float, y: float) -> None:
        """Append a point, unless it is one to be left out."""
        self._skipped += 1
        if self._skipped < self._stride:
            return
        self._skipped = 0
        self.xs.append(x)
        self.ys.append(y)
        if len(self.xs) >= 2 * POINTS:
            self.xs, self.ys, self._stride = self.xs[::2], self.ys[::2], self._stride * 2


class Curves:
    """The loss of a run, in training and in validation."""

    def __init__(self) -> None:
        self.train = Curve()
        self.validation = Curve()
        self.name = ""

    def add(self, rows: tuple[Row, ...], losses: tuple[str, ...]) -> None:
        """Take rows in. The first loss is the one that is drawn."""
        self.name = losses[0] if losses else self.name
        for row in rows:
            self.name = self.name or next(iter(row.values), "")
            value = row.values.get(self.name)
            if value is not None and value == value:
                self._add(row, value)

    def _add(self, row: Row, value: float) -> None:
        if row.split == "train":
            self.train.add(row.epoch, value)
        elif row.split == "validation":
            self.validation.add(row.epoch, value)


def live_run(document_path: Path | None) -> Run | None:
    """The newest live run of a document, if there is one."""
    if document_path is None:
        return None
    wanted = str(document_path.absolute())
    return next((run for run in list_runs() if run.is_live() and _document(run) == wanted), None)


def _document(run: Run) -> str | None:
    try:
        return run.info().document
    except RunError:
        return None


def in_words(state: State, epochs: int | None) -> str:
    """How a run stands, in one sentence."""
    of = f" of {epochs}" if epochs else ""
    now = min(state.epoch + 1, epochs or state.epoch + 1)
    told = {
        "starting": "Starting…",
        "running": f"Training: epoch {now}{of}",
        "paused": f"Paused in epoch {now}{of}",
        "stopped": f"Stopped in epoch {now}{of}",
        "finished": f"Finished: {state.epoch} epochs in {duration(state.seconds)}",
        "failed": f"Failed: {state.message}",
        "dead": "The training process was killed; Resume continues it",
    }[state.status]
    return told if state.status != "running" or not state.device else f"{told} on {state.device}"


def duration(seconds: float) -> str:
    """A time as people say it: `1.5 s`, `12 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
