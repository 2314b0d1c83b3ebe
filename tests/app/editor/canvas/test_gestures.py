"""Mouse gestures: press, move, release, cancel, and the edits they end in, without a window."""

from dataclasses import dataclass, field

import pytest

from app.editor.canvas.geometry import Camera
from app.editor.canvas.gestures import (
    BoxSelect,
    DragWire,
    DropNode,
    MoveNodes,
    Pan,
    centred_on,
    free_place,
)
from app.editor.canvas.scene import NodeShape, Port, Scene
from graphs.document.document import Document, End, Graph, Node, Wire
from graphs.document.edits import apply

SHAPE = NodeShape("Node", "", ("x", "y"), ("out",))
WIRE = Wire(source=End("a", "out"), target=End("b", "x"))


@dataclass
class Board:
    """A board where only what `refused` names does not suit, and only `many` takes several."""

    scene: Scene
    refused: set[End] = field(default_factory=set)
    forbidden: set[End] = field(default_factory=set)
    many: set[End] = field(default_factory=set)
    graph_name: str = "main"

    def allows(self, source: End, target: End) -> bool:
        return target not in self.forbidden and source.node != target.node

    def accepts(self, source: End, target: End) -> bool:
        return self.allows(source, target) and target not in self.refused

    def takes_many(self, target: End) -> bool:
        return target in self.many


@pytest.fixture
def document() -> Document:
    nodes = {
        id: Node(type="T", position=(x, 0.0)) for id, x in (("a", 0.0), ("b", 300.0), ("c", 600.0))
    }
    return Document(graphs={"main": Graph(nodes=nodes, wires=(WIRE,))})


@pytest.fixture
def board(document: Document) -> Board:
    return Board(Scene.of(document.main, lambda id, node: SHAPE))


def drag(board: Board, port: Port, *moves: tuple[float, float]) -> DragWire:
    gesture = DragWire(board, port, board.scene.at(port.end, port.is_input))
    gesture.reach_for(12)
    for at in moves[:-1]:
        gesture.move(at)
    gesture.release(moves[-1])
    return gesture


def output(node: str) -> Port:
    return Port(End(node, "out"), False)


def input_(node: str, name: str = "x") -> Port:
    return Port(End(node, name), True)


def test_moving_nodes_is_one_edit_on_the_grid(board: Board, document: Document) -> None:
    gesture = MoveNodes(board, "a", frozenset({"a", "b"}), (10.0, 10.0))
    gesture.move((15.0, 30.0))
    gesture.release((61.0, 111.0))
    moved = apply(document, *gesture.edits).main.nodes
    assert moved["a"].position == (48.0, 104.0)
    assert moved["b"].position == (348.0, 104.0)
    assert moved["c"].position == (600.0, 0.0)


def test_a_press_without_a_move_edits_nothing(board: Board) -> None:
    gesture = MoveNodes(board, "a", frozenset({"a"}), (10.0, 10.0))
    gesture.release((10.0, 10.0))
    assert gesture.edits == ()


def test_cancel_edits_nothing(board: Board) -> None:
    gesture = MoveNodes(board, "a", frozenset({"a"}), (0.0, 0.0))
    gesture.move((90.0, 90.0))
    gesture.cancel()
    assert gesture.edits == ()


def test_a_new_wire_from_an_output(board: Board, document: Document) -> None:
    gesture = drag(board, output("b"), (500.0, 60.0), board.scene.at(End("c", "y"), True))
    wires = apply(document, *gesture.edits).main.wires
    assert wires == (WIRE, Wire(source=End("b", "out"), target=End("c", "y")))
    assert gesture.title == "Connect"


def test_a_new_wire_backwards_from_an_empty_input(board: Board, document: Document) -> None:
    gesture = drag(board, input_("c"), board.scene.at(End("b", "out"), False))
    assert (
        Wire(source=End("b", "out"), target=End("c", "x"))
        in apply(document, *gesture.edits).main.wires
    )


def test_a_wire_replaces_the_one_before_unless_the_port_takes_many(
    board: Board, document: Document
) -> None:
    place = board.scene.at(End("b", "x"), True)
    new = Wire(source=End("c", "out"), target=End("b", "x"))
    assert apply(document, *drag(board, output("c"), place).edits).main.wires == (new,)
    board.many.add(End("b", "x"))
    assert apply(document, *drag(board, output("c"), place).edits).main.wires == (WIRE, new)


def test_a_picked_wire_goes_elsewhere_or_away_or_home(board: Board, document: Document) -> None:
    elsewhere = drag(board, input_("b"), board.scene.at(End("c", "y"), True))
    assert apply(document, *elsewhere.edits).main.wires == (
        Wire(source=End("a", "out"), target=End("c", "y")),
    )
    away = drag(board, input_("b"), (450.0, 400.0))
    assert apply(document, *away.edits).main.wires == ()
    assert away.title == "Disconnect"
    home = drag(board, input_("b"), (450.0, 400.0), board.scene.at(End("b", "x"), True))
    assert home.edits == ()


def test_a_port_that_does_not_suit_is_taken_only_when_no_other_is_near(board: Board) -> None:
    board.refused.add(End("c", "x"))
    unfit = drag(board, output("b"), board.scene.at(End("c", "x"), True))
    assert unfit.target == input_("c", "x")
    assert not unfit.fits(input_("c", "x"))
    x, y = board.scene.at(End("c", "x"), True)
    wide = DragWire(board, output("b"), (x, y))
    wide.reach_for(60)
    wide.release((x, y + 2))
    assert wide.target == input_("c", "y")


def test_a_wire_that_would_close_a_cycle_is_not_laid(board: Board) -> None:
    board.forbidden.add(End("a", "x"))
    assert drag(board, output("c"), board.scene.at(End("a", "x"), True)).edits == ()
    assert drag(board, output("a"), board.scene.at(End("a", "x"), True)).edits == ()


def test_box_selection_adds_to_what_was_kept(board: Board) -> None:
    gesture = BoxSelect(board, (-10.0, -10.0), kept=frozenset({"c"}))
    gesture.move((20.0, 20.0))
    assert gesture.selection == {"a", "c"}
    gesture.move((320.0, 20.0))
    assert gesture.selection == {"a", "b", "c"}
    gesture.cancel()
    assert gesture.selection == {"c"}


def test_panning_and_letting_go_of_it() -> None:
    gesture = Pan(Camera(), (10.0, 10.0))
    gesture.move((30.0, 0.0))
    assert gesture.camera == Camera(20.0, -10.0)
    gesture.cancel()
    assert gesture.camera == Camera()


def test_dropping_a_node_only_over_the_canvas(document: Document) -> None:
    gesture = DropNode("main", document.main, Node(type="Conv2d"), SHAPE)
    assert gesture.edits == ()
    gesture.move((700.0, 300.0))
    (edit,) = gesture.edits
    assert edit.id == "conv2d"
    assert edit.node.position == centred_on((700.0, 300.0), SHAPE)
    gesture.leave()
    assert gesture.edits == ()


def test_a_free_place_covers_no_node(board: Board) -> None:
    x, y = free_place(board.scene, SHAPE, (0.0, 0.0))
    assert x == 0
    assert y > SHAPE.height
    assert free_place(board.scene, SHAPE, (0.0, 900.0)) == (0.0, 900.0)
