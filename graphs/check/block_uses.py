"""Blocks: graphs used inside others, known by what they make of what arrives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

from graphs.check.facts_cache import Cache
from graphs.check.node_parameters import ParameterValues, spelled_content, validated
from graphs.check.results import CheckedGraph
from graphs.check.shape_inference import Arrivals, BlockMisfit, Facts, infer, meta_of
from graphs.document.document import MAIN, Document, End, Graph, Node
from graphs.document.identifiers import identifier
from graphs.document.parameter_expressions import Number
from graphs.nodetypes.block_ports import BlockInput
from graphs.nodetypes.expressions import Call, Evaluation, walk
from graphs.nodetypes.node_type import BlockInterface, Misfit, NodeType, Port, node_types
from graphs.nodetypes.tensor_kinds import Meta, Tensor

Pass = Callable[["Library", str, Mapping[str, Meta], ParameterValues], CheckedGraph]
"""Checks one graph with what is given to its inputs and parameters."""


class Use(NamedTuple):
    """What tells one use of a block from another: what arrives, and its parameters' values."""

    block: str
    given: tuple[Meta, ...]
    scope: tuple[tuple[str, Number], ...]

    @property
    def spelled(self) -> tuple[str | None, ...]:
        """The expressions that its parameters' values came from; equal uses may differ in them."""
        return tuple(getattr(value, "text", None) for _, value in self.scope)


class HeldUses(NamedTuple):
    """What is known of a node that holds blocks."""

    facts: Facts
    uses: tuple[Use, ...]
    """Every use of a block that was checked on the way, in order."""
    by_call: tuple[Use | None, ...]
    """The use of each block that its description constructs, in the order of `walk`; None where it
    is not applied."""


class BlockReference:
    """Stands for a block in a description. Calling it constructs a module for meta runs."""

    is_module = True

    def __init__(self, library: Library, name: str) -> None:
        self.library = library
        self.name = name
        self.__name__ = name
        self._given: tuple[Meta, ...] | None = None

    def __call__(self, **arguments: Number) -> BlockModule:
        module = BlockModule(self.library, self.name, arguments)
        if self._given is not None:
            module(*map(_tensor, self._given))
        return module

    @property
    def interface(self) -> BlockInterface:
        """What the block shows."""
        return self.library.interfaces[self.name]

    def with_weights_for(self, *given: Meta) -> BlockReference:
        """The block with weights for what will arrive, known before it is applied to it."""
        reference = BlockReference(self.library, self.name)
        reference._given = given
        return reference

    def results(self, given: Iterable[Meta], arguments: Mapping[str, Number]) -> list[Meta]:
        """What leaves the block, for what arrives. Raises BlockMisfit when it has problems."""
        result = self(**arguments)(*map(_tensor, given))
        return [meta_of(value) for value in (result if isinstance(result, tuple) else (result,))]


class BlockModule(nn.Module):
    """A block on the meta device: applying it checks the block and gives its shapes."""

    def __init__(self, library: Library, name: str, arguments: dict[str, Number]) -> None:
        super().__init__()
        self.library = library
        self.name = name
        self.arguments = arguments
        self.use: Use | None = None

    def forward(self, *tensors: torch.Tensor) -> Any:
        """What leaves the block, as meta tensors. Raises BlockMisfit when it has problems."""
        before = self.use
        self.use = self.library.use(self.name, tuple(map(meta_of, tensors)), self.arguments)
        checked = self.library.checked(self.use)
        ends = result_ends(checked)
        if checked.problems or any(end not in checked.metas for end in ends):
            raise BlockMisfit(checked.name, checked.problems, self.use)
        shapes = [shape for key in weight_keys(checked) for shape in checked.weights[key]]
        if before is None:
            made = (nn.Parameter(torch.empty(shape, device="meta")) for shape in shapes)
            self.learned = nn.ParameterList(made)
        elif shapes != [weight.shape for weight in self.parameters()]:
            came, first = (
                " and ".join(meta.text for meta in use.given) for use in (self.use, before)
            )
            raise Misfit(f"{self.name} got {first}, then {came}: its weights do not fit both")
        metas = [checked.metas[end] for end in ends]
        made_ = [_tensor(meta) for meta in metas]
        return made_[0] if len(made_) == 1 else tuple(made_)


def _tensor(meta: Meta) -> torch.Tensor:
    return torch.empty(meta.shape, dtype=getattr(torch, meta.dtype), device="meta")


def weight_keys(checked: CheckedGraph) -> list[str]:
    """Nodes that stand for all weights of a graph; of several that share theirs, the first."""
    first: dict[str, str] = {}
    for node in checked.wiring.order:
        if checked.weights.get(node):
            first.setdefault(checked.weights_key(node), node)
    return list(first.values())


def result_ends(checked: CheckedGraph) -> list[End]:
    """The ends that a block's outputs are wired to, in their order."""
    outputs = port_nodes(checked.graph, "output")
    return [next(checked.graph.into(id)).source for id in outputs.values()]


def port_nodes(graph: Graph, role: str) -> dict[str, str]:
    """The nodes that are a block's inputs or outputs, by the port's name."""
    found: dict[str, str] = {}
    for id, node in graph.nodes.items():
        if node.type in node_types() and node_types()[node.type].role == role:
            name = identifier(node.label or id)
            found[name if name not in found else f"{name}_{len(found) + 1}"] = id
    return found


