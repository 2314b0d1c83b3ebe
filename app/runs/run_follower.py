"""Follows a run from its folder: how it stands and what it logged. No GUI, no torch.

Following has two halves. `look` reads what is new; it waits for the disk and changes nothing that
anyone sees, so a thread may do it. `take` puts what a look found into place; it is fast, and is for
the thread that shows the run. The terminal looks by itself, the monitor lets its threads look,
and the editor starts a thread that posts what it found.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from app.runs.metrics import MetricsReader
from app.runs.records import Info, Row, RunError, State
from app.runs.run_folder import Run
from app.runs.series import Key, Series, Tables, tables

PERIOD = 0.2
"""Seconds between two looks of a thread that posts."""
S = TypeVar("S", bound=Series)


@dataclass(frozen=True)
class Update:
    """What one look found."""

    info: Info | None
    state: State | None
    """None when it cannot be read, as the info."""
    tables: Tables = field(default_factory=dict)
    """What was logged, by series. Of a long run the rows are many, so they stay on the thread that
    read them: letting go of a million objects holds everybody up.
    """
    newest: Mapping[str, Row] = field(default_factory=dict)
    """The newest row of each split of which there is a new one."""
    epochs: tuple[Row, ...] = ()
    """The rows of whole epochs, in order."""
    restarted: bool = False
    """The run was resumed from a checkpoint: the rows before these are void."""
    trouble: str = ""
    """One sentence about what cannot be read."""


class RunFollower(Generic[S]):
    """One run as far as it is known: its info, state, series, and newest row of each split."""

    def __init__(self, run: Run, new_series: Callable[[], S] = Series) -> None:  # type: ignore[assignment]
        self.run = run
        self.info: Info | None = None
        self.state: State | None = None
        self.series: dict[Key, S] = {}
        self.newest: dict[str, Row] = {}
        self.trouble = ""
        self._new_series = new_series
        self._reader = MetricsReader(run)
        self._stop = threading.Event()

    def look(self) -> Update:
        """What was written since the last look. One thread at a time."""
        generation = self._reader.generation
        info = state = None
        rows: list[Row] = []
        try:
            info, state = self.run.info(), self.run.state()  # first: the rows of the end come after
        except RunError as error:
            trouble = self._trouble(str(error))
        else:
            trouble = ""
        try:
            rows = self._reader.read()
        except OSError as error:
            trouble = f"{self.run.metrics_path} cannot be read: {error.strerror}."
        restarted = self._reader.generation != generation
        newest = {row.split: row for row in rows}
        epochs = tuple(row for row in rows if row.split != "train")
        return Update(info, state, tables(rows), newest, epochs, restarted, trouble)

    def _trouble(self, text: str) -> str:
        if self.run.path.is_dir():
            return text
        return f"{self.run.name} cannot be read: its folder was deleted."

    def take(self, update: Update) -> set[Key]:
        """Put into place what a look found; the series that changed."""
        self.info, self.state = update.info or self.info, update.state or self.state
        self.trouble = update.trouble
        changed = set(update.tables)
        if update.restarted:
            changed |= set(self.series)
            self.newest = {}
            for series in self.series.values():
                series.clear()
        self.newest |= update.newest
        for key, table in update.tables.items():
            if key not in self.series:
                self.series[key] = self._new_series()
            self.series[key].extend(table)
        return changed

    def start(self, post: Callable[[Update], object]) -> None:
        """Look again and again on a thread, and post what is new, until `stop`."""
        threading.Thread(target=self._watch, args=(post,), name="follower", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()

    def _watch(self, post: Callable[[Update], object]) -> None:
        before: object = None
        while not self._stop.is_set():
            update = self.look()
            stands = (update.info, update.state, update.trouble)
            if update.newest or update.restarted or stands != before:
                before = stands
                post(update)
            self._stop.wait(PERIOD)

    @property
    def first_loss(self) -> str:
        """The name of the run's first loss; before that is known, of what was logged first."""
        losses = self.info.losses if self.info else ()
        return losses[0] if losses else next((key.name for key in self.series), "")
