"""What the classes of `main` are printed from, and the first of them: the network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from graphs.check.results import CheckedGraph
from graphs.codegen.classes.block_classes import (
    BlockClasses,
    class_text,
    docstring,
    forward_lines,
    shapes_text,
)
from graphs.codegen.classes.split_metrics import finishing, is_over_split, kept
from graphs.codegen.expressions.descriptions import described_nodes, share_descriptions, title_of
from graphs.codegen.expressions.imports import Imports
from graphs.codegen.expressions.lowering import lower_nodes
from graphs.codegen.expressions.merge_uses import Argument, Different
from graphs.codegen.expressions.names import ParameterName, argument_name
from graphs.codegen.expressions.own_names import local_names, reserved_names
from graphs.codegen.expressions.printing import Described, Scope
from graphs.document.document import End
from graphs.document.identifiers import Names, identifier
from graphs.document.parameter_expressions import Number, names_in
from graphs.nodetypes.expressions import walk
from graphs.nodetypes.safetensors_header import Start
from graphs.program.partition import Program


class Option(NamedTuple):
    """A hyperparameter that stays adjustable in the exported file."""

    name: ParameterName
    value: Number
    help: str


def merges(samples: list[CheckedGraph], program: Program) -> bool:
    """Whether one file can serve a graph with these values of its hyperparameters."""
    classes = BlockClasses(Imports(), Names())
    drawn = _drawn(samples, program)
    for nodes in drawn:
        classes.collect(nodes)
    try:
        classes.merge()
        classes.merged(drawn, [sample.scope for sample in samples], {})
    except Different:
        return False
    return True


def _drawn(samples: list[CheckedGraph], program: Program) -> list[list[Described]]:
    """What the nodes of a program describe, in each sample."""
    optimizers = [statement.optimizer for statement in program.statements]
    inside = (*program.network, *program.judging, *program.watching)
    ids = (*program.loaded, *inside, *optimizers)
    first, *others = samples
    drawn = [list(described_nodes(first, ids).values())]
    for other in others:
        share_descriptions(first, other)
        drawn.append(list(described_nodes(other, ids).values()))
    return drawn


@dataclass
class Context:
    """A graph and its program, on the way to be printed."""

    graph: CheckedGraph
    program: Program
    hyperparameters: dict[str, Number]
    """Those that stay adjustable, with their usual values."""
    samples: list[CheckedGraph]
    """The graph, and with other values of the hyperparameters."""
    imports: Imports = field(default_factory=Imports)

    def __post_init__(self) -> None:
        samples = self.samples
        drawn = _drawn(samples, self.program)
        self.names = Names(reserved_names())
        self.classes = BlockClasses(self.imports, self.names)
        for nodes in drawn:
            self.classes.collect(nodes)
        self._reserve([*drawn[0], *self.classes.nodes])
        blocks = self.classes.merge()
        scopes = [sample.scope for sample in samples]
        arguments = {name: given.argument for name, given in self.parameters.items()}
        merged = {node.id: node for node in self.classes.merged(drawn, scopes, arguments)}
        self.block_texts = [self.classes.text(block) for block in blocks]
        split = [id for id, node in merged.items() if is_over_split(node)]
        self.finishing = {id: finishing(merged[id]) for id in split}
        """For metrics of a whole split, what is made of all that was kept of its batches."""
        self._described = {**merged, **{id: kept(merged[id]) for id in split}}

    def arguments(self, ids: Iterable[str]) -> list[str]:
        """The hyperparameters that nodes read, in the order of the graph, as arguments."""
        values = [list(self._described[id].outputs.values()) for id in ids]
        texts = [value.text for value in walk(values) if isinstance(value, Argument)]
        read = {name for text in texts for name in names_in(text)}
        names = (self.parameters[name].argument for name in self.hyperparameters)
        return [name for name in names if name in read]

    def signature(self, names: list[str]) -> str:
        """Hyperparameters as arguments: `, width: int = WIDTH`."""
        types = {name: type(value).__name__ for name, value in self.hyperparameters.items()}
        given = {self.parameters[name].argument: name for name in types}
        constants = {name: self.parameters[given[name]].constant for name in names}
        return "".join(f", {n}: {types[given[n]]} = {constants[n]}" for n in names)

    def _reserve(self, nodes: list[Described]) -> None:
        """Take the names of what goes along, then give hyperparameters theirs."""
        values = [list(node.outputs.values()) for node in nodes]
        brought = {*reserved_names(), *self.imports.take(values)}
        self.names.reserve(brought)
        self.names.reserve(self.imports.take_users(values, brought))
        parameters = self.graph.graph.parameters
        constants = {name: self.names.unique(argument_name(name).upper()) for name in parameters}
        arguments = self.names.inner(local_names())
        self.parameters = {
            name: ParameterName(arguments.unique(argument_name(name)), constant)
            for name, constant in constants.items()
        }
        """What each hyperparameter is called in the file."""

    @property
    def options(self) -> list[Option]:
        """The hyperparameters that stay adjustable."""
        help_ = self.graph.graph.help
        return [
            Option(self.parameters[name], value, help_.get(name, ""))
            for name, value in self.hyperparameters.items()
        ]

    @property
    def argument_names(self) -> list[str]:
        """What hyperparameters are called as arguments, whether they are any or not."""
        return [name.argument for name in self.parameters.values()]

    def title(self, id: str) -> str:
        """What a node is called: its label, or its id."""
        return title_of(self.graph, id)

    def described(self, ids: tuple[str, ...]) -> list[Described]:
        """What nodes describe, with the classes of blocks in their places."""
        return [self._described[id] for id in ids]

    @cached_property
    def shapes(self) -> dict[End, str]:
        """The shape of every value, as a comment says it."""
        return {end: meta.text for end, meta in self.graph.metas.items()}

    @cached_property
    def starts(self) -> dict[str, Start]:
        """The files that weights start from, by what nodes with these weights have in common."""
        ids = (*self.program.layers, *self.program.probing)
        found = ((id, self.graph.types[id].starts_from) for id in ids)
        return {self.graph.weights_key(id): start for id, start in found if start}

    def field(self, end: End) -> str:
        """A field's name in a batch; with several data nodes the node's id stands before it."""
        return end.port if len(self.program.data) == 1 else f"{end.node}.{end.port}"

    def entering(self, ids: tuple[str, ...]) -> list[End]:
        """The ends outside a part of the graph that its nodes read, in order."""
        wires = (wire for id in ids for wire in self.graph.graph.into(id))
        return list(dict.fromkeys(w.source for w in wires if w.source.node not in ids))


class NetworkClass:
    """The network: from fields of a batch to what losses and metrics read."""

    def __init__(self, context: Context, name: str) -> None:
        self.context = context
        self.name = name
        program = context.program
        self.inputs = context.entering(program.network)
        watched = context.entering(program.watching)
        read = dict.fromkeys([*context.entering(program.judging), *watched])
        self.outputs = [end for end in read if end.node in program.network]
        names = context.names.inner(("self", *context.argument_names))
        fields = {end: identifier(context.field(end)) for end in self.inputs}
        self.arguments = {end: names.unique(field) for end, field in fields.items()}
        self.scope = Scope(context.imports, dict(self.arguments), names)

    def text(self) -> str:
        """The class's source."""
        context, scope, shapes = self.context, self.scope, self.context.shapes
        lower_nodes(scope, context.described(context.program.network), shapes, self.outputs)
        said = context.graph.drawn.description
        about = docstring(shapes_text(self.arguments, self.outputs, shapes), said)
        methods = forward_lines(self.arguments.values(), scope, self.outputs, shapes)
        return class_text(self.name, about, *scope.kept(), methods, context.signature(self.names))

    @property
    def names(self) -> list[str]:
        """The hyperparameters that its constructor takes."""
        return self.context.arguments(self.context.program.network)
