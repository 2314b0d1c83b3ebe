"""What is wrong with a document, all at once, each on its node; and what every wire carries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from graphs.document import MAIN, Document, End, Graph, Node, Wire, identifier
from graphs.edits import AddNode, Connect, Disconnect, RemoveNodes, SetParameters
from graphs.inference import Arrivals, Cache, Facts, infer, validated
from graphs.kinds import Meta, Tensor, kind_of
from graphs.node_type import Data, NodeType, Port, node_types, port_names
from graphs.problems import Fix, Problem
from graphs.programs import program_problems
from graphs.wiring import Wiring


@dataclass(frozen=True)
class CheckedGraph:
    """A graph with all that is known of it."""

    name: str
    graph: Graph
    wiring: Wiring
    types: dict[str, NodeType]
    """Each node whose type and parameters are known, in the graph's order."""
    metas: dict[End, Meta]
    """What leaves each output port that is known."""
    weights: dict[str, int]
    """How many numbers each node learns."""
    problems: tuple[Problem, ...]

    def inputs(self, node: str) -> tuple[Port, ...]:
        """A node's input ports; for an unknown type, those that its wires name."""
        type_ = node_types().get(self.graph.nodes[node].type)
        return type_.inputs() if type_ else _named(w.target.port for w in self.graph.into(node))

    def outputs(self, node: str) -> tuple[Port, ...]:
        """A node's output ports; for an unknown type, those that its wires name."""
        type_ = node_types().get(self.graph.nodes[node].type)
        names = type_.output_names() if type_ else [w.source.port for w in self.graph.out_of(node)]
        return _named(names)


@dataclass(frozen=True)
class Checked:
    """A document with all that is known of it."""

    document: Document
    graphs: dict[str, CheckedGraph]
    problems: tuple[Problem, ...]

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
        """How many numbers a node learns."""
        return self.graphs[graph].weights.get(node, 0)

    def accepts(self, graph: str, source: End, target: End) -> bool:
        """Whether a wire may be laid: the kind fits, as far as it is known, and no cycle closes."""
        checked = self.graphs[graph]
        port = next((p for p in checked.inputs(target.node) if p.name == target.port), None)
        if port is None or checked.wiring.closes_cycle(source.node, target.node):
            return False
        meta = checked.metas.get(source)
        return meta is None or port.takes.accepts(meta)


def check(document: Document, folder: Path | None = None, cache: Cache | None = None) -> Checked:
    """Find all problems of a document. `folder` is where its data files lie.

    With a cache that knows the nodes, nothing is run again but what an edit changed and what it
    reaches.
    """
    cache = cache or _cache
    graphs = {
        name: _GraphCheck(name, graph, folder, cache).result()
        for name, graph in document.graphs.items()
    }
    problems = [problem for checked in graphs.values() for problem in checked.problems]
    return Checked(document, graphs, (*problems, *program_problems(graphs[MAIN])))


_cache = Cache()


