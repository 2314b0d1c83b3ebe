"""What a hand does with the mouse: one class per gesture, from press over moves to release,
ending in edits.

Points are on the canvas, except those of Pan, which are on the screen. While a gesture lasts,
`edits` is what a release at this moment would do, so that the window can show it. Plain Python,
no GUI.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from app.editor.canvas.geometry import Box, Camera, Point
from app.editor.canvas.scene import NodeShape, Port, Scene
from graphs.document.document import End, Graph, Node, Wire
from graphs.document.edits import AddNode, Connect, Disconnect, Edit, Move
from graphs.document.identifiers import identifier

GRID = 8.0
"""Nodes come to lie on multiples of this."""


class Board(Protocol):
    """What gestures need to know about the canvas they happen on."""

    @property
    def graph_name(self) -> str: ...

    @property
    def scene(self) -> Scene: ...

    def allows(self, source: End, target: End) -> bool:
        """A wire may be laid at all: it closes no cycle."""

    def accepts(self, source: End, target: End) -> bool:
        """What leaves the output suits the input, as far as anyone knows."""

    def takes_many(self, target: End) -> bool:
        """An input takes several wires."""


class Gesture:
    """A press that is not yet released. Subclasses say what moves mean."""

    title = ""
    """What undo calls it."""
    edits: tuple[Edit, ...] = ()

    def move(self, at: Point) -> None:
        """The mouse is elsewhere now."""

    def release(self, at: Point) -> None:
        """The button is let go. What is to be done is in `edits` now."""
        self.move(at)

    def cancel(self) -> None:
        """Escape was pressed: nothing is to be done."""
        self.edits = ()


class MoveNodes(Gesture):
    """Drags nodes; they keep their places to each other, the one under the mouse lies on the
    grid.
    """

    title = "Move"

    def __init__(self, board: Board, leader: str, ids: frozenset[str], start: Point) -> None:
        self._graph_name, self._start, self._leader = board.graph_name, start, leader
        nodes = board.scene.graph.nodes
        self._places = {id: nodes[id].position for id in ids | {leader}}

    def move(self, at: Point) -> None:
        x, y = self._places[self._leader]
        dx = snapped(x + at[0] - self._start[0]) - x
        dy = snapped(y + at[1] - self._start[1]) - y
        if at == self._start or (dx, dy) == (0, 0):
            self.edits = ()
            return
        places = {id: (px + dx, py + dy) for id, (px, py) in self._places.items()}
        self.edits = (Move(graph=self._graph_name, positions=places),)


class DragWire(Gesture):
    """Drags a new wire out of a port, or picks up the end of a wire that is there.

    From an output: a new wire. From an input that has a wire: that wire's end, to plug in
    elsewhere, or to drop on the empty canvas, which takes the wire away. From an empty input: a
    new wire, backwards. A wire may go into a port that it does not suit: the check then says why,
    and offers a repair.
    """

    def __init__(self, board: Board, port: Port, start: Point) -> None:
        self._board = board
        wires = list(board.scene.graph.into(*port.end)) if port.is_input else []
        self.picked: Wire | None = wires[-1] if wires else None
        """The wire whose end is being moved."""
        self.fixed = Port(self.picked.source, False) if self.picked else port
        """The end that stays."""
        self.loose = start
        """Where the other end is."""
        self.target: Port | None = port if self.picked else None
        """The port it would go into."""
        self._reach = 0.0

    @property
    def title(self) -> str:  # type: ignore[override]
        return "Disconnect" if self.picked and not self.target else "Connect"

    def fits(self, port: Port) -> bool:
        """The loose end may go into a port, and suits it."""
        return self.may_enter(port) and (
            self._is_home(port) or self._board.accepts(*self._ends(port))
        )

    def may_enter(self, port: Port) -> bool:
        """The loose end may go into a port."""
        if port.is_input == self.fixed.is_input:
            return False
        return self._is_home(port) or self._board.allows(*self._ends(port))

    def _is_home(self, port: Port) -> bool:
        return self.picked is not None and port.end == self.picked.target

    def reach_for(self, reach: float) -> None:
        """From how far a port catches the end, in canvas units."""
        self._reach = reach

    def move(self, at: Point) -> None:
        self.loose = at
        scene, reach = self._board.scene, self._reach
        self.target = scene.port_at(at, reach, self.fits) or scene.port_at(
            at, reach, self.may_enter
        )
        self.edits = self._edits()

    @property
    def without_picked(self) -> tuple[Edit, ...]:
        """What the canvas shows meanwhile: the picked wire is in the hand."""
        if self.picked is None:
            return ()
        return (Disconnect(graph=self._board.graph_name, wires=(self.picked,)),)

    def _ends(self, port: Port) -> tuple[End, End]:
        return (port.end, self.fixed.end) if self.fixed.is_input else (self.fixed.end, port.end)

    def _edits(self) -> tuple[Edit, ...]:
        name = self._board.graph_name
        new = Wire(source=pair[0], target=pair[1]) if (pair := self._pair()) else None
        if new == self.picked:
            return ()
        gone = (Disconnect(graph=name, wires=(self.picked,)),) if self.picked else ()
        if new is None:
            return gone
        replace = not self._board.takes_many(new.target)
        return (*gone, Connect(graph=name, wire=new, replace=replace))

    def _pair(self) -> tuple[End, End] | None:
        return self._ends(self.target) if self.target else None


class BoxSelect(Gesture):
    """Draws a rectangle; what it touches is selected, beside what `kept` holds."""

    def __init__(self, board: Board, start: Point, kept: frozenset[str] = frozenset()) -> None:
        self._scene, self._start, self._kept = board.scene, start, kept
        self.box = Box.around(start)
        self.selection = kept

    def move(self, at: Point) -> None:
        self.box = Box.around(self._start, at)
        self.selection = self._kept | frozenset(self._scene.nodes_in(self.box))

    def cancel(self) -> None:
        self.selection = self._kept


class Pan(Gesture):
    """Pushes the canvas about. Its points are on the screen."""

    def __init__(self, camera: Camera, start: Point) -> None:
        self._from, self._start = camera, start
        self.camera = camera

    def move(self, at: Point) -> None:
        self.camera = self._from.panned(at[0] - self._start[0], at[1] - self._start[1])

    def cancel(self) -> None:
        self.camera = self._from


@dataclass
class DropNode(Gesture):
    """Carries a new node from the palette; over the canvas, a release puts it there."""

    graph_name: str
    graph: Graph
    node: Node
    shape: NodeShape
    title: str = "Add"
    edits: tuple[Edit, ...] = ()
    place: Point | None = None
    """Where its corner would come to lie; None while the mouse is not over the canvas."""

    def move(self, at: Point) -> None:
        self.place = centred_on(at, self.shape)
        self.edits = (added(self.graph_name, self.graph, self.node, self.place),)

    def leave(self) -> None:
        """The mouse is no longer over the canvas."""
        self.place, self.edits = None, ()


def added(graph_name: str, graph: Graph, node: Node, place: Point) -> AddNode:
    """The edit that puts a node at a place, under a free id."""
    block = node.parameters.get("block")
    id = graph.free_id(identifier(str(block or node.type)))
    placed = node.model_copy(update={"position": place})
    return AddNode(graph=graph_name, id=id, node=placed)


def centred_on(at: Point, shape: NodeShape) -> Point:
    """Where a node's corner lies when its middle is at a point, on the grid."""
    return snapped(at[0] - shape.width / 2), snapped(at[1] - shape.height / 2)


def free_place(scene: Scene, shape: NodeShape, wanted: Point) -> Point:
    """A place at or below the wanted one where a node covers no other."""
    x, y = wanted
    taken: Callable[[float], bool] = lambda top: any(  # noqa: E731
        scene.nodes_in(Box(x, top, x + shape.width, top + shape.height))
    )
    while taken(y):
        y += 2 * GRID
    return x, y


def snapped(value: float) -> float:
    """The nearest multiple of the grid."""
    return round(value / GRID) * GRID