@dataclass
class Library:
    """The blocks of a document, each use checked once; sound ones are remembered by content."""

    document: Document
    folder: Path | None
    cache: Cache
    pass_: Pass
    started: bool = False
    """Whether it is for a training that goes on, with weights of its own."""
    code: Path | None = None
    """Where its Python files lie."""

    def __post_init__(self) -> None:
        self._checked: dict[Use, CheckedGraph] = {}
        self._open: list[str] = []
        self._closures: dict[str, str | None] = {}
        self._used: list[list[Use]] = []
        self.first: dict[str, Use] = {}
        """The use of each block that its inside is shown for."""

    @cached_property
    def interfaces(self) -> Mapping[str, BlockInterface]:
        """What each block shows."""
        graphs = self.document.graphs.items()
        return {name: _interface(graph) for name, graph in graphs if name != MAIN}

    def reference(self, name: str) -> BlockReference:
        """What stands for a block in a description. Raises Misfit when there is none."""
        if name not in self.interfaces:
            known = ", ".join(self.interfaces) or "none"
            raise Misfit(f"there is no block {name!r}; the document has {known}")
        return BlockReference(self, name)

    def use(self, name: str, given: tuple[Meta, ...], arguments: Mapping[str, Number]) -> Use:
        """A use of a block, its parameters' defaults filled in."""
        scope = {**self.interfaces[name].parameters, **arguments}
        return Use(name, given, tuple(sorted(scope.items())))

    def checked(self, use: Use) -> CheckedGraph:
        """A block checked for one use. Raises Misfit when it contains itself."""
        if use.block in self._open:
            raise Misfit(f"{use.block} contains itself: take one of the two away")
        if self._used:
            self._used[-1].append(use)
        if use not in self._checked:
            self.first.setdefault(use.block, use)
            self._checked[use] = self._recalled(use) or self._pass(use)
        return self._checked[use]

    def _recalled(self, use: Use) -> CheckedGraph | None:
        """A use that was sound in a document with the same block, if there was one."""
        closure = self.closure(use.block)
        if closure is None or (known := self.cache.blocks.get((closure, use, use.spelled))) is None:
            return None
        checked: CheckedGraph = known[0]
        for part in known[1]:
            self.checked(part)
        drawn = self.document.graphs[use.block]
        graph = drawn if checked.graph is checked.drawn else checked.graph
        return replace(checked, drawn=drawn, graph=graph, library=self)

    def _pass(self, use: Use) -> CheckedGraph:
        inputs = port_nodes(self.document.graphs[use.block], "input").values()
        given = dict(zip(inputs, use.given, strict=True))
        self._open.append(use.block)
        self._used.append([])
        try:
            checked = self.pass_(self, use.block, given, dict(use.scope))
        finally:
            self._open.pop()
            inner = tuple(dict.fromkeys(self._used.pop()))
        closure = self.closure(use.block)
        if closure is not None and not checked.problems:
            self.cache.blocks.put((closure, use, use.spelled), (checked, inner))
        return checked

    def closure(self, name: str) -> str | None:
        """What a block and all that it holds mean, as text; None where files decide it too."""
        if name not in self._closures:
            inside = [self.document.graphs[part] for part in self._inside(name)]
            types = [node_types().get(n.type) for graph in inside for n in graph.nodes.values()]
            fixed = all(type_ is not None and type_.remembered for type_ in types)
            self._closures[name] = "\n".join(g.content for g in inside) if fixed else None
        return self._closures[name]

    def _inside(self, name: str) -> list[str]:
        """A block and the blocks that it holds, however deep."""
        found, waiting = [], [name]
        while waiting:
            block = waiting.pop()
            if block not in found and block in self.interfaces:
                found.append(block)
                nodes = self.document.graphs[block].nodes.values()
                waiting += [held for node in nodes for held in held_blocks(node)]
        return sorted(found)

    def held(self, type_: NodeType, arrivals: Arrivals) -> HeldUses:
        """What is known of a node that holds blocks, as `infer`; the uses are checked."""
        names = [getattr(type_, name) for name in type_.block_fields()]
        parts = [self.closure(name) if name in self.interfaces else None for name in names]
        key = (spelled_content(type_), tuple(parts), arrivals)
        known = None if None in parts else self.cache.held.get(key)
        if known is None:
            known = self._infer_held(type_, arrivals)
            if None not in parts and known.facts.problem is None:
                self.cache.held.put(key, known)
        else:
            for use in known.uses:
                self.checked(use)
        return known

    def _infer_held(self, type_: NodeType, arrivals: Arrivals) -> HeldUses:
        self._used.append([])
        by_call: list[Use | None] = []

        def note(values: Any, run: Evaluation) -> None:
            by_call.extend(run.value(call).use for call in references_in(values))

        try:
            facts = infer(type_, arrivals, self, note)
        finally:
            uses = tuple(dict.fromkeys(self._used.pop()))
            if self._used:
                self._used[-1].extend(uses)
        return HeldUses(facts, uses, tuple(by_call))


def references_in(values: Any) -> list[Call]:
    """The constructions of blocks in a description, in order."""
    calls = (part for part in walk(values) if isinstance(part, Call))
    return [call for call in calls if isinstance(call.target, BlockReference)]


def held_blocks(node: Node) -> list[str]:
    """The names of the blocks that a node holds, as they were written."""
    type_ = node_types().get(node.type)
    if type_ is None:
        return []
    defaults = {name: type_.model_fields[name].default for name in type_.block_fields()}
    return [str(node.parameters.get(name, default)) for name, default in defaults.items()]


def _interface(graph: Graph) -> BlockInterface:
    inputs = tuple(_input_port(graph, id, name) for name, id in port_nodes(graph, "input").items())
    return BlockInterface(inputs, tuple(port_nodes(graph, "output")), graph.parameters)


def _input_port(graph: Graph, id: str, name: str) -> Port:
    """The port that an input node is, from outside: it takes what the node says it takes."""
    type_ = validated(graph.nodes[id], graph.parameters)
    return Port(name, type_.takes if isinstance(type_, BlockInput) else Tensor)
