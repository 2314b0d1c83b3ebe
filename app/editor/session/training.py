"""The training of the document: begins it, follows it, asks it to pause or stop. No GUI."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.editor.session.inbox import Inbox
from app.runs.records import RunError, State
from app.runs.run_folder import Run
from app.runs.run_follower import RunFollower, Update
from app.runs.run_list import live_run
from app.runs.series import Series
from graphs.document.document import Document


@dataclass(frozen=True)
class Services:
    """What the editor asks of the rest of the program, handed in by the entry point so that it
    imports none of it.
    """

    start: Callable[..., Run]
    """`start(document, *, device, epochs, seed, folder=None, document_path=None)` begins a
    training and returns its run.
    """
    resume: Callable[..., Run]
    """`resume(run, epochs=None)` continues a run that was stopped or killed."""
    open_monitor: Callable[[Run], Any]
    """Opens the monitor's window on a run."""


class Training:
    """The run that a session follows, and what is known of it so far."""

    def __init__(
        self, inbox: Inbox, tell: Callable[[], object], services: Services | None = None
    ) -> None:
        self._inbox, self._tell, self._services = inbox, tell, services
        self.follower: RunFollower[Series] | None = None

    @property
    def run(self) -> Run | None:
        """The run that is followed."""
        return self.follower.run if self.follower else None

    @property
    def state(self) -> State | None:
        """How it stands; None before that is known."""
        return self.follower.state if self.follower else None

    @property
    def is_active(self) -> bool:
        """A worker is at the run."""
        return self.state is not None and self.state.is_active

    def start(self, document: Document, folder: Path | None, path: Path | None) -> None:
        """Train a document that lies at a path, with the data of a folder. Raises RunError or
        OSError where that does not begin.
        """
        run = self._asked.start(
            document,
            device=document.settings.device,
            epochs=document.settings.epochs,
            seed=document.settings.seed,
            folder=folder,
            document_path=path.absolute() if path else None,
        )
        self.follow(run)

    def resume(self) -> None:
        """Go on, with the waiting worker or a new one. Raises RunError or OSError."""
        if self.is_active:
            self.request("resume")
        elif self.run:
            self.follow(self._asked.resume(self.run))

    def request(self, what: str) -> None:
        """Ask the worker to pause or to stop. Raises RunError or OSError."""
        if self.run:
            self.run.request(what)  # type: ignore[arg-type]

    def open_monitor(self) -> None:
        """Open the monitor's window on the run. Raises OSError."""
        self._asked.open_monitor(self.run)  # type: ignore[arg-type]

    @property
    def _asked(self) -> Services:
        if self._services is None:
            raise RunError("there is nothing here that trains")
        return self._services

    def find_live(self, path: Path | None) -> Run | None:
        """Follow a training of a document that another editor began, if there is one."""
        run = live_run(path)
        if run:
            self.follow(run)
        return run

    def follow(self, run: Run) -> None:
        """Follow a run from its beginning, and no other."""
        follower: RunFollower[Series] = RunFollower(run)
        self._show(follower)
        follower.start(lambda update: self._inbox.post(lambda: self._take(follower, update)))

    def forget(self) -> None:
        """Follow nothing; a run goes on."""
        self._show(None)

    def close(self) -> None:
        """The window closes; the run goes on."""
        if self.follower:
            self.follower.stop()

    def _show(self, follower: RunFollower[Series] | None) -> None:
        self.close()
        self.follower = follower
        self._tell()

    def _take(self, follower: RunFollower[Series], update: Update) -> None:
        """The follower's thread has found something new."""
        if follower is self.follower:
            follower.take(update)
            self._tell()
