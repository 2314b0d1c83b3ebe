"""Documents and edits, without torch."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.document.document import Document, End, Graph, Node, Settings, Wire
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
    apply,
)
from graphs.document.identifiers import identifier

WIRE = Wire(source=End("a", "output"), target=End("b", "x"))


@pytest.fixture
def pair() -> Document:
    """Two nodes and a wire between them."""
    return apply(
        Document(),
        AddNode(id="a", node=Node(type="ReLU")),
        AddNode(id="b", node=Node(type="Tanh")),
        Connect(wire=WIRE),
    )


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("Conv2d", "conv2d"),
        ("CrossEntropy", "cross_entropy"),
        ("LSTM", "lstm"),
        ("Conv 1 (stem)", "conv_1_stem"),
        ("1st", "node_1st"),
        ("émigré", "migr"),
        ("", "node"),
        ('"); import os #', "import_os"),
    ],
)
def test_identifiers(label: str, name: str) -> None:
    assert identifier(label) == name


@given(st.text())
def test_any_text_becomes_an_identifier(text: str) -> None:
    assert identifier(text).isidentifier() and identifier(text).isascii()


def test_documents_need_no_torch() -> None:
    code = (
        "import graphs.document.document, graphs.document.edits, graphs.document.document_io, sys; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_edit_makes_a_new_document(pair: Document) -> None:
    changed = apply(pair, SetParameters(id="a", parameters={"slope": 1}), Rename(id="b", label="B"))
    assert pair.main.nodes["a"].parameters == {}
    assert changed.main.nodes["a"].parameters == {"slope": 1}
    assert changed.main.nodes["b"].label == "B"


def test_removing_a_node_takes_its_wires(pair: Document) -> None:
    left = apply(pair, RemoveNodes(ids=("a",)))
    assert list(left.main.nodes) == ["b"] and left.main.wires == ()


def test_replacing_a_wire(pair: Document) -> None:
    other = Wire(source=End("c", "output"), target=End("b", "x"))
    with_c = apply(pair, AddNode(id="c", node=Node(type="ReLU")))
    assert apply(with_c, Connect(wire=other, replace=True)).main.wires == (other,)
    assert apply(with_c, Connect(wire=other)).main.wires == (WIRE, other)
    assert apply(with_c, Disconnect(wires=(WIRE,))).main.wires == ()


@pytest.mark.parametrize(
    "edit",
    [
        AddNode(id="a", node=Node(type="ReLU")),
        RemoveNodes(ids=("z",)),
        Rename(id="z", label="Z"),
        Move(positions={"z": (0, 0)}),
        SetParameters(id="z", parameters={}),
        Connect(wire=Wire(source=End("z", "output"), target=End("b", "x"))),
        AddNode(graph="nowhere", id="c", node=Node(type="ReLU")),
    ],
)
def test_an_edit_that_does_not_fit_says_so(pair: Document, edit: object) -> None:
    with pytest.raises(EditError, match="there is"):
        apply(pair, edit)  # type: ignore[arg-type]


def test_ids_are_identifiers() -> None:
    with pytest.raises(ValueError, match="letters, digits"):
        apply(Document(), AddNode(id="a.b", node=Node(type="ReLU")))


def test_settings_are_checked(pair: Document) -> None:
    assert apply(pair, Configure(settings=Settings(epochs=3))).settings.epochs == 3
    with pytest.raises(ValueError, match="greater than or equal to 1"):
        Settings(epochs=0)


def test_free_ids(pair: Document) -> None:
    assert pair.main.free_id("c") == "c"
    assert pair.main.free_id("a") == "a_2"


def test_what_is_computed_of_a_node_is_not_written_down() -> None:
    before = Document(graphs={"main": Graph(nodes={"a": Node(type="ReLU")})})
    assert before.main.nodes["a"].content
    after = apply(before, SetParameters(id="a", parameters={"p": 1}))
    assert set(after.model_dump()["graphs"]["main"]["nodes"]["a"]) == set(Node.model_fields)
    assert '"p": 1' in after.main.nodes["a"].content


def test_a_copy_forgets_what_was_worked_out() -> None:
    """Content and wires by node are kept for speed; a copy with other values has its own."""
    node = Node(type="Conv2d", parameters={"out_channels": 4})
    assert "4" in node.content
    assert "8" in node.model_copy(update={"parameters": {"out_channels": 8}}).content
    graph = Graph(nodes={"a": node, "b": node})
    assert list(graph.into("b")) == []
    wire = Wire(source=End("a", "output"), target=End("b", "x"))
    assert list(graph.model_copy(update={"wires": (wire,)}).into("b")) == [wire]
