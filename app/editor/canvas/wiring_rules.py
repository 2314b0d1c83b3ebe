"""What gestures ask of the graph: where things lie, and which wires may be laid. No GUI."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pydantic import JsonValue

from app.editor.canvas.node_captions import Captions
from app.editor.canvas.scene import NodeShape, Port, Scene
from app.editor.session.session import Session
from graphs.document.document import End, Graph, Node, Wire
from graphs.document.identifiers import identifier

if TYPE_CHECKING:
    from graphs.nodetypes.node_type import NodeType


@dataclass(frozen=True)
class SessionBoard:
    """The graph that a session shows, as it is at one moment."""

    graph_name: str
    scene: Scene
    session: Session
    captions: Captions

    def allows(self, source: End, target: End) -> bool:
        """A wire may be laid at all: it closes no cycle."""
        return source.node not in self._downstream(target.node)

    def accepts(self, source: End, target: End) -> bool:
        """What leaves the output suits the input, as far as the last check knows."""
        checked = self.session.checked
        if checked is None or not self._were_checked(source, target):
            return self.allows(source, target)
        return self.allows(source, target) and checked.accepts(self.graph_name, source, target)

    def takes_many(self, target: End) -> bool:
        """An input takes several wires."""
        port = self.captions.input(target)
        return port is not None and port.many

    def _were_checked(self, *ends: End) -> bool:
        return all(self.captions.was_checked(end.node) for end in ends)

    @cached_property
    def _followers(self) -> dict[str, list[str]]:
        followers: dict[str, list[str]] = {}
        for wire in self.scene.graph.wires:
            followers.setdefault(wire.source.node, []).append(wire.target.node)
        return followers

    @cached_property
    def _reached(self) -> dict[str, frozenset[str]]:
        return {}

    def _downstream(self, node: str) -> frozenset[str]:
        if node not in self._reached:
            self._reached[node] = frozenset(self._walk(node))
        return self._reached[node]

    def _walk(self, node: str) -> set[str]:
        reached, waiting = set(), [node]
        while waiting:
            if (here := waiting.pop()) not in reached:
                reached.add(here)
                waiting.extend(self._followers.get(here, ()))
        return reached


def output_kind(session: Session, source: End) -> str:
    """The kind of what leaves an output port, as far as the last check knows."""
    checked, graph = session.checked, session.checked_graph
    if checked is None or graph is None or source.node not in graph.nodes:
        return "unknown"
    return checked.kind(session.graph_name, source)


def new_node(known: type[NodeType], **parameters: JsonValue) -> Node:
    """A node of a type with nothing set but these parameters."""
    return Node(type=known.type_name(), version=known.version, parameters=parameters)


def shape_of_new(library: Mapping[str, type[NodeType]], node: Node) -> NodeShape:
    """What a new node looks like."""
    return Captions(Graph(), library).shape(identifier(node.type), node)


def wire_to_new(known: type[NodeType], id: str, fixed: Port, kind: str = "unknown") -> Wire | None:
    """A wire between a port and the first port of a new node that suits it by its kind; None when
    there is none.
    """
    if known.block_fields():  # its ports follow a block that is not chosen yet
        return None
    if fixed.is_input:
        outputs = known.output_names()
        return Wire(source=End(id, outputs[0]), target=fixed.end) if outputs else None
    inputs = sorted(known().ports({}), key=lambda port: port.kind != kind)
    return Wire(source=fixed.end, target=End(id, inputs[0].name)) if inputs else None
