"""The model of the editor: edits, undo, selection, clipboard, without a window."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.editor.session.editing_session import Change, EditorModel
from graphs.document.document import Document, End, Graph, Node, Wire
from graphs.document.edits import (
    AddNode,
    Configure,
    Connect,
    Disconnect,
    EditError,
    Move,
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
def model() -> EditorModel:
    graph = Graph(nodes={"a": A, "b": B}, wires=(WIRE,))
    return EditorModel(Document(graphs={"main": graph}))


@given(st.lists(st.tuples(EDITS, st.none() | st.sampled_from(["m", "n"])), max_size=25))
def test_as_many_undos_as_steps_give_back_the_start(edits: list) -> None:
    model = EditorModel()
    start, ends = model.document, []
    for edit, merge in edits:
        try:
            model.do(edit, merge=merge)
        except EditError:
            continue
        ends.append(model.document)
    steps = len(model.past)
    while model.undo():
        pass
    assert model.document == start
    for _ in range(steps):
        assert model.redo()
    assert model.document == (ends[-1] if ends else start)


def test_edits_that_merge_are_one_step(model: EditorModel) -> None:
    for value in (1, 12, 128):
        model.do(SetParameters(id="b", parameters={"out_channels": value}), merge="b out_channels")
    assert model.graph.nodes["b"].parameters == {"out_channels": 128}
    model.undo()
    assert model.graph.nodes["b"].parameters == {}


def test_a_selection_between_parts_two_steps(model: EditorModel) -> None:
    model.do(Rename(id="b", label="one"), merge="label")
    model.select(frozenset({"a"}))
    model.do(Rename(id="b", label="two"), merge="label")
    model.undo()
    assert model.graph.nodes["b"].label == "one"


def test_an_edit_that_does_not_fit_changes_nothing(model: EditorModel) -> None:
    before = model.document
    with pytest.raises(EditError):
        model.do(Rename(id="b", label="x"), Rename(id="nobody", label="y"))
    assert model.document is before
    assert not model.past


def test_an_edit_that_changes_nothing_is_no_step(model: EditorModel) -> None:
    model.do(Rename(id="b", label=""))
    assert not model.past


def test_dirty_until_saved_and_clean_again_after_undo(model: EditorModel, tmp_path) -> None:
    assert not model.is_dirty
    model.do(Rename(id="b", label="stem"))
    assert model.is_dirty
    model.was_saved(tmp_path / "x.graph.json")
    assert not model.is_dirty
    model.do(Rename(id="b", label="other"))
    model.undo()
    assert not model.is_dirty
    model.undo()
    assert model.is_dirty


def test_selection_follows_the_nodes(model: EditorModel) -> None:
    model.select(frozenset({"a", "b", "nobody"}))
    assert model.selection == {"a", "b"}
    model.do(RemoveNodes(ids=("a",)))
    assert model.selection == {"b"}


def test_removing_takes_the_wire_or_the_nodes(model: EditorModel) -> None:
    model.select(wire=WIRE)
    model.remove_selected()
    assert model.graph.wires == ()
    assert model.selected_wire is None
    model.undo()
    model.select(frozenset({"b"}))
    model.remove_selected()
    assert list(model.graph.nodes) == ["a"]


def test_a_copy_keeps_the_wires_inside_and_covers_nothing(model: EditorModel) -> None:
    model.select(frozenset({"a", "b"}))
    text = model.copied()
    for count in (4, 6):
        model.paste(text)
        assert len(model.graph.nodes) == count
        assert len({node.position for node in model.graph.nodes.values()}) == count
    assert len(model.graph.wires) == 3
    assert len(model.selection) == 2
    model.undo()
    assert len(model.graph.nodes) == 4


@pytest.mark.parametrize("text", ["", "hello", "{}", '{"patchbay": 1, "graph": {"nodes": 3}}'])
def test_a_strange_clipboard_is_refused_in_a_sentence(model: EditorModel, text: str) -> None:
    with pytest.raises(EditError, match="clipboard holds no nodes"):
        model.paste(text)


def test_listeners_hear_what_happens(model: EditorModel) -> None:
    heard: list[Change] = []
    model.listeners.append(heard.append)
    model.do(Rename(id="b", label="s"), merge="m")
    model.do(Rename(id="b", label="st"), merge="m")
    model.undo()
    model.redo()
    model.load(Document(), None)
    assert [(change.what, change.merged) for change in heard] == [
        ("do", False),
        ("do", True),
        ("undo", False),
        ("redo", False),
        ("load", False),
    ]


def test_a_block_is_shown_and_left() -> None:
    block = Graph(nodes={"inner": Node(type="ReLU")})
    model = EditorModel(Document(graphs={"main": Graph(), "encoder": block}))
    model.select(frozenset())
    model.show_graph("encoder")
    model.select(frozenset({"inner"}))
    model.do(Rename(graph="encoder", id="inner", label="gate"))
    assert model.graph.nodes["inner"].label == "gate"
    model.show_graph("nobody")
    assert (model.graph_name, model.selection) == ("main", frozenset())
