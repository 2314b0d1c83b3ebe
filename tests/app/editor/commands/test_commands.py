"""Running commands by name."""

from app.editor.commands.commands import Command, Commands
from app.editor.session.session import Session
from app.editor.theme.style import ERROR
from graphs.document.edits import EditError, Rename
from tests.app.editor.shells import WrittenShell


def refuse(session: Session, shell: WrittenShell, *given: object) -> None:
    raise EditError(f"that is not done with {given}")


def test_an_edit_that_does_not_fit_is_one_sentence(session: Session, shell: WrittenShell) -> None:
    commands = Commands(session, shell, [Command("refuse", "Refuse", refuse)])
    assert not commands.run("refuse", 1)
    assert shell.heard["say"] == [("That is not done with (1,).", ERROR)]


def test_edits_of_forms_merge_and_say_what_is_wrong(
    session: Session, shell: WrittenShell, commands: Commands
) -> None:
    for label in ("s", "st"):
        assert commands.do(Rename(id="conv1", label=label), title="Rename", merge="label")
    assert len(session.history.past) == 1
    assert not commands.do(Rename(id="nobody", label="x"), title="Rename")
    assert "nobody" in shell.said()


def test_a_gesture_is_in_the_way_of_all_but_escape(
    session: Session, shell: WrittenShell, commands: Commands
) -> None:
    session.show_gesture()
    assert not commands.run("select_all")
    assert session.selection == frozenset()
    shell.holds_something = True
    assert commands.run("escape")
    session.end_gesture()
    assert commands.run("select_all")


def test_a_command_ends_a_row_of_edits_that_merge(session: Session, commands: Commands) -> None:
    commands.do(Rename(id="conv1", label="s"), title="Rename", merge="label")
    commands.run("frame")
    commands.do(Rename(id="conv1", label="st"), title="Rename", merge="label")
    assert len(session.history.past) == 2


def test_what_cannot_be_done_now_is_pale(session: Session, commands: Commands) -> None:
    assert not commands.is_enabled("undo")
    session.do(Rename(id="conv1", label="s"))
    assert commands.is_enabled("undo") and not commands.is_enabled("redo")
    commands.run("undo")
    assert commands.is_enabled("redo")


def test_a_parameter_of_a_panel_can_complain(shell: WrittenShell, commands: Commands) -> None:
    commands.say("epochs needs an integer.")
    commands.warn("The run cannot be read.")
    assert [text for text, _ in shell.heard["say"]] == [
        "epochs needs an integer.",
        "The run cannot be read.",
    ]
