"""What the canvas is to show, from document, library and check."""

from pathlib import Path

import pytest

import nodes.library  # noqa: F401
from app.editor.canvas.canvas_model import Subject, make_picture
from app.editor.canvas.hover import Hover
from app.editor.canvas.node_captions import Captions, telling
from app.editor.canvas.scene import Hit, Port
from app.editor.canvas.wiring_rules import SessionBoard, new_node, output_kind, wire_to_new
from app.editor.panels.program_panel import steps
from app.editor.session.session import Session
from app.editor.theme import style
from app.editor.theme.highlight import lines_of, pieces
from graphs.check.results import Checked
from graphs.compiler import check, compile, export
from graphs.document.document import Document, End, Graph, Node, Wire
from graphs.document.document_io import read
from graphs.document.edits import AddNode, Connect, SetParameters
from graphs.nodetypes.node_type import node_types
from nodes.families import FAMILIES
from tests.graphs.test_choosing import variants

EXAMPLE = Path(__file__).resolve().parents[4] / "assets" / "examples" / "digits_cnn.graph.json"


@pytest.fixture(scope="module")
def document() -> Document:
    return read(EXAMPLE)


@pytest.fixture(scope="module")
def checked(document: Document) -> Checked:
    return check(document)


def subject(document: Document, checked: Checked | None, **options: object) -> Subject:
    seen = checked.document.main if checked else None
    library = node_types() if checked else None
    return Subject(document.main, library=library, checked=checked, checked_graph=seen, **options)


def test_a_picture_before_the_library_is_there(document: Document) -> None:
    picture = make_picture(subject(document, None))
    assert set(picture.nodes) == set(document.main.nodes)
    assert set(picture.wires) == set(document.main.wires)
    assert picture.nodes["conv1"].known
    assert [port.name for port in picture.nodes["conv1"].inputs] == ["x"]


def test_shapes_and_kinds_are_on_the_wires(document: Document, checked: Checked) -> None:
    picture = make_picture(subject(document, checked))
    wire = next(document.main.into("conv1"))
    assert picture.wires[wire].text == "(N, 1, 8, 8)"
    assert picture.wires[wire].colour == style.KINDS["image"]
    assert picture.nodes["digits"].outputs[1].colour == style.KINDS["labels"]
    assert not any(look.problem for look in picture.nodes.values())


def test_what_no_choice_asks_for_is_dim() -> None:
    document = variants(1)
    checked = check(document)
    picture = make_picture(subject(document, checked))
    assert {id for id, look in picture.nodes.items() if look.dim} == {"hidden", "bent", "deep"}
    dim = {(w.source.node, w.target.node) for w, look in picture.wires.items() if look.dim}
    assert ("deep", "scores") in dim and ("straight", "scores") not in dim
    assert [port.name for port in picture.nodes["deep"].inputs] == ["x"]


def test_the_telling_parameters_are_on_the_node(document: Document, checked: Checked) -> None:
    captions = Captions(document.main, node_types(), checked, document.main)
    assert (
        captions.subtitle(Node(type="Conv2d", parameters={"out_channels": 16})) == "out channels 16"
    )
    labelled = Node(type="Conv2d", label="stem", parameters={"out_channels": 32, "bias": False})
    assert captions.subtitle(labelled) == "Conv2d · no bias"
    assert captions.subtitle(Node(type="Nonesuch", parameters={"a": 1})) == ""


def test_an_unknown_type_shows_the_ports_its_wires_name(document: Document) -> None:
    odd = AddNode(id="odd", node=Node(type="Nonesuch"))
    wire = Connect(wire=Wire(source=End("conv1", "output"), target=End("odd", "thing")))
    changed = wire.apply(odd.apply(document))
    picture = make_picture(subject(changed, check(changed)))
    look = picture.nodes["odd"]
    assert (look.known, look.problem) == (False, True)
    assert [port.name for port in look.inputs] == ["thing"]


def test_a_new_node_has_its_ports_before_it_is_checked(
    document: Document, checked: Checked
) -> None:
    changed = AddNode(id="late", node=new_node(node_types()["LSTM"])).apply(document)
    look = make_picture(subject(changed, checked)).nodes["late"]
    assert look.inputs
    assert [port.name for port in look.outputs] == list(node_types()["LSTM"].output_names())


def test_ports_light_up_or_dim_while_a_wire_is_dragged(
    document: Document, checked: Checked
) -> None:
    fixed = Port(End("digits", "label"), False)
    fits = lambda port: port.is_input and port.end.port == "label"  # noqa: E731
    picture = make_picture(subject(document, checked, fits=fits, fixed=fixed))
    assert {port.name: port.state for port in picture.nodes["loss"].inputs} == {
        "prediction": "dim",
        "label": "lit",
    }
    assert picture.nodes["digits"].outputs[1].state == "plain"


@pytest.fixture
def session(document: Document, checked: Checked) -> Session:
    session = Session(document, EXAMPLE)
    session.was_checked(document, checked)
    return session