@dataclass
class _GraphCheck:
    """One pass over a graph, sources first."""

    name: str
    graph: Graph
    folder: Path | None
    cache: Cache
    types: dict[str, NodeType] = field(default_factory=dict)
    metas: dict[End, Meta] = field(default_factory=dict)
    weights: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    arriving: dict[str, dict[str, list[Wire]]] = field(default_factory=dict)

    def result(self) -> CheckedGraph:
        """Check everything."""
        wiring = Wiring(self.graph)
        self._check_wires()
        for node in self.graph.nodes:
            if node in wiring.cyclic:
                self._report(node, "its wires lead back to itself: take one wire of the cycle away")
        for node in wiring.order:
            self._check_node(node, self.graph.nodes[node])
        place = {node: number for number, node in enumerate(self.graph.nodes)}
        self.problems.sort(key=lambda problem: place.get(problem.node or "", -1))
        return CheckedGraph(
            self.name,
            self.graph,
            wiring,
            self.types,
            self.metas,
            self.weights,
            tuple(self.problems),
        )

    def _report(
        self,
        node: str,
        text: str,
        port: str | None = None,
        parameter: str | None = None,
        fixes: tuple[Fix, ...] = (),
    ) -> None:
        self.problems.append(
            Problem(
                graph=self.name, node=node, port=port, parameter=parameter, text=text, fixes=fixes
            )
        )

    def _check_wires(self) -> None:
        for wire in self.graph.wires:
            missing = self._missing_end(wire)
            if missing is None:
                ports = self.arriving.setdefault(wire.target.node, {})
                ports.setdefault(wire.target.port, []).append(wire)
            else:
                self._report_missing(wire, missing)

    def _missing_end(self, wire: Wire) -> End | None:
        """The end of a wire where no node or no port is."""
        source, target = (self.graph.nodes.get(end.node) for end in (wire.source, wire.target))
        if source is None or not _has(port_names(source.type)[1], wire.source.port):
            return wire.source
        if target is None or not _has(port_names(target.type)[0], wire.target.port):
            return wire.target
        return None

    def _report_missing(self, wire: Wire, end: End) -> None:
        """Say it at the node, or where that is missing, at the wire's other end."""
        remove = Fix(title="Remove the wire", edits=(Disconnect(graph=self.name, wires=(wire,)),))
        if end.node in self.graph.nodes:
            self._report(end.node, f"there is no port {end.port}: remove its wire", fixes=(remove,))
            return
        other = wire.target if end == wire.source else wire.source
        if other.node in self.graph.nodes:
            text = f"a wire ends at {end}, and there is no node {end.node}: remove the wire"
            self._report(other.node, text, fixes=(remove,))

    def _check_node(self, id: str, node: Node) -> None:
        if node.type not in node_types():
            self._report(
                id,
                f"there is no node type {node.type} here: it is kept, but cannot be trained",
                fixes=(
                    Fix(title="Remove the node", edits=(RemoveNodes(graph=self.name, ids=(id,)),)),
                ),
            )
            return
        type_ = validated(node)
        if not isinstance(type_, NodeType):
            for parameter, text in type_:
                self._report(id, text, parameter=parameter)
        connected = self._check_inputs(id, node_types()[node.type].inputs())
        if not isinstance(type_, NodeType):
            return
        self.types[id] = type_
        arrivals = self._arrivals(id, type_)
        if connected and arrivals is not None and self._data_is_there(id, type_):
            self._infer(id, node, type_, arrivals)

    def _check_inputs(self, id: str, ports: tuple[Port, ...]) -> bool:
        """Whether every port has the wires that it needs."""
        before = len(self.problems)
        for port in ports:
            wires = self.arriving.get(id, {}).get(port.name, [])
            if not wires and not port.optional and not port.many:
                self._report(id, f"{port.name} needs a wire", port=port.name)
            if len(wires) > 1 and not port.many:
                fixes = tuple(
                    Fix(
                        title=f"Keep the wire from {wire.source.node}",
                        edits=(
                            Disconnect(
                                graph=self.name, wires=tuple(w for w in wires if w is not wire)
                            ),
                        ),
                    )
                    for wire in wires
                )
                self._report(
                    id, f"{port.name} takes one wire, got {len(wires)}", port.name, fixes=fixes
                )
        return len(self.problems) == before

    def _arrivals(self, id: str, type_: NodeType) -> Arrivals | None:
        """What arrives at each port, or None where something is not known yet."""
        arrivals = []
        for port in type_.inputs():
            wires = self.arriving.get(id, {}).get(port.name, [])
            metas = [self.metas.get(wire.source) for wire in wires]
            known = tuple(meta for meta in metas if meta is not None)
            if len(known) < len(wires):
                return None
            arrivals.append((port.name, known))
        return tuple(arrivals)

    def _data_is_there(self, id: str, type_: NodeType) -> bool:
        complaints = type_.complaints(self.folder) if isinstance(type_, Data) else []
        for complaint in complaints:
            fixes = self._use(id, complaint.use)
            self._report(id, complaint.text, parameter=complaint.parameter, fixes=fixes)
        return not complaints

    def _infer(self, id: str, node: Node, type_: NodeType, arrivals: Arrivals) -> None:
        facts = self.cache.facts(node, type_, arrivals)
        if facts.problem is not None:
            fixes = (*self._use(id, facts.use), *self._adapters(id, type_, arrivals, facts))
            self._report(id, facts.problem, facts.port, fixes=fixes)
        self.weights[id] = facts.weights
        self.metas.update((End(id, port), meta) for port, meta in facts.outputs)

    def _use(self, id: str, use: Mapping[str, object]) -> tuple[Fix, ...]:
        if not use:
            return ()
        words = ", ".join(f"{name} = {_short(value)}" for name, value in use.items())
        edit = SetParameters.model_validate({"graph": self.name, "id": id, "parameters": use})
        return (Fix(title=f"Use {words}", edits=(edit,)),)

    def _adapters(
        self, id: str, type_: NodeType, arrivals: Arrivals, facts: Facts
    ) -> tuple[Fix, ...]:
        """Node types that, put into the wire of a bad port, make what arrives fit."""
        port = next((p for p in type_.inputs() if p.name == facts.port), None)
        if port is None:
            return ()
        (wire, *_), (meta, *_) = self.arriving[id][port.name], dict(arrivals)[port.name]
        return tuple(
            self._insertion(name, adapter, wire)
            for name, adapter in node_types().items()
            if adapter.adapter and self._adapts(adapter, meta, port)
        )

    def _adapts(self, adapter: type[NodeType], meta: Meta, port: Port) -> bool:
        facts = infer(adapter(), ((adapter.inputs()[0].name, (meta,)),))
        return facts.problem is None and port.takes.accepts(facts.outputs[0][1])

    def _insertion(self, name: str, adapter: type[NodeType], wire: Wire) -> Fix:
        """Put a node of a type into a wire, halfway."""
        id = self.graph.free_id(identifier(name))
        (x1, y1), (x2, y2) = (
            self.graph.nodes[end.node].position for end in (wire.source, wire.target)
        )
        node = Node(type=name, version=adapter.version, position=((x1 + x2) / 2, (y1 + y2) / 2))
        before = Wire(source=wire.source, target=End(id, adapter.inputs()[0].name))
        after = Wire(source=End(id, adapter.output_names()[0]), target=wire.target)
        return Fix(
            title=f"Insert {name}",
            edits=(
                AddNode(graph=self.name, id=id, node=node),
                Disconnect(graph=self.name, wires=(wire,)),
                Connect(graph=self.name, wire=before),
                Connect(graph=self.name, wire=after),
            ),
        )


def _has(names: frozenset[str] | None, port: str) -> bool:
    return names is None or port in names


def _named(names: Iterable[str]) -> tuple[Port, ...]:
    return tuple(Port(name, Tensor) for name in dict.fromkeys(names))


def _short(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
