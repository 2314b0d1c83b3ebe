"""What the monitor knows of a run: its curves, its state in words. Needs no window."""

from __future__ import annotations

from array import array
from collections import defaultdict
from datetime import datetime
from typing import NamedTuple

import numpy as np

from app.monitor.data.series import Array, Point, Series
from app.runs.metrics import MetricsReader
from app.runs.records import Info, Row, RunError, State
from app.runs.run_folder import Run

SPLITS = {"train": "training", "validation": "validation"}
"""The splits that are drawn, and their words. `train_epoch`, an epoch's mean, is only exported."""


class Key(NamedTuple):
    """Which curve of a run: a logged name in a split."""

    name: str
    split: str


class Batch(NamedTuple):
    """What was read at once: a table with the columns of Point for each curve."""

    tables: dict[Key, Array]
    afresh: bool = False
    """The file was written again (the run was resumed): what was known before is void."""
    trouble: str = ""
    """One sentence about why nothing could be read."""


class History:
    """The curves of one run, which follow its metrics file."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.series: dict[Key, Series] = {}
        self.trouble = ""
        self._reader = MetricsReader(run)

    def collect(self) -> Batch:
        """Reads what was logged since the last call. The slow half: any one thread may do it."""
        generation = self._reader.generation
        try:
            rows = self._reader.read()
        except OSError as error:
            return Batch({}, trouble=f"{self.run.metrics_path} cannot be read: {error.strerror}.")
        return Batch(_tables(rows), self._reader.generation != generation)

    def add(self, batch: Batch) -> set[Key]:
        """Takes in what was read and says which curves changed."""
        changed = set(batch.tables)
        self.trouble = batch.trouble
        if batch.afresh:
            changed |= set(self.series)
            for series in self.series.values():
                series.clear()
        for key, table in batch.tables.items():
            self.series.setdefault(key, Series()).extend(table)
        return changed


def _tables(rows: list[Row]) -> dict[Key, Array]:
    """Plain arrays take the numbers: making one of a list would stop every other thread."""
    tables: defaultdict[Key, array[float]] = defaultdict(lambda: array("d"))
    for row in rows:
        for name, value in row.values.items():
            point = Point(row.step, row.epoch, row.time, value)
            tables[Key(name, row.split)].extend(point)
    return {
        key: np.frombuffer(table).reshape(-1, len(Point._fields)) for key, table in tables.items()
    }


class Summary(NamedTuple):
    """What the list of runs says about one run."""

    title: str
    status: str
    """The status of the run, or "unreadable", or "deleted"."""
    text: str
    """The status in a few words: `running · epoch 3 of 12 · 0:41`."""
    notice: str = ""
    """One sentence about what went wrong and what can be done, or nothing."""
    created: datetime | None = None
    better: dict[str, str] = {}  # noqa: RUF012 - a default that nobody writes to
    """For each loss and metric, which direction is better: "min" or "max"."""
    live: bool = False
    best: dict[str, float] = {}  # noqa: RUF012 - as above
    """The best value of each loss and metric so far."""
    has_probes: bool = False

    @property
    def began(self) -> str:
        """When the run began, on the clock of this computer: `23 Nov, 22:24:19`."""
        if self.created is None:
            return ""
        moment = self.created.astimezone()
        return f"{moment.day} {moment:%b, %H:%M:%S}"


def summarise(run: Run) -> Summary:
    """The state of a run in words. A folder that is gone or broken gives a sentence, no error."""
    if not run.path.is_dir():
        notice = f"The folder of {run.name} was deleted; what was read before stays in the plots."
        return Summary(run.name, "deleted", "folder deleted", notice)
    try:
        return _summary(run, run.info(), run.state())
    except RunError as error:
        return Summary(run.name, "unreadable", "cannot be read", str(error))


def _summary(run: Run, info: Info, state: State) -> Summary:
    return Summary(
        title=info.title,
        status=state.status,
        text=_state_text(info, state),
        notice=_notice(run, info, state),
        created=info.created,
        better={**dict.fromkeys(info.losses, "min"), **info.metrics},
        live=state.is_active,
        best=state.best,
        has_probes=bool(info.probes),
    )


def _state_text(info: Info, state: State) -> str:
    if state.is_active:
        epochs = f"epoch {min(state.epoch + 1, info.epochs)} of {info.epochs}"
    else:
        epochs = f"{state.epoch} of {info.epochs} epochs"
    return f"{state.status} · {epochs} · {clock(state.seconds)}"


def _notice(run: Run, info: Info, state: State) -> str:
    if state.status == "dead":
        epoch = f"epoch {min(state.epoch + 1, info.epochs)} of {info.epochs}"
        return f"{run.name} was killed in {epoch}; to go on: python main.py resume {run.name}"
    if state.status == "failed":
        return f"{run.name} failed: {state.message or 'see log.txt in its folder.'}"
    return ""


def clock(seconds: float) -> str:
    """A duration as people read it: 0:07, 12:30, 1:05:09."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def short_names(runs: dict[Run, Summary]) -> dict[Run, str]:
    """The shortest name that tells each run apart: its title, with the time, or its folder."""
    titles = [summary.title for summary in runs.values()]
    names = {
        run: s.title if titles.count(s.title) == 1 else f"{s.title} {s.began[-8:]}".strip()
        for run, s in runs.items()
    }
    taken = list(names.values())
    return {run: name if taken.count(name) == 1 else run.name for run, name in names.items()}