def board(session: Session) -> SessionBoard:
    captions = Captions(session.graph, node_types(), session.checked, session.graph)
    picture = make_picture(subject(session.document, session.checked))
    return SessionBoard("main", picture.scene, session, captions)


def test_the_board_knows_cycles_kinds_and_ports_that_take_many(session: Session) -> None:
    its = board(session)
    assert not its.allows(End("conv2", "output"), End("conv1", "x"))
    assert not its.allows(End("conv1", "output"), End("conv1", "x"))
    assert its.allows(End("conv1", "output"), End("logits", "x"))
    assert not its.accepts(End("digits", "label"), End("conv1", "x"))
    assert its.accepts(End("digits", "image"), End("conv2", "x"))
    assert its.takes_many(End("adamw", "weights"))
    assert not its.takes_many(End("conv1", "x"))


def test_sizes_are_said_in_numbers() -> None:
    sizes = {"kernel_size": [1, "=far"], "stride": 2}
    assert telling(node_types()["Conv2d"], Node(type="Conv2d", parameters=sizes)) == [
        "kernel size 1, far",
        "stride 2",
    ]
    features = Node(type="Table", parameters={"features": ["a", "b"]})
    assert telling(node_types()["Table"], features) == ["2 features"]


def test_a_wire_let_go_finds_the_best_port_of_a_new_node(session: Session) -> None:
    label = Port(End("digits", "label"), False)
    assert output_kind(session, label.end) == "labels"
    wire = wire_to_new(node_types()["CrossEntropy"], "new", label, "labels")
    assert wire == Wire(source=label.end, target=End("new", "label"))
    back = wire_to_new(node_types()["Conv2d"], "new", Port(End("pool1", "x"), True))
    assert back == Wire(source=End("new", "output"), target=End("pool1", "x"))
    assert wire_to_new(node_types()["Digits"], "new", label) is None
    cut = wire_to_new(node_types()["Split"], "new", label)
    assert cut is not None and cut.target == End("new", "x")
    assert wire_to_new(node_types()["Block"], "new", label) is None


def test_the_tooltip_explains(session: Session) -> None:
    hover = Hover(session, Captions(session.graph, node_types(), session.checked, session.graph))
    words = lambda **hit: " | ".join(text for text, _ in hover.paragraphs(Hit(**hit)))  # noqa: E731
    assert "18,496 parameters" in words(node="conv2")
    assert words(port=Port(End("digits", "image"), False)) == "image: image (N, 1, 8, 8)"
    assert "needs (N, C, H, W)" in words(port=Port(End("conv1", "x"), True))
    assert "image (N, 1, 8, 8)" in words(wire=next(session.graph.into("conv1")))
    assert words() == ""


def test_a_problem_is_in_the_tooltip(document: Document) -> None:
    bad = SetParameters(id="conv1", parameters={"out_channels": 0}).apply(document)
    session = Session(bad)
    session.was_checked(bad, check(bad))
    hover = Hover(session, Captions(session.graph, node_types(), session.checked, session.graph))
    said = hover.paragraphs(Hit(node="conv1"))
    assert any(colour == style.ERROR and "out_channels" in text for text, colour in said)


def test_the_program_in_words(document: Document, checked: Checked) -> None:
    title = {id: node.label or node.type for id, node in document.main.nodes.items()}
    take, adamw = steps(compile(checked))
    assert take.title == f"take {title['digits']}"
    assert (adamw.title, adamw.node) == (title["adamw"], "adamw")
    said = dict(adamw.lines)
    assert f"{title['conv1']} → " in said["computes"]
    assert title["accuracy"] in said["measures"]
    assert said["minimises"].startswith(f"{title['loss']} over 21,386 parameters")


def test_the_code_is_whole_when_its_pieces_are_joined(document: Document, checked: Checked) -> None:
    source = export(document, EXAMPLE.parent, checked)
    for line, parts in zip(source.split("\n"), pieces(source), strict=True):
        shown = ""
        for part in parts:
            shown = shown.ljust(part.column) + part.text
        assert shown == line.rstrip()


def test_the_lines_of_a_node_are_found(document: Document, checked: Checked) -> None:
    source = export(document, EXAMPLE.parent, checked)
    lines = source.split("\n")
    found = [lines[i] for i in sorted(lines_of(source, "conv2", document.main.nodes["conv2"]))]
    assert any("self.conv2 = nn.Conv2d(" in line for line in found)
    assert all("conv2" in line for line in found)
    assert not lines_of(source, "nobody", Node(type="Conv2d"))


def test_families_have_colours_of_their_own_even_new_ones() -> None:
    families = {family.name for family in FAMILIES} | {"Graph networks", "Audio"}
    assert len({style.family_colour(family) for family in families}) == len(families)


def test_a_kind_without_a_colour_is_drawn_as_a_tensor() -> None:
    assert style.kind_colour("a kind of tomorrow") == style.KINDS["tensor"]
    assert style.kind_colour("unknown") == style.UNKNOWN_KIND


def test_a_graph_without_nodes_is_an_empty_picture() -> None:
    assert make_picture(Subject(Graph())).nodes == {}
