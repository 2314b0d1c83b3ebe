"""What is shown, where."""

import pytest

from app.editor.commands.commands import Commands
from app.editor.commands.table import TABLE
from app.editor.session.session import Session
from graphs.document.document import Node
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


def test_the_camera_is_the_windows(shell: WrittenShell, commands: Commands) -> None:
    for name in ("frame", "zoom_in", "zoom_out"):
        commands.run(name)
    assert shell.heard["frame"] == [(None,)]
    (closer,), (further,) = shell.heard["zoom"]
    assert closer > 1 > further


def test_escape_lets_go_before_it_selects_nothing(
    session: Session, shell: WrittenShell, commands: Commands
) -> None:
    session.select(frozenset({"a"}))
    shell.holds_something = True
    commands.run("escape")
    assert session.selection == {"a"}
    shell.holds_something = False
    commands.run("escape")
    assert session.selection == frozenset()


def test_search_and_carry_go_to_the_window(shell: WrittenShell, commands: Commands) -> None:
    commands.run("search")
    commands.run("search", (8.0, 16.0), None)
    assert shell.heard["open_search"] == [(None, None), ((8.0, 16.0), None)]
    commands.run("carry", Node(type="ReLU"))
    assert shell.heard["carry"] == [(Node(type="ReLU"),)]


def test_into_blocks_and_out_again(
    session: Session, shell: WrittenShell, commands: Commands
) -> None:
    commands.run("open_node", "a")
    assert session.trail == ("main", "Outer")
    commands.run("show_block", "Inner")
    assert session.trail == ("main", "Outer", "Inner")
    assert commands.is_enabled("leave")
    commands.run("leave")
    assert session.trail == ("main", "Outer")
    commands.run("follow", ("main",))
    assert session.trail == ("main",)
    commands.run("leave")
    assert session.trail == ("main",)
    commands.run("visit_block", "Inner")
    assert session.trail == ("main", "Outer", "Inner")
    assert len(shell.heard["frame"]) == 5


def test_the_second_press_of_a_double_click_is_no_hindrance(
    session: Session, commands: Commands
) -> None:
    session.show_gesture()
    commands.run("open_node", "a")
    assert session.trail == ("main", "Outer")


def test_a_node_without_a_block_lets_its_label_be_typed(
    session: Session, shell: WrittenShell, commands: Commands
) -> None:
    commands.run("open_node", "digits")
    assert shell.heard["edit_label"] == [()]
    assert session.trail == ("main",)


def test_a_node_is_shown_in_its_graph(
    session: Session, shell: WrittenShell, commands: Commands
) -> None:
    commands.run("show_node", "linear", "Inner")
    assert (session.graph_name, session.selection) == ("Inner", {"linear"})
    assert shell.heard["frame"][-1] == (["linear"],)
    commands.run("show_node", None, "Outer")
    assert session.graph_name == "Outer"
    commands.run("show_node", "nobody")
    assert (session.graph_name, session.selection) == ("main", frozenset())
