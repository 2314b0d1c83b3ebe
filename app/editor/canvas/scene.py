"""What lies where on the canvas: the boxes of nodes, their ports, the wires; and what is under a
point.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from app.editor.canvas.geometry import Box, Curve, Point, distance_to_curve, union, wire_curve
from app.editor.theme.text_width import shortened, width
from graphs.document.document import End, Graph, Node, Wire

TITLE_SIZE = 17.0
SMALL_SIZE = 14.0
HEADER = 28.0
SUBTITLE = 22.0
ROW = 22.0
PADDING = 8.0
SIDE = 12.0
"""Room between a node's side and its text."""
GAP = 24.0
"""Room between the names of an input and an output on one row."""
NARROWEST = 148.0
WIDEST = 300.0
PORT_RADIUS = 5.0


@dataclass(frozen=True)
class NodeShape:
    """What a node looks like, apart from where it is. Lengths are in canvas units."""

    title: str
    subtitle: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @cached_property
    def width(self) -> float:
        rows = [
            width(a, SMALL_SIZE) + width(b, SMALL_SIZE) + (GAP if a and b else 0)
            for a, b in self.rows
        ]
        lines = [width(self.title, TITLE_SIZE, bold=True), width(self.subtitle, SMALL_SIZE), *rows]
        return min(WIDEST, max(NARROWEST, round(max(lines)) + 2 * SIDE))

    @cached_property
    def rows(self) -> tuple[tuple[str, str], ...]:
        """The names of the ports, an input and an output a row."""
        count = max(len(self.inputs), len(self.outputs))
        left = (*self.inputs, *[""] * (count - len(self.inputs)))
        right = (*self.outputs, *[""] * (count - len(self.outputs)))
        return tuple(zip(left, right, strict=True))

    @property
    def rows_top(self) -> float:
        return HEADER + (SUBTITLE if self.subtitle else PADDING / 2)

    @cached_property
    def height(self) -> float:
        return self.rows_top + ROW * len(self.rows) + PADDING

    def port(self, name: str, is_input: bool) -> Point:
        """Where a port is, from the node's top left corner. A port that is not there lies in the
        middle of its side.
        """
        names = self.inputs if is_input else self.outputs
        x = 0.0 if is_input else self.width
        if name not in names:
            return x, HEADER / 2
        return x, self.rows_top + ROW * (names.index(name) + 0.5)

    @cached_property
    def fitted_title(self) -> str:
        """The title, cut where it would leave the node."""
        return shortened(self.title, TITLE_SIZE, self.width - 2 * SIDE, bold=True)


Describe = Callable[[str, Node], NodeShape]


@dataclass(frozen=True)
class Port:
    """A port on the canvas."""

    end: End
    is_input: bool


@dataclass(frozen=True)
class Hit:
    """What is under a point: a port, else a node, else a wire, else nothing."""

    node: str | None = None
    port: Port | None = None
    wire: Wire | None = None


@dataclass(frozen=True)
class Scene:
    """A graph with the shapes of its nodes."""

    graph: Graph
    shapes: Mapping[str, NodeShape] = field(default_factory=dict)

    @classmethod
    def of(cls, graph: Graph, describe: Describe) -> Scene:
        """The scene of a graph."""
        return cls(graph, {id: describe(id, node) for id, node in graph.nodes.items()})

    @cached_property
    def boxes(self) -> dict[str, Box]:
        """The rectangle of each node."""
        return {id: self._box(id, shape) for id, shape in self.shapes.items()}

    def _box(self, id: str, shape: NodeShape) -> Box:
        x, y = self.graph.nodes[id].position
        return Box(x, y, x + shape.width, y + shape.height)

    def box(self, id: str) -> Box:
        """The rectangle of a node."""
        return self.boxes[id]

    def place(self, id: str) -> Point | None:
        """Where a node lies; None when it is not there."""
        node = self.graph.nodes.get(id)
        return node.position if node else None

    def bounds(self, ids: Iterator[str] | None = None) -> Box | None:
        """The smallest box that holds the nodes (all, when none are named); None for an empty
        canvas.
        """
        return union(self.box(id) for id in (self.shapes if ids is None else ids))

    def at(self, end: End, is_input: bool) -> Point:
        """Where a port lies on the canvas."""
        x, y = self.graph.nodes[end.node].position
        dx, dy = self.shapes[end.node].port(end.port, is_input)
        return x + dx, y + dy

    def curve(self, wire: Wire) -> Curve | None:
        """The curve of a wire; None when a node at its ends is not there."""
        if not {wire.source.node, wire.target.node} <= self.shapes.keys():
            return None
        return wire_curve(self.at(wire.source, False), self.at(wire.target, True))

    def ports(self) -> Iterator[tuple[Port, Point]]:
        """Every port and where it is."""
        for id in self.shapes:
            yield from self._ports_of(id)

    def nodes_in(self, box: Box) -> Iterator[str]:
        """The nodes that share a point with a box."""
        return (id for id, its in self.boxes.items() if its.overlaps(box))

    def port_at(
        self, point: Point, reach: float, wanted: Callable[[Port], bool] = lambda port: True
    ) -> Port | None:
        """The nearest wanted port within reach of a point."""
        near = Box.around(point).grown(reach)
        found = [
            (math.dist(point, at), port)
            for id in self.nodes_in(near)
            for port, at in self._ports_of(id)
            if math.dist(point, at) <= reach and wanted(port)
        ]
        return min(found, key=lambda pair: pair[0])[1] if found else None

    def hit(self, point: Point, reach: float) -> Hit:
        """What is under a point. `reach` is how far a port or a wire may be, in canvas units."""
        if port := self.port_at(point, reach * 1.5):
            return Hit(node=port.end.node, port=port)
        under = [id for id, its in self.boxes.items() if its.contains(point)]
        if under:
            return Hit(node=under[-1])
        return Hit(wire=self._wire_at(point, reach))

    def _ports_of(self, id: str) -> Iterator[tuple[Port, Point]]:
        shape = self.shapes[id]
        for is_input, names in ((True, shape.inputs), (False, shape.outputs)):
            for name in names:
                yield Port(End(id, name), is_input), self.at(End(id, name), is_input)

    def _wire_at(self, point: Point, reach: float) -> Wire | None:
        for wire in reversed(self.graph.wires):
            curve = self.curve(wire)
            is_near = curve and Box.around(*curve).grown(reach).contains(point)
            if curve and is_near and distance_to_curve(point, curve) <= reach:
                return wire
        return None
