"""The table of commands: keys, titles and help."""

import pytest

from app.editor.commands.commands import Command
from app.editor.commands.table import MOUSE, TABLE, command_for, show_keys
from app.editor.session.session import Session
from tests.app.editor.shells import WrittenShell


def named(key: str, ctrl: bool = False, shift: bool = False) -> str | None:
    command = command_for(key, ctrl, shift)
    return command.id if command else None


def test_keys_give_commands() -> None:
    assert named("Z", ctrl=True) == "undo"
    assert named("Z", ctrl=True, shift=True) == "redo"
    assert named("Y", ctrl=True) == "redo"
    assert named("Z") is None
    assert named("+", shift=True) == "zoom_in"
    assert named("Delete") == "remove"
    undo = command_for("Z", ctrl=True, shift=False)
    assert undo is not None and undo.titled() == "Undo (Ctrl+Z)"


def test_no_key_has_two_meanings_and_no_command_two_rows() -> None:
    keys = [key for command in TABLE for key in command.keys]
    assert len(keys) == len(set(keys))
    assert len({command.id for command in TABLE}) == len(TABLE)


@pytest.mark.parametrize("command", TABLE, ids=lambda command: command.id)
def test_every_command_says_what_it_does(command: Command) -> None:
    assert command.title[:1].isupper()
    assert command.function.__doc__


def test_menus_say_what_is_given_and_how_the_mouse_does_it() -> None:
    titled = {command.id: command.titled("Encoder") for command in TABLE}
    assert titled["show_block"] == "Open Encoder (double click)"
    assert titled["rename_block"] == "Rename Encoder…"


def test_f1_lists_every_key() -> None:
    shell = WrittenShell()
    show_keys(Session(), shell)
    (rows,) = shell.heard["show_table"]
    listed = dict(rows[1])
    assert listed["Ctrl+Shift+Z or Ctrl+Y"] == "Redo"
    assert len(rows[1]) == len(MOUSE) + sum(bool(command.keys) for command in TABLE)
