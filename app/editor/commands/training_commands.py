"""Train, pause, stop, and the monitor. No GUI."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from app.editor.commands.shell import Shell
from app.editor.session.session import Session
from app.editor.session.wording import sentence
from app.editor.theme.preferences import read_preferences
from app.editor.theme.style import ERROR, GOOD, WARNING
from app.runs.records import RunError


def train(session: Session, shell: Shell) -> None:
    """Start a training of the document as it is drawn now."""
    if session.training.is_active:
        return
    if not session.library or not session.is_checked:
        shell.say("One moment: the document is being checked.", WARNING)
    elif session.problems:
        shell.say("Solve the problems first; the list below says which.", WARNING)
        shell.show_tab("Problems")
    elif _start(session, shell) and read_preferences().open_monitor:
        open_monitor(session, shell)


def _start(session: Session, shell: Shell) -> bool:
    start = partial(session.training.start, session.document, session.folder, session.path)
    return _attempt(shell, start, "The training did not start: ")


def pause(session: Session, shell: Shell) -> None:
    """Let the worker wait."""
    _attempt(shell, partial(session.training.request, "pause"))


def stop(session: Session, shell: Shell) -> None:
    """End the run; it can be resumed later."""
    _attempt(shell, partial(session.training.request, "stop"))


def resume(session: Session, shell: Shell) -> None:
    """Go on, with the waiting worker or a new one."""
    _attempt(shell, session.training.resume)


def open_monitor(session: Session, shell: Shell) -> None:
    """Open the monitor's window on the run."""
    if session.training.run is None:
        shell.say("There is no run to watch yet; press Train.", WARNING)
    else:
        _attempt(shell, session.training.open_monitor, "The monitor did not open: ")


def attach(session: Session, shell: Shell) -> None:
    """Follow a training of this document that goes on already."""
    if run := session.training.find_live(session.path):
        shell.say(f"Found a running training, attached: {run.name}", GOOD)


def _attempt(shell: Shell, action: Callable[[], object], failed: str = "") -> bool:
    try:
        action()
    except (RunError, OSError) as error:
        shell.say(sentence(f"{failed}{error}"), ERROR)
        return False
    return True
