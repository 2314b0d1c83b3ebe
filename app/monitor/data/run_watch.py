"""Which runs there are, which are shown, and what is new about them. Needs no window."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

from app.monitor.data.background_reading import BackgroundReader
from app.monitor.data.colours import next_colour
from app.monitor.data.comparison import RunSettings, settings_of
from app.monitor.data.plot_series import PlotSeries
from app.monitor.data.run_summary import Summary, short_names, summarise
from app.runs.run_folder import Run
from app.runs.run_follower import RunFollower, Update
from app.runs.run_list import list_runs
from app.runs.series import Key

POLLS_PER_SCAN = 10
"""The folder of runs is looked at once in so many polls; there are ten polls a second."""
SCAN = "scan"


@dataclass
class ShownRun:
    """A run whose curves are drawn."""

    follower: RunFollower[PlotSeries]
    colour: str
    settings: RunSettings | None = None
    """What it was told to do; None until it has been read."""
    was_read: bool = False
    """What was logged so far has been read once."""


class News(NamedTuple):
    """What a poll found: whether the list of runs changed, and the curves that did."""

    runs: bool
    curves: dict[Run, set[Key]]


class Scan(NamedTuple):
    """The runs of the folder, newest first, or the sentence that says why it cannot be read."""

    runs: dict[Run, Summary]
    trouble: str = ""


class Watch:
    """Follows a folder of runs, runs from elsewhere, and the curves of those that are shown."""

    def __init__(self, folder: Path, others: Sequence[Run] = ()) -> None:
        self.folder = folder
        self.runs: dict[Run, Summary] = {}
        self.shown: dict[Run, ShownRun] = {}
        self.trouble = ""
        self.scanned = False
        self._others = tuple(others)
        self._reader = BackgroundReader()
        self._polls = 0

    def show(self, run: Run) -> None:
        """Draws a run too, in a colour of its own."""
        if run not in self.shown:
            colour = next_colour([shown.colour for shown in self.shown.values()])
            self.shown[run] = ShownRun(RunFollower(run, PlotSeries), colour)

    def hide(self, run: Run) -> None:
        self.shown.pop(run, None)

    def show_only(self, run: Run) -> None:
        """Draws this run and no other. It keeps its colour if it has one."""
        self.shown = {run: self.shown[run]} if run in self.shown else {}
        self.show(run)

    def names(self) -> dict[Run, str]:
        """The short names of the shown runs."""
        missing = Summary("…", "unread", "")
        return short_names({run: self.runs.get(run, missing) for run in self.shown})

    def notices(self) -> list[str]:
        """A sentence for each thing that is wrong with the folder or a shown run."""
        texts = [self.trouble]
        for run, shown in self.shown.items():
            summary = self.runs.get(run)
            texts.append(summary.notice if summary else "")
            texts.append(shown.follower.trouble)
            texts.append(shown.settings.trouble if shown.settings else "")
        return list(dict.fromkeys(text for text in texts if text))

    def poll(self) -> News:
        """Asks for what is new and takes what has come. It does not wait for a disk."""
        if self._polls % POLLS_PER_SCAN == 0:
            self.look_around()
        self._polls += 1
        for run, shown in self.shown.items():
            self._reader.ask(shown.follower, shown.follower.look)
            if shown.settings is None:
                self._reader.ask((run, "settings"), partial(settings_of, run))
        return self._take()

    def look_around(self) -> None:
        """Reads the folder of runs, soon."""
        known = (*self._others, *self.shown)
        self._reader.ask(SCAN, partial(scan, self.folder, known))

    def _take(self) -> News:
        results = self._reader.take()
        changed = SCAN in results and self._take_scan(results[SCAN])
        curves: dict[Run, set[Key]] = {}
        for run, shown in self.shown.items():
            update: Update | None = results.get(shown.follower)
            if update is not None:
                changed |= not shown.was_read
                shown.was_read = True
                curves[run] = shown.follower.take(update)
            if (run, "settings") in results:
                shown.settings, changed = results[run, "settings"], True
        return News(changed, curves)

    def _take_scan(self, found: Scan) -> bool:
        before = (list(self.runs.items()), self.trouble, self.scanned)
        self.runs, self.trouble, self.scanned = found.runs, found.trouble, True
        return before != (list(self.runs.items()), self.trouble, True)

    def close(self) -> None:
        self._reader.close()


def scan(folder: Path, known: Iterable[Run]) -> Scan:
    """The runs of a folder and those known from elsewhere, the newest first."""
    try:
        runs, trouble = list_runs(folder), ""
    except OSError as error:
        runs, trouble = [], f"The runs in {folder} cannot be listed: {error.strerror}."
    found = {run: summarise(run) for run in dict.fromkeys([*runs, *known])}
    return Scan(dict(sorted(found.items(), key=_age)), trouble)


def _age(item: tuple[Run, Summary]) -> tuple[float, str]:
    created = item[1].created
    return (-created.timestamp() if created else 0.0, item[0].name)
