"""What is wrong with a document, all at once, each on its node; and what every wire carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from graphs.check.block_uses import Library, Use, port_nodes
from graphs.check.facts_cache import Cache
from graphs.check.node_parameters import (
    ParameterValues,
    holds_expressions,
    resolved_content,
    validated,
)
from graphs.check.quick_fixes import (
    adapters,
    keep_one,
    mend_complaint,
    remove_node,
    remove_wire,
    use_parameters,
)
from graphs.check.results import Checked, CheckedGraph, is_data, ports_of
from graphs.check.shape_inference import Arrivals, BlockMisfit, Facts, Shapes, infer
from graphs.check.switch_pruning import chosen
from graphs.check.topology import Wiring
from graphs.document.document import MAIN, Document, End, Graph, Node, Wire
from graphs.document.identifiers import REFUSED
from graphs.document.problems import Fix, Problem
from graphs.nodetypes.block_ports import BlockInput, BlockOutput
from graphs.nodetypes.file_dependencies import Complaint
from graphs.nodetypes.node_type import Misfit, NodeType, Port, node_types, port_names
from graphs.nodetypes.tensor_kinds import Meta


def check_graphs(
    document: Document,
    folder: Path | None = None,
    cache: Cache | None = None,
    started: bool = False,
    code: Path | None = None,
) -> Checked:
    """Find all problems of a document's graphs. `folder` is where its files lie; its Python files
    in `code`, where that is given. `started`: it is for a training that goes on.

    With a cache that knows the nodes, nothing is run again but what an edit changed and what it
    reaches. A block is shown for its first use; one that is not used is checked without sizes.
    """
    library = Library(document, folder, cache or _cache, _pass, started, code or folder)
    main = _pass(library, MAIN, None, document.main.parameters)
    graphs = {MAIN: main}
    for name in library.interfaces:
        first = library.first.get(name)
        graphs[name] = library.checked(first) if first else _unused(library, name)
    problems = [problem for checked in graphs.values() for problem in checked.problems]
    return Checked(document, graphs, tuple(problems), library)


_cache = Cache()
_OF_MAIN = ("data", "probe", "optimizer")
"""The roles of nodes that no block may hold."""


def _pass(
    library: Library, name: str, given: Mapping[str, Meta] | None, scope: ParameterValues
) -> CheckedGraph:
    return _GraphPass(library, name, library.document.graphs[name], given, scope).result()


def _unused(library: Library, name: str) -> CheckedGraph:
    return _pass(library, name, {}, {**library.interfaces[name].parameters, "i": 0})


@dataclass
class _GraphPass:
    """One pass over a graph, sources first. `given` is what arrives at a block's input nodes."""

    library: Library
    name: str
    drawn: Graph
    given: Mapping[str, Meta] | None
    scope: ParameterValues
    types: dict[str, NodeType] = field(default_factory=dict)
    metas: dict[End, Meta] = field(default_factory=dict)
    weights: dict[str, Shapes] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    arriving: dict[str, dict[str, list[Wire]]] = field(default_factory=dict)
    uses: dict[str, tuple[Use | None, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Leave out what no choice asks for."""
        self.graph, self.wrong = chosen(self.drawn, self.scope)
        for id, misfit in self.wrong.items():
            self._report(id, str(misfit), fixes=use_parameters(self.name, id, misfit.use))

    def result(self) -> CheckedGraph:
        """Check everything."""
        wiring = Wiring(self.graph)
        self._check_types()
        self._check_wires()
        for node in self.graph.nodes:
            if node in wiring.cyclic:
                self._report(node, "its wires lead back to itself: take one wire of the cycle away")
        for node in wiring.order:
            self._check_node(node)
        self._check_shared_weights()
        self._check_averages()
        self._check_ports_of_graph()
        self._check_parameter_names()
        place = {node: number for number, node in enumerate(self.graph.nodes)}
        self.problems.sort(key=lambda problem: place.get(problem.node or "", -1))
        return CheckedGraph(
            self.name,
            self.drawn,
            self.graph,
            wiring,
            self.types,
            self.metas,
            self.weights,
            self.uses,
            tuple(self.problems),
            self.scope,
            self.library,
        )

    def _report(
        self,
        node: str | None,
        text: str,
        port: str | None = None,
        parameter: str | None = None,
        fixes: tuple[Fix, ...] = (),
    ) -> None:
        place = {"graph": self.name, "node": node, "port": port, "parameter": parameter}
        self.problems.append(Problem(**place, text=text, fixes=fixes))

    def _check_types(self) -> None:
        for id, node in self.graph.nodes.items():
            if node.type not in node_types():
                text = f"there is no node type {node.type} here: it is kept, but cannot be trained"
                self._report(id, text, fixes=(remove_node(self.name, id),))
                continue
            type_ = validated(node, self.scope)
            if isinstance(type_, NodeType):
                self._place(id, type_)
            else:
                for parameter, text in type_:
                    self._report(id, text, parameter=parameter)

    def _place(self, id: str, type_: NodeType) -> None:
        try:
            self.types[id] = type_.placed(self.library.code)
        except Misfit as misfit:
            self._report(id, str(misfit), fixes=use_parameters(self.name, id, misfit.use))

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
        for end, side in ((wire.source, 1), (wire.target, 0)):
            if end.node not in self.graph.nodes:
                return end
            names = self._port_names(end.node, side)
            if names is not None and end.port not in names:
                return end
        return None

    def _port_names(self, id: str, side: int) -> frozenset[str] | None:
        type_ = node_types().get(self.graph.nodes[id].type)
        if type_ is None or not type_.varies():
            return port_names(self.graph.nodes[id].type)[side]
        return frozenset(port.name for port in self._ports(id)[side])

    def _ports(self, id: str) -> tuple[tuple[Port, ...], tuple[Port, ...]]:
        return ports_of(self.graph, id, self.types.get(id), self.library.interfaces)

    def _report_missing(self, wire: Wire, end: End) -> None:
        """Say it at the node, or where that is missing, at the wire's other end."""
        fixes = (remove_wire(self.name, wire),)
        if end.node in self.graph.nodes:
            self._report(end.node, f"there is no port {end.port}: remove its wire", fixes=fixes)
            return
        other = wire.target if end == wire.source else wire.source
        if other.node in self.graph.nodes:
            text = f"a wire ends at {end}, and there is no node {end.node}: remove the wire"
            self._report(other.node, text, fixes=fixes)

    def _check_node(self, id: str) -> None:
        node = self.graph.nodes[id]
        if node.type not in node_types():
            return
        if self.given is not None and node_types()[node.type].role in _OF_MAIN:
            self._report(id, "data, probes and optimizers stand in main: move it there")
            return
        ports = self._ports(id)[0]
        connected = self._check_inputs(id, ports)
        type_ = self.types.get(id)
        if type_ is None or id in self.wrong:
            return
        arrivals = self._arrivals(id, ports)
        if isinstance(type_, BlockInput):
            self._give(id)
        elif self._files_are_there(id, type_) and connected and arrivals is not None:
            self._infer(id, node, type_, arrivals)

    def _give(self, id: str) -> None:
        """What arrives at the block leaves its input node."""
        if self.given is not None and id in self.given:
            self.weights[id] = ()
            self.metas[End(id, self._ports(id)[1][0].name)] = self.given[id]

    def _check_inputs(self, id: str, ports: tuple[Port, ...]) -> bool:
        """Whether every port has the wires that it needs."""
        before = len(self.problems)
        for port in ports:
            wires = self.arriving.get(id, {}).get(port.name, [])
            if not wires and not port.optional and not port.many:
                self._report(id, f"{port.name} needs a wire", port=port.name)
            if len(wires) > 1 and not port.many:
                text = f"{port.name} takes one wire, got {len(wires)}"
                self._report(id, text, port.name, fixes=tuple(keep_one(self.name, wires)))
        if is_data(self.graph, id):
            self._check_data(id)
        return len(self.problems) == before

    def _check_data(self, id: str) -> None:
        """Data is made from the samples of one other data node, before there are batches."""
        wires = [wire for found in self.arriving.get(id, {}).values() for wire in found]
        sources = dict.fromkeys(wire.source.node for wire in wires)
        for wire in wires:
            if not is_data(self.graph, wire.source.node):
                text = f"{wire.target.port} takes samples of a data node, which {wire.source} is no"
                fixes = (remove_wire(self.name, wire),)
                self._report(id, f"{text} part of: wire one", wire.target.port, fixes=fixes)
        if len(sources) > 1:
            text = f"it takes samples of {' and '.join(sources)}: wire both ports to one of them"
            self._report(id, text)

    def _arrivals(self, id: str, ports: tuple[Port, ...]) -> Arrivals | None:
        """What arrives at each port, or None where something is not known yet."""
        arrivals = []
        for port in ports:
            wires = self.arriving.get(id, {}).get(port.name, [])
            metas = [self.metas.get(wire.source) for wire in wires]
            known = tuple(meta for meta in metas if meta is not None)
            if len(known) < len(wires):
                return None
            arrivals.append((port.name, known))
        return tuple(arrivals)

    def _files_are_there(self, id: str, type_: NodeType) -> bool:
        try:
            complaints = type_.complaints(self.library.folder)
        except (OSError, ValueError, RuntimeError) as error:  # a name that is no path, say
            complaints = [Complaint(f"its files cannot be looked at: {error}")]
        for complaint in complaints:
            fixes = mend_complaint(self.name, id, complaint)
            self._report(id, complaint.text, parameter=complaint.parameter, fixes=fixes)
        return not complaints

    def _infer(self, id: str, node: Node, type_: NodeType, arrivals: Arrivals) -> None:
        try:
            facts = self._facts(id, node, type_, arrivals)
        except BlockMisfit as misfit:
            if misfit.problems and self.library.first.get(misfit.block) != misfit.use:
                inner = misfit.problems[0]
                self._report(id, f"inside {misfit.block}, at {inner.node}: {inner.text}")
            return
        if facts.problem is not None:
            self._report(
                id, facts.problem, facts.port, fixes=self._fixes(id, type_, arrivals, facts)
            )
            return
        self.weights[id] = facts.weights
        self.metas.update((End(id, port), meta) for port, meta in facts.outputs)

    def _facts(self, id: str, node: Node, type_: NodeType, arrivals: Arrivals) -> Facts:
        """What is known of a node."""
        if type_.block_fields():
            held = self.library.held(type_, arrivals)
            self.uses[id] = held.by_call
            return held.facts
        if not type_.remembered:
            return infer(type_, arrivals, self.library)
        content = resolved_content(type_) if holds_expressions(node) else node.content
        return self.library.cache.facts(content, type_, arrivals)

    def _fixes(self, id: str, type_: NodeType, arrivals: Arrivals, facts: Facts) -> tuple[Fix, ...]:
        use = use_parameters(self.name, id, facts.use)
        port = next((p for p in self._ports(id)[0] if p.name == facts.port), None)
        if port is None:
            return use
        (wire, *_), (meta, *_) = self.arriving[id][port.name], dict(arrivals)[port.name]
        return (*use, *adapters(self.name, self.graph, wire, meta, port))

    def _check_shared_weights(self) -> None:
        """Nodes that share weights need weights of equal shapes, and all or none of them frozen."""
        first: dict[str, str] = {}
        learning = {type_.shared_weights for type_ in self.types.values() if type_.learns}
        for id, type_ in self.types.items():
            if not (type_.learns or type_.frozen) and type_.shared_weights not in learning - {""}:
                text = "it is frozen here, and no use trains its weights: give one the same name"
                self._report(id, text, parameter="weights")
            if type_.shared_weights and id in self.weights:
                other = first.setdefault(type_.shared_weights, id)
                if self.weights[other] != self.weights[id]:
                    text = "needs weights of another shape: give it weights of its own"
                    self._report(id, f"it shares its weights with {other} and {text}")
                elif self.types[other].frozen != type_.frozen:
                    text = "and only one of the two is frozen: make them alike"
                    self._report(id, f"it shares its weights with {other}, {text}")

    def _check_averages(self) -> None:
        """A moving average follows weights of the same shapes, in main."""
        named = {type_.shared_weights: id for id, type_ in self.types.items()}
        for id, type_ in self.types.items():
            if type_.follows and self.given is not None:
                self._report(id, "a moving average stands in main: move it there")
            elif type_.follows and named.get(type_.follows, id) == id:
                text = "average_of names no weights of another use: give them that name"
                self._report(id, text, parameter="average_of")
            elif type_.follows and id in self.weights:
                other = named[type_.follows]
                if self.weights.get(other, self.weights[id]) != self.weights[id]:
                    self._report(id, f"it follows {other}, which has weights of another shape")

    def _check_parameter_names(self) -> None:
        """Parameters become arguments, constants and flags, which must not hide anything."""
        for name in self.graph.parameters:
            if name in REFUSED:
                self._report(None, f"the parameter {name} has a name that code uses: rename it")

    def _check_ports_of_graph(self) -> None:
        """Input and output nodes stand in blocks; a block has an output."""
        if self.given is None:
            for id, type_ in self.types.items():
                if isinstance(type_, BlockInput | BlockOutput):
                    text = "inputs and outputs belong to blocks: remove it from main"
                    self._report(id, text, fixes=(remove_node(self.name, id),))
        elif not port_nodes(self.graph, "output"):
            self._report(None, f"{self.name} has no output: add an output node and wire it")
