"""What is done with blocks, and the questions before it."""

import pytest

from app.editor.commands.commands import Commands
from app.editor.commands.table import TABLE
from app.editor.session.session import Session
from graphs.document.edits import RemoveNodes, SetParameters
from graphs.nodetypes.node_type import node_types
from tests.app.editor.session.test_block_uses import nested
from tests.app.editor.shells import WrittenShell


@pytest.fixture
def session() -> Session:
    """A session with a block in a block."""
    session = Session(nested())
    session.was_loaded(node_types(), ("cpu",))
    return session


@pytest.fixture
def commands(session: Session, shell: WrittenShell) -> Commands:
    return Commands(session, shell, TABLE)


def test_a_block_is_made_and_unmade(
    session: Session, shell: WrittenShell, commands: Commands
) -> None:
    session.select(frozenset({"a", "b"}))
    commands.run("make_block")
    assert shell.heard["ask_name"][0][2] == "Block"
    assert shell.type("Outer") == "There is a graph called Outer already: choose another name."
    assert shell.type("Pair") is None
    (use,) = session.selection
    assert session.graph.nodes[use].parameters["block"] == "Pair"
    commands.run("unmake_block")
    assert len(session.selection) == 2


def test_what_cannot_be_made_or_unmade_is_said(shell: WrittenShell, commands: Commands) -> None:
    commands.run("make_block")
    assert "Select the nodes" in shell.said()
    commands.run("unmake_block")
    assert "Select one use" in shell.said()


def test_what_is_no_block_cannot_be_taken_apart(
    session: Session, shell: WrittenShell, commands: Commands
) -> None:
    session.select(frozenset({"digits"}))
    before = session.document
    commands.run("unmake_block")
    assert shell.said() and session.document is before


def test_a_renamed_block_stays_in_sight(
    session: Session, shell: WrittenShell, commands: Commands
) -> None:
    commands.run("show_block", "Outer")
    commands.run("rename_block", "Outer")
    assert shell.type("Outer") is None
    assert not session.history.past
    assert shell.type("Layer") is None
    assert session.trail == ("main", "Layer")


def test_a_used_block_is_deleted_after_a_question(
    session: Session, shell: WrittenShell, commands: Commands
) -> None:
    commands.run("delete_block", "Outer")
    assert "its 2 uses will go with it" in shell.heard["ask"][0][1]
    shell.press("Cancel")
    assert "Outer" in session.document.graphs
    shell.press("Delete")
    assert set(session.graph.nodes) == {"digits"}
    session.undo()
    session.do(RemoveNodes(ids=("a", "b")))
    commands.run("delete_block", "Outer")
    assert len(shell.heard["ask"]) == 1
    assert "Outer" not in session.document.graphs


def test_a_number_becomes_a_parameter(
    session: Session, shell: WrittenShell, commands: Commands
) -> None:
    commands.run("show_block", "Inner")
    session.do(SetParameters(graph="Inner", id="linear", parameters={"out_features": 12}))
    commands.run("promote", "linear", "out_features")
    assert shell.heard["ask_name"][0][2] == "out_features"
    assert shell.type("units") is None
    assert session.graph.parameters["units"] == 12
    assert session.graph.nodes["linear"].parameters["out_features"] == "=units"


def test_parameters_of_a_graph(session: Session, shell: WrittenShell, commands: Commands) -> None:
    commands.run("new_parameter", "Inner")
    assert shell.type("Big width") == "A parameter's name is small letters, digits and _."
    assert shell.type("rate") is None
    commands.run("call_parameter", "Inner", "rate")
    assert shell.type("speed") is None
    commands.run("describe_parameter", "Inner", "speed")
    assert shell.type("how fast") is None
    assert session.document.graphs["Inner"].help == {"speed": "how fast"}
    commands.run("drop_parameter", "Inner", "speed")
    assert "speed" not in session.document.graphs["Inner"].parameters
    commands.run("drop_parameter", "Inner", "width")
    assert "reads width" in shell.said()


def test_the_menu_of_a_node(session: Session, shell: WrittenShell, commands: Commands) -> None:
    commands.run("menu_of_node", "a")
    assert session.selection == {"a"}
    assert shell.heard["open_menu"][0][0] == [
        ("show_block", "Outer"),
        ("rename_block", "Outer"),
        ("unmake_block",),
        ("make_block",),
        ("duplicate",),
        ("copy",),
        ("remove",),
    ]
    session.select(frozenset({"a", "digits"}))
    commands.run("menu_of_node", "a")
    assert session.selection == {"a", "digits"}
    assert shell.heard["open_menu"][1][0][0] == ("make_block",)


def test_the_menu_of_a_block(shell: WrittenShell, commands: Commands) -> None:
    commands.run("menu_of_block", "Inner")
    entries = shell.heard["open_menu"][0][0]
    assert [commands.titled(*entry) for entry in entries] == [
        "Open Inner",
        "Rename Inner…",
        "Delete Inner",
    ]
