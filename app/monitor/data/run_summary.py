"""What the list of runs says about each run: its title, its state in words. Needs no window."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from app.runs.records import Info, RunError, State
from app.runs.run_folder import Run
from app.runs.state_words import duration, in_words


class Summary(NamedTuple):
    """What the list of runs says about one run."""

    title: str
    status: str
    """The status of the run, or "unreadable", or "deleted"."""
    text: str
    """The status in a few words: `Training: epoch 3 of 12 on cpu · 41 s`."""
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
    told = in_words(state, info.epochs)
    return f"{told} · {duration(state.seconds)}" if state.status in TIMED else told


TIMED = ("running", "paused", "stopped", "dead")
"""Of what stands still or goes on the list says how long it trained; finished runs say it."""


def _notice(run: Run, info: Info, state: State) -> str:
    if state.status not in ("dead", "failed"):
        return ""
    way_on = f"python main.py resume {run.name} continues it"
    return f"{run.name}: {in_words(state, info.epochs, way_on)}"


def short_names(runs: dict[Run, Summary]) -> dict[Run, str]:
    """The shortest name that tells each run apart: its title, with the time, or its folder."""
    titles = [summary.title for summary in runs.values()]
    names = {
        run: s.title if titles.count(s.title) == 1 else f"{s.title} {s.began[-8:]}".strip()
        for run, s in runs.items()
    }
    taken = list(names.values())
    return {run: name if taken.count(name) == 1 else run.name for run, name in names.items()}
