"""What the canvas is to show: a look for each node and wire, as plain values. The canvas
reconciles two pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from app.editor.canvas.geometry import Box, Curve
from app.editor.canvas.node_captions import Captions
from app.editor.canvas.scene import NodeShape, Port, Scene
from app.editor.session.block_uses import held, with_troubles
from app.editor.theme import style
from app.editor.theme.style import Colour
from graphs.document.document import MAIN, End, Graph, Node, Wire
from nodes.families import family_of

if TYPE_CHECKING:
    from graphs.check.results import Checked, CheckedGraph
    from graphs.document.problems import Problem
    from graphs.nodetypes.node_type import NodeType

PortState = Literal["plain", "lit", "dim"]


@dataclass(frozen=True)
class PortLook:
    """How a port is drawn."""

    name: str
    colour: Colour
    wired: bool
    state: PortState = "plain"


@dataclass(frozen=True)
class NodeLook:
    """How a node is drawn, apart from where."""

    shape: NodeShape
    header: Colour
    inputs: tuple[PortLook, ...]
    outputs: tuple[PortLook, ...]
    selected: bool = False
    problem: bool = False
    known: bool = True
    dim: bool = False
    """It is not what one looks for (a gradient does not reach it), or no choice asks for it."""


@dataclass(frozen=True)
class WireLook:
    """How a wire is drawn, and where."""

    curve: Curve
    colour: Colour
    text: str = ""
    selected: bool = False
    dim: bool = False

    @cached_property
    def box(self) -> Box:
        """A box that holds the curve."""
        return Box.around(*self.curve)


@dataclass(frozen=True)
class Picture:
    """All that is on the canvas."""

    scene: Scene = field(default_factory=lambda: Scene(Graph()))
    nodes: Mapping[str, NodeLook] = field(default_factory=dict)
    wires: Mapping[Wire, WireLook] = field(default_factory=dict)


@dataclass(frozen=True)
class Subject:
    """What a picture is made from."""

    graph: Graph
    graph_name: str = MAIN
    library: Mapping[str, type[NodeType]] | None = None
    checked: Checked | None = None
    checked_graph: Graph | None = None
    selection: frozenset[str] = frozenset()
    selected_wire: Wire | None = None
    fits: Callable[[Port], bool] | None = None
    """While a wire is dragged: whether it may go into a port."""
    fixed: Port | None = None
    """While a wire is dragged: the port it comes from."""
    lit: frozenset[str] = frozenset()
    """The only nodes that are not dim; when empty, none is."""

    def is_like(self, other: Subject) -> bool:
        """Both give the same picture, seen without looking into the graphs."""
        return (
            self.graph is other.graph
            and self.library is other.library
            and self.checked is other.checked
            and self.selection == other.selection
            and self.selected_wire == other.selected_wire
            and self.fixed == other.fixed
            and self.lit == other.lit
        )


def make_picture(subject: Subject, before: Before | None = None) -> Picture:
    """The picture of a graph. What has not changed since `before` is taken from there."""
    return _Maker(subject, before if before and _comparable(subject, before[0]) else None).picture()


Before = tuple[Subject, Picture]
"""A picture with what it was made from."""


def _comparable(new: Subject, old: Subject) -> bool:
    """The same node looks the same in both pictures."""
    return (
        new.library is old.library
        and new.checked is old.checked
        and new.graph_name == old.graph_name
        and new.lit == old.lit
        and new.fits is None
        and old.fits is None
        and new.graph.wires == old.graph.wires
    )


def problems_of(checked: Checked | None, graph_name: str) -> dict[str, list[Problem]]:
    """The problems of one graph by their nodes."""
    found: dict[str, list[Problem]] = {}
    for problem in checked.problems if checked else ():
        if problem.graph == graph_name and problem.node:
            found.setdefault(problem.node, []).append(problem)
    return found


def _alike(a: Node, b: Node) -> bool:
    """Two nodes are the same but for their places."""
    return (a.type, a.label, a.parameters) == (b.type, b.label, b.parameters)


class _Maker:
    def __init__(self, subject: Subject, before: Before | None) -> None:
        self.subject = subject
        self.before = before
        self.captions = Captions(
            subject.graph,
            subject.library,
            subject.checked,
            subject.checked_graph,
            subject.graph_name,
        )
        self.problems = problems_of(subject.checked, subject.graph_name)
        known = subject.library or {}
        self.troubled = with_troubles(subject.checked, known) if subject.checked else frozenset()

    def picture(self) -> Picture:
        graph = self.subject.graph
        nodes = {id: self.known_node(id, node) for id, node in graph.nodes.items()}
        scene = Scene(graph, {id: look.shape for id, look in nodes.items()})
        wires = {
            wire: look for wire in graph.wires if (look := self.known_wire(wire, scene, nodes))
        }
        return Picture(scene, nodes, wires)

    def known_node(self, id: str, node: Node) -> NodeLook:
        """A node's look, as it was before when nothing about it has changed but its place."""
        if self.before:
            subject, picture = self.before
            old = subject.graph.nodes.get(id)
            same = old is node or (old and _alike(old, node))
            if same and (id in subject.selection) == (id in self.subject.selection):
                return picture.nodes[id]
        return self.node(id, node)

    def known_wire(
        self, wire: Wire, scene: Scene, nodes: Mapping[str, NodeLook]
    ) -> WireLook | None:
        """A wire's look, as it was before when neither it nor its ends have changed."""
        if self.before:
            subject, picture = self.before
            still = all(
                nodes.get(id) is picture.nodes.get(id)
                and scene.place(id) == picture.scene.place(id)
                for id in (wire.source.node, wire.target.node)
            )
            if still and (wire == subject.selected_wire) == (wire == self.subject.selected_wire):
                return picture.wires.get(wire)
        curve = scene.curve(wire)
        return self.wire(wire, curve) if curve else None

    def node(self, id: str, node: Node) -> NodeLook:
        shape = self.captions.shape(id, node)
        known = self.captions.library.get(node.type)
        header = style.family_colour(family_of(known).name) if known else style.UNKNOWN_FAMILY
        return NodeLook(
            shape,
            header,
            tuple(self.port(End(id, name), True) for name in shape.inputs),
            tuple(self.port(End(id, name), False) for name in shape.outputs),
            id in self.subject.selection,
            id in self.problems or not self.troubled.isdisjoint(held(node, self.captions.library)),
            known is not None or not self.captions.library,
            self.is_dim(id) or self.is_left_out(id),
        )

    def is_left_out(self, id: str) -> bool:
        """No choice asks for it."""
        checked = self._checked_graph(id)
        return checked is not None and checked.leaves_out(id)

    def is_refused(self, wire: Wire) -> bool:
        """A choice asks for another wire."""
        checked = self._checked_graph(wire.target.node)
        return checked is not None and checked.refuses(wire)

    def _checked_graph(self, id: str) -> CheckedGraph | None:
        """What is known of the graph, if the last check saw a node."""
        checked = self.subject.checked
        seen = checked is not None and self.captions.was_checked(id)
        return checked.graphs.get(self.subject.graph_name) if checked and seen else None

    def is_dim(self, *ids: str) -> bool:
        """Something else is lit."""
        return bool(self.subject.lit) and not self.subject.lit.issuperset(ids)

    def port(self, end: End, is_input: bool) -> PortLook:
        kind = self.input_kind(end) if is_input else self.output_kind(end)
        wired = self.captions.is_wired(end, is_input)
        state = self.state(Port(end, is_input))
        return PortLook(end.port, style.kind_colour(kind), wired, state)

    def state(self, port: Port) -> PortState:
        if self.subject.fits is None or port == self.subject.fixed:
            return "plain"
        return "lit" if self.subject.fits(port) else "dim"

    def input_kind(self, end: End) -> str:
        port = self.captions.input(end)
        return port.kind if port else "unknown"

    def output_kind(self, end: End) -> str:
        checked = self.subject.checked
        if checked is None or not self.captions.was_checked(end.node):
            return "unknown"
        return checked.kind(self.subject.graph_name, end)

    def wire(self, wire: Wire, curve: Curve) -> WireLook:
        checked = self.subject.checked
        known = checked is not None and self.captions.was_checked(wire.source.node)
        text = checked.shape_text(self.subject.graph_name, wire.source) if checked and known else ""
        colour = style.kind_colour(self.output_kind(wire.source))
        dim = self.is_dim(wire.source.node, wire.target.node) or self.is_refused(wire)
        return WireLook(curve, colour, text, wire == self.subject.selected_wire, dim)
