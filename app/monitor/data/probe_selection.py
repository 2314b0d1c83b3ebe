"""Which looks of the probes of runs there are, and which are shown. Needs no window."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import NamedTuple

from app.monitor.data.background_reading import BackgroundReader
from app.runs.probe_files import probe_steps
from app.runs.probe_snapshots import Look, look
from app.runs.records import Probe, RunError
from app.runs.run_folder import Run

KEPT = 24
"""Looks that are kept in memory, so that sliding back and forth is quick."""
POLLS_PER_LIST = 4
"""The looks of a run are listed once in so many polls; there are ten polls a second."""


class Listing(NamedTuple):
    """Which probes a run has, and after which steps they were looked at."""

    probes: Mapping[str, Probe]
    steps: tuple[int, ...]
    steps_per_epoch: int | None = None
    trouble: str = ""

    def at(self, step: int | None) -> int | None:
        """The last look that is no later than a step, else the first; None is the newest."""
        if not self.steps or step is None:
            return self.steps[-1] if self.steps else None
        return max((known for known in self.steps if known <= step), default=self.steps[0])


class Looks:
    """Follows the looks of some runs, at the newest step or at one that a person chose."""

    def __init__(self) -> None:
        self.chosen: int | None = None
        """The step that is shown; None: the newest, as it comes."""
        self.listings: dict[Run, Listing] = {}
        self.shown: dict[Run, Look] = {}
        self._read: dict[tuple[Run, int], Look] = {}
        self._reader = BackgroundReader()
        self._polls = 0

    @property
    def steps(self) -> list[int]:
        """Every step after which some run was looked at."""
        return sorted({step for listing in self.listings.values() for step in listing.steps})

    def follow(self, runs: Iterable[Run]) -> None:
        """Follow these runs and no others."""
        kept = list(runs)
        self.listings = {run: self.listings[run] for run in kept if run in self.listings}
        self.shown = {run: self.shown[run] for run in kept if run in self.shown}
        if set(kept) != set(self.listings):
            self._polls = 0

    def poll(self, runs: Iterable[Run]) -> bool:
        """Ask for what is new and take what has come; whether something else is to be shown."""
        runs = list(runs)
        if self._polls % POLLS_PER_LIST == 0:
            for run in runs:
                self._reader.ask((run, "list"), partial(listing, run))
        self._polls += 1
        changed = self._take(runs)
        for run in runs:
            changed |= self._turn_to(run)
        return changed

    def _take(self, runs: list[Run]) -> bool:
        changed = False
        for (run, what), result in self._reader.take().items():  # type: ignore[misc]
            if run not in runs:
                continue
            if what == "list":
                changed |= self.listings.get(run) != result
                self.listings[run] = result
            else:
                self._read[run, what] = result
                while len(self._read) > KEPT:
                    self._read.pop(next(iter(self._read)))
        return changed

    def _turn_to(self, run: Run) -> bool:
        """Show the look that is wanted of a run, once it is there; whether it is another one."""
        known = self.listings.get(run)
        step = known.at(self.chosen) if known else None
        if known is None or step is None or (run in self.shown and self.shown[run].step == step):
            return False
        if (run, step) not in self._read:
            self._reader.ask((run, step), partial(look, run, step))
            return False
        self.shown[run] = self._read[run, step]
        return True

    def close(self) -> None:
        self._reader.close()


def listing(run: Run) -> Listing:
    """The probes and the steps of a run. A folder that is gone or broken gives a sentence."""
    try:
        info = run.info()
        return Listing(info.probes, tuple(probe_steps(run.probes_path)), info.steps_per_epoch)
    except RunError as error:
        return Listing({}, (), trouble=str(error))
    except OSError as error:
        return Listing({}, (), trouble=f"{run.probes_path} cannot be listed: {error.strerror}.")
