"""Undo, the clipboard, the selection, the layout."""

import pytest

from app.editor.commands.commands import Commands
from app.editor.commands.table import TABLE
from app.editor.session.session import Session
from graphs.document.edits import Rename
from graphs.nodetypes.node_type import node_types
from tests.app.editor.shells import WrittenShell
from tests.graphs.test_blocks import gan


def test_undo_and_redo(session: Session, commands: Commands) -> None:
    session.do(Rename(id="conv1", label="stem"))
    commands.run("undo")
    assert session.graph.nodes["conv1"].label != "stem"
    commands.run("redo")
    assert session.graph.nodes["conv1"].label == "stem"


def test_copy_and_paste(session: Session, shell: WrittenShell, commands: Commands) -> None:
    session.select(frozenset({"conv1"}))
    commands.run("copy")
    commands.run("paste")
    assert session.selection == {"conv1_2"}
    commands.run("undo")
    assert "conv1_2" not in session.graph.nodes


def test_cut_takes_away(session: Session, shell: WrittenShell, commands: Commands) -> None:
    session.select(frozenset({"conv1"}))
    commands.run("cut")
    assert "conv1" not in session.graph.nodes
    assert "Conv2d" in shell.clipboard


def test_nothing_selected_copies_nothing(shell: WrittenShell, commands: Commands) -> None:
    shell.clipboard = "mine"
    commands.run("copy")
    assert shell.clipboard == "mine"
    commands.run("paste")
    assert "holds no nodes" in shell.said()


def test_a_text_is_copied(shell: WrittenShell, commands: Commands) -> None:
    commands.run("copy_text", "print(1)")
    assert shell.clipboard == "print(1)"


def test_duplicate_remove_and_select_all(session: Session, commands: Commands) -> None:
    count = len(session.graph.nodes)
    session.select(frozenset({"conv1"}))
    commands.run("duplicate")
    assert len(session.graph.nodes) == count + 1
    commands.run("remove")
    assert len(session.graph.nodes) == count
    commands.run("select_all")
    assert len(session.selection) == count


@pytest.mark.parametrize(("answer", "shared"), [("Same weights", True), ("Own weights", False)])
def test_a_copy_of_a_block_asks_whose_weights(
    shell: WrittenShell, answer: str, shared: bool
) -> None:
    session = Session(gan())
    session.was_loaded(node_types(), ("cpu",))
    commands = Commands(session, shell, TABLE)
    session.select(frozenset({"fake"}))
    commands.run("duplicate")
    assert shell.heard["ask"][0][0] == "Duplicate"
    assert "fake_2" not in session.graph.nodes
    shell.press(answer)
    weights = [session.graph.nodes[id].parameters.get("weights") for id in ("fake", "fake_2")]
    assert (weights[0] == weights[1] == "fake") is shared


def test_arranging_is_one_step_and_shows_everything(
    session: Session, shell: WrittenShell, commands: Commands
) -> None:
    before = session.document
    commands.run("arrange")
    places = [node.position for node in session.graph.nodes.values()]
    assert len(set(places)) == len(places)
    assert session.document != before and len(session.history.past) == 1
    assert session.is_checked
    assert shell.heard["frame"] == [(None,)]
