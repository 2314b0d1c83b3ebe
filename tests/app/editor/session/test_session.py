"""A session: edits, undo, selection, clipboard, what it tells, without a window."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.editor.session.clipboard import read_clip
from app.editor.session.history import Change
from app.editor.session.session import Part, Session
from graphs.document.document import Document, End, Graph, Node, Wire
from graphs.document.edits import (
    AddNode,
    Configure,
    Connect,
    Disconnect,
    EditError,
    Move,
    RemoveGraph,
    RemoveNodes,
    Rename,
    SetParameters,
)

A, B = Node(type="Digits"), Node(type="Conv2d", position=(200.0, 0.0))
WIRE = Wire(source=End("a", "image"), target=End("b", "x"))
NAMES = st.sampled_from(["a", "b", "c", "d"])
NUMBERS = st.integers(-500, 500).map(float)
PORTS = st.sampled_from(["x", "y"])
WIRES = st.builds(
    lambda s, p, t, q: Wire(source=End(s, p), target=End(t, q)), NAMES, PORTS, NAMES, PORTS
)
EDITS = st.one_of(
    st.builds(AddNode, id=NAMES, node=st.sampled_from([A, B])),
    st.builds(lambda id: RemoveNodes(ids=(id,)), NAMES),
    st.builds(Connect, wire=WIRES, replace=st.booleans()),
    st.builds(lambda wire: Disconnect(wires=(wire,)), WIRES),
    st.builds(lambda id, n: SetParameters(id=id, parameters={"k": n}), NAMES, st.integers(0, 9)),
    st.builds(Rename, id=NAMES, label=st.text(max_size=5)),
    st.builds(lambda id, x, y: Move(positions={id: (x, y)}), NAMES, NUMBERS, NUMBERS),
    st.builds(Configure, title=st.text(max_size=5)),
)


@pytest.fixture
def session() -> Session:
    graph = Graph(nodes={"a": A, "b": B}, wires=(WIRE,))
    return Session(Document(graphs={"main": graph}))


@given(st.lists(st.tuples(EDITS, st.none() | st.sampled_from(["m", "n"])), max_size=25))
def test_as_many_undos_as_steps_give_back_the_start(edits: list) -> None:
    session = Session()
    start, ends = session.document, []
    for edit, merge in edits:
        try:
            session.do(edit, merge=merge)
        except EditError:
            continue
        ends.append(session.document)
    steps = len(session.history.past)
    while session.undo():
        pass
    assert session.document == start
    for _ in range(steps):
        assert session.redo()
    assert session.document == (ends[-1] if ends else start)


def test_edits_that_merge_are_one_step(session: Session) -> None:
    for value in (1, 12, 128):
        session.do(
            SetParameters(id="b", parameters={"out_channels": value}), merge="b out_channels"
        )
    assert session.graph.nodes["b"].parameters == {"out_channels": 128}
    session.undo()
    assert session.graph.nodes["b"].parameters == {}


def test_a_selection_between_parts_two_steps(session: Session) -> None:
    session.do(Rename(id="b", label="one"), merge="label")
    session.select(frozenset({"a"}))
    session.do(Rename(id="b", label="two"), merge="label")
    session.undo()
    assert session.graph.nodes["b"].label == "one"


def test_an_edit_that_does_not_fit_changes_nothing(session: Session) -> None:
    before = session.document
    with pytest.raises(EditError):
        session.do(Rename(id="b", label="x"), Rename(id="nobody", label="y"))
    assert session.document is before
    assert not session.history.past


def test_an_edit_that_changes_nothing_is_no_step(session: Session) -> None:
    session.do(Rename(id="b", label=""))
    assert not session.history.past


def test_dirty_until_saved_and_clean_again_after_undo(session: Session, tmp_path) -> None:
    assert not session.history.is_dirty
    session.do(Rename(id="b", label="stem"))
    assert session.history.is_dirty
    session.was_saved(tmp_path / "x.graph.json")
    assert not session.history.is_dirty
    session.do(Rename(id="b", label="other"))
    session.undo()
    assert not session.history.is_dirty
    session.undo()
    assert session.history.is_dirty


def test_selection_follows_the_nodes(session: Session) -> None:
    session.select(frozenset({"a", "b", "nobody"}))
    assert session.selection == {"a", "b"}
    session.do(RemoveNodes(ids=("a",)))
    assert session.selection == {"b"}


def test_removing_takes_the_wire_or_the_nodes(session: Session) -> None:
    session.select(wire=WIRE)
    session.remove_selected()
    assert session.graph.wires == ()
    assert session.selected_wire is None
    session.undo()
    session.select(frozenset({"b"}))
    session.remove_selected()
    assert list(session.graph.nodes) == ["a"]


def test_a_copy_keeps_the_wires_inside_and_covers_nothing(session: Session) -> None:
    session.select(frozenset({"a", "b"}))
    text = session.copied()
    for count in (4, 6):
        session.put(read_clip(text), title="Paste")
        assert len(session.graph.nodes) == count
        assert len({node.position for node in session.graph.nodes.values()}) == count
    assert len(session.graph.wires) == 3
    assert len(session.selection) == 2
    session.undo()
    assert len(session.graph.nodes) == 4


@pytest.mark.parametrize("text", ["", "hello", "{}", '{"patchbay": 1, "graph": {"nodes": 3}}'])
def test_a_strange_clipboard_is_refused_in_a_sentence(session: Session, text: str) -> None:
    with pytest.raises(EditError, match="clipboard holds no nodes"):
        session.put(read_clip(text), title="Paste")


def test_listeners_hear_what_happens(session: Session) -> None:
    heard: list[Change] = []
    session.history.listeners.append(heard.append)
    session.do(Rename(id="b", label="s"), merge="m")
    session.do(Rename(id="b", label="st"), merge="m")
    session.undo()
    session.redo()
    session.load(Document(), None)
    assert [(change.what, change.merged) for change in heard] == [
        ("do", False),
        ("do", True),
        ("undo", False),
        ("redo", False),
        ("load", False),
    ]


def test_a_block_is_shown_and_left() -> None:
    block = Graph(nodes={"inner": Node(type="ReLU")})
    session = Session(Document(graphs={"main": Graph(), "encoder": block}))
    session.select(frozenset())
    session.follow(("main", "encoder"))
    session.select(frozenset({"inner"}))
    session.do(Rename(graph="encoder", id="inner", label="gate"))
    assert session.graph.nodes["inner"].label == "gate"
    session.follow(("main",))
    assert (session.graph_name, session.selection) == ("main", frozenset())


def heard_of(session: Session) -> list[Part]:
    """The parts that a session tells of from now on."""
    heard: list[Part] = []
    session.listeners.append(heard.extend)
    return heard


def test_it_tells_which_parts_have_changed(session: Session, tmp_path: Path) -> None:
    heard = heard_of(session)

    def told() -> set[Part]:
        parts = set(heard)
        heard.clear()
        return parts

    session.do(Rename(id="b", label="stem"))
    assert told() == {"document"}
    session.do(Rename(id="b", label="stem"))
    assert told() == set()
    session.select(frozenset({"a"}))
    assert told() == {"selection"}
    session.select(frozenset({"a"}))
    assert told() == set()
    session.do(RemoveNodes(ids=("a",)))
    assert told() == {"document", "selection"}
    session.undo()
    assert told() == {"document"}
    session.show_gesture((Move(positions={"b": (8.0, 8.0)}),))
    session.end_gesture()
    assert told() == {"gesture"}
    session.was_saved(tmp_path / "x.graph.json")
    assert told() == {"file"}
    session.show_camera(2.0)
    assert told() == {"camera"}
    session.load(Document())
    assert {"document", "file", "graph", "selection", "analysis", "source"} <= told()


def test_a_block_that_is_gone_is_no_longer_shown() -> None:
    session = Session(Document(graphs={"main": Graph(), "encoder": Graph()}))
    session.follow(("main", "encoder"))
    heard = heard_of(session)
    session.do(RemoveGraph(name="encoder"))
    assert session.graph_name == "main"
    assert set(heard) == {"document", "graph"}


def test_what_a_gesture_shows_is_not_done(session: Session) -> None:
    session.show_gesture((Move(positions={"b": (8.0, 8.0)}),))
    assert session.is_busy
    assert session.graph_previewed.nodes["b"].position == (8.0, 8.0)
    assert session.graph.nodes["b"].position == (200.0, 0.0)
    session.end_gesture()
    assert not session.is_busy and session.graph_previewed is session.graph
