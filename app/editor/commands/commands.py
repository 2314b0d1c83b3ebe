"""Runs commands by name, for keys, buttons, menus and quick fixes. No GUI."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.editor.commands.shell import Shell
from app.editor.session.session import Session
from app.editor.session.wording import sentence
from app.editor.theme.style import ERROR, WARNING
from graphs.document.edits import Edit, EditError


def always(session: Session) -> bool:
    """The command may be given at any time."""
    return True


@dataclass(frozen=True)
class Command:
    """One row of the table: what can be done, what it is called, which keys do it."""

    id: str
    title: str
    """What menus and buttons say; `{}` is what the command is given, as text."""
    function: Callable[..., object]
    """Takes the session, the window's shell, and what the command is given."""
    keys: tuple[str, ...] = ()
    """The first is the one that tooltips show."""
    help: str = ""
    """What the list of keys says; empty where the title says it."""
    when: Callable[[Session], bool] = always
    """Whether it can do anything now."""
    while_typing: bool = False
    """Its keys work from within a field, too: no field has a use for them."""
    during_gesture: bool = False
    """It may be given while the mouse is at work."""
    mouse: str = ""
    """The gesture of the mouse that does it, too."""

    def titled(self, *given: object) -> str:
        """The title with the keys or the gesture: `Undo (Ctrl+Z)`."""
        title = self.title.format(*given)
        how = next(iter((*self.keys, *[self.mouse] * bool(self.mouse))), "")
        return f"{title} ({how})" if how else title


class Commands:
    """The commands of one session in one window."""

    def __init__(self, session: Session, shell: Shell, table: Sequence[Command]) -> None:
        self._session, self._shell = session, shell
        self._rows = {command.id: command for command in table}

    def run(self, name: str, *given: object) -> bool:
        """Do what a command says, unless a gesture is in the way; False when it was not done.

        An edit that does not fit is said in one sentence.
        """
        command = self._rows[name]
        if self._session.is_busy and not command.during_gesture:
            return False
        self._session.stop_merging()
        return self._attempt(lambda: command.function(self._session, self._shell, *given))

    def do(self, *edits: Edit, title: str, merge: str | None = None) -> bool:
        """Apply edits as one step; when they do not fit, say why and change nothing."""
        return self._attempt(lambda: self._session.do(*edits, title=title, merge=merge))

    def say(self, text: str) -> None:
        """Say that something is wrong."""
        self._shell.say(text, ERROR)

    def warn(self, text: str) -> None:
        """Say what the user should know."""
        self._shell.say(text, WARNING)

    def titled(self, name: str, *given: object) -> str:
        """What a menu or a tooltip says of a command."""
        return self._rows[name].titled(*given)

    def is_enabled(self, name: str) -> bool:
        """Whether a command can do anything now."""
        return self._rows[name].when(self._session)

    def _attempt(self, action: Callable[[], object]) -> bool:
        try:
            action()
        except EditError as error:
            self._shell.say(sentence(str(error)), ERROR)
            return False
        return True
