"""What is known of a document once it has been checked."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from graphs.check.node_parameters import ParameterValues, validated
from graphs.check.shape_inference import Shapes
from graphs.check.topology import Wiring
from graphs.document.document import MAIN, Document, End, Graph, Wire
from graphs.document.problems import Problem
from graphs.nodetypes.node_type import BlockInterface, NodeType, Port, node_types
from graphs.nodetypes.outputs import output_paths
from graphs.nodetypes.tensor_kinds import Meta, Tensor, kind_of

if TYPE_CHECKING:
    from graphs.check.block_uses import Library, Use


@dataclass(frozen=True)
class CheckedGraph:
    """A graph with all that is known of it; a block, for one of its uses."""

    name: str
    drawn: Graph
    """The graph as it is drawn."""
    graph: Graph
    """What of it there is, without what no choice asks for."""
    wiring: Wiring
    types: dict[str, NodeType]
    """Each node of it whose type and parameters are known, in the graph's order."""
    metas: dict[End, Meta]
    """What leaves each output port that is known."""
    weights: dict[str, Shapes]
    """The shapes of each node's learned parameters."""
    uses: dict[str, tuple[Use | None, ...]]
    """For each node that holds blocks, the use of every block that its description constructs."""
    problems: tuple[Problem, ...]
    scope: ParameterValues
    """The values of the graph's parameters."""
    library: Library
    described: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """What its nodes describe, as far as `described_nodes` was asked for it."""

    def inputs(self, node: str) -> tuple[Port, ...]:
        """A node's input ports; for an unknown type, those that its wires name."""
        return self._ports(node)[0]

    def outputs(self, node: str) -> tuple[Port, ...]:
        """A node's output ports; for an unknown type, those that its wires name."""
        return self._ports(node)[1]

    def _ports(self, node: str) -> tuple[Ports, Ports]:
        if node not in self._known_ports:
            self._known_ports[node] = self._find_ports(node)
        return self._known_ports[node]

    @cached_property
    def _known_ports(self) -> dict[str, tuple[Ports, Ports]]:
        return {}

    def _find_ports(self, node: str) -> tuple[Ports, Ports]:
        type_ = self.types.get(node)
        if self.leaves_out(node):
            made = validated(self.drawn.nodes[node], self.scope)
            type_ = made if isinstance(made, NodeType) else None
        return ports_of(self.drawn, node, type_, self.library.interfaces)

    @cached_property
    def wiring_as_drawn(self) -> Wiring:
        """The wiring with what no choice asks for: a cycle may not close there either."""
        return self.wiring if self.graph is self.drawn else Wiring(self.drawn)

    def leaves_out(self, node: str) -> bool:
        """Whether a node is drawn, and no choice asks for it."""
        return node in self.drawn.nodes and node not in self.graph.nodes

    def refuses(self, wire: Wire) -> bool:
        """Whether a wire is drawn, and no choice asks for it."""
        return wire in self._refused

    @cached_property
    def _refused(self) -> frozenset[Wire]:
        return frozenset(self.drawn.wires) - frozenset(self.graph.wires)

    def weights_key(self, node: str) -> str:
        """What two nodes with the same weights have in common."""
        type_ = self.types.get(node)
        return (type_.shared_weights if type_ else "") or node

    @cached_property
    def detached(self) -> frozenset[str]:
        """The nodes that no gradient passes."""
        return frozenset(id for id, type_ in self.types.items() if type_.stops_gradient)

    def learning_from(self, node: str) -> set[str]:
        """The nodes that a gradient of a node's value reaches."""
        return self.wiring.upstream([node], without=self.detached)


@dataclass(frozen=True)
class Checked:
    """A document with all that is known of it."""

    document: Document
    graphs: dict[str, CheckedGraph]
    problems: tuple[Problem, ...]
    blocks: Library

    @property
    def main(self) -> CheckedGraph:
        return self.graphs[MAIN]

    def meta(self, graph: str, end: End) -> Meta | None:
        """What leaves an output port, if it is known."""
        return self.graphs[graph].metas.get(end)

    def shape_text(self, graph: str, end: End) -> str:
        """The shape on a wire, `(N, 32, 8, 8)`, or nothing."""
        meta = self.meta(graph, end)
        return meta.text if meta else ""

    def kind(self, graph: str, end: End) -> str:
        """The kind of what leaves an output port: image, sequence, …, or unknown."""
        meta = self.meta(graph, end)
        return kind_of(meta).title if meta else "unknown"

    def inputs(self, graph: str, node: str) -> tuple[Port, ...]:
        """A node's input ports."""
        return self.graphs[graph].inputs(node)

    def outputs(self, graph: str, node: str) -> tuple[Port, ...]:
        """A node's output ports."""
        return self.graphs[graph].outputs(node)

    def count_parameters(self, graph: str, node: str) -> int:
        """How many learned parameters a node has."""
        return sum(map(math.prod, self.graphs[graph].weights.get(node, ())))

    def count_all_parameters(self, graph: str) -> int:
        """How many learned parameters a graph has; weights that nodes share count once."""
        checked = self.graphs[graph]
        shapes = {checked.weights_key(id): weights for id, weights in checked.weights.items()}
        return sum(math.prod(shape) for weights in shapes.values() for shape in weights)

    def accepts(self, graph: str, source: End, target: End) -> bool:
        """Whether a wire may be laid: the kind fits, as far as it is known, and no cycle closes."""
        checked = self.graphs[graph]
        port = next((p for p in checked.inputs(target.node) if p.name == target.port), None)
        if port is None or checked.wiring_as_drawn.closes_cycle(source.node, target.node):
            return False
        if is_data(checked.drawn, target.node) and not is_data(checked.drawn, source.node):
            return False
        meta = checked.metas.get(source)
        return meta is None or port.takes.accepts(meta)


def is_data(graph: Graph, id: str) -> bool:
    """Whether a node is a data node."""
    type_ = node_types().get(graph.nodes[id].type)
    return type_ is not None and type_.role == "data"


Ports = tuple[Port, ...]


def ports_of(
    graph: Graph, id: str, type_: NodeType | None, interfaces: Mapping[str, BlockInterface]
) -> tuple[Ports, Ports]:
    """A node's input and output ports; those that its wires name, where nothing else does."""
    known = node_types().get(graph.nodes[id].type)
    if known is None or (known.varies() and type_ is None):
        return _named(w.target.port for w in graph.into(id)), _named(
            w.source.port for w in graph.out_of(id)
        )
    if type_ is None or not known.varies():
        return known.inputs(), _named(known.output_names())
    outputs = (name for name, _ in output_paths(type_.results(interfaces)))
    return type_.ports(interfaces), _named(outputs)


def _named(names: Iterable[str]) -> Ports:
    return tuple(Port(name, Tensor) for name in dict.fromkeys(names))
