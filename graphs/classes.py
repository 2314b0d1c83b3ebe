"""The classes of an exported file: the network, and what happens on one batch."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from graphs.checked import CheckedGraph
from graphs.document import End, identifier
from graphs.expressions import Call, walk
from graphs.kinds import Meta, Weights
from graphs.node_type import NodeType
from graphs.printing import Described, ExpressionPrinter, Imports, Names, Scope, describe
from graphs.programs import Program, Statement

OWN_NAMES = (
    *("Program", "Path", "argparse", "save_file", "EPOCHS", "SEED", "BATCH_SIZE", "batch", "data"),
    *("load", "batches", "order_of", "size_of", "average", "train", "measure", "report", "main"),
)
"""Names that the rest of an exported file uses."""


@dataclass
class Context:
    """A graph and its program, on the way to be printed."""

    graph: CheckedGraph
    program: Program
    imports: Imports = field(default_factory=Imports)

    def title(self, id: str) -> str:
        """What a node is called: its label, or its id."""
        return self.graph.graph.nodes[id].label or id

    def described(self, ids: tuple[str, ...]) -> list[Described]:
        """What nodes describe, their leaves being the ends that their wires come from."""
        return [self._described[id] for id in ids]

    @cached_property
    def _described(self) -> dict[str, Described]:
        program, types = self.program, self.graph.types
        optimizers = [statement.optimizer for statement in program.statements]
        return {
            id: describe(id, self.title(id), types[id], self._sources(id, types[id]))
            for id in (*program.data, *program.network, *program.judging, *optimizers)
        }

    def _sources(self, id: str, type_: NodeType) -> dict[str, list[tuple[End, Meta]]]:
        return {
            port.name: [
                (wire.source, self.graph.metas[wire.source])
                for wire in self.graph.graph.into(id, port.name)
            ]
            for port in type_.inputs()
            if port.takes is not Weights
        }

    @cached_property
    def reserved(self) -> set[str]:
        """Names that no variable may have: of functions and modules that the nodes refer to."""
        nodes = self.described((*self.program.data, *self.program.network, *self.program.judging))
        calls = (e for node in nodes for e in walk(list(node.outputs.values())))
        names = {self.imports.name(e.target) for e in calls if isinstance(e, Call)}
        return {*OWN_NAMES, *names}

    def shape(self, end: End) -> str:
        """The shape of a value, as a comment says it."""
        return self.graph.metas[end].text

    def shapes(self, ends: list[End]) -> str:
        """The shapes of several values."""
        return ", ".join(map(self.shape, ends))

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
        read = context.entering(program.judging)
        self.outputs = [end for end in read if end.node in program.network]
        names = Names([*context.reserved, name])
        self.arguments = {end: names.unique(identifier(end.port)) for end in self.inputs}
        self.scope = Scope(context.imports, dict(self.arguments), names)

    def text(self) -> str:
        """The class's source."""
        context, scope = self.context, self.scope
        scope.print_nodes(
            context.described(context.program.network), context.graph.metas, self.outputs
        )
        arguments = "".join(f", {name}: Tensor" for name in self.arguments.values())
        given = ", ".join(f"{name} {context.shape(end)}" for end, name in self.arguments.items())
        several = ", ".join(["Tensor"] * len(self.outputs))
        returns = "Tensor" if len(self.outputs) == 1 else f"tuple[{several}]"
        result = ", ".join(scope.values[end] for end in self.outputs)
        return _class(
            self.name,
            f"From {given} to {context.shapes(self.outputs)}.",
            scope.init,
            [
                f"def forward(self{arguments}) -> {returns}:",
                *_indented(scope.lines),
                f"    return {result}  # {context.shapes(self.outputs)}",
            ],
        )


class ProgramClass:
    """What happens on one batch: losses and metrics, and the optimizers' steps."""

    def __init__(self, context: Context, network: NetworkClass, labels: dict[str, str]) -> None:
        self.context = context
        self.network = network
        self.labels = labels
        program = context.program
        read = [*context.entering(program.network), *context.entering(program.judging)]
        fields = dict.fromkeys(end for end in read if end.node in program.data)
        names = Names(context.reserved)
        self.fields = {end: names.unique(identifier(context.field(end))) for end in fields}
        taken = Names(["network", "evaluate", "step"])
        self.scope = Scope(context.imports, dict(self.fields), names, taken)

    def text(self) -> str:
        """The class's source."""
        evaluate = self._evaluate()
        init = [f"self.network = {self.network.name}()", *self.scope.init, *self._optimizers()]
        methods = [*evaluate, "", *self._step()]
        return _class("Program", "What happens on one batch.", init, methods)

    def _evaluate(self) -> list[str]:
        context, scope = self.context, self.scope
        results = [self._value(id) for id in context.program.logged]
        reads = [
            f'{name} = batch["{context.field(end)}"]  # {context.shape(end)}'
            for end, name in self.fields.items()
        ]
        called = self._call_network()
        scope.print_nodes(context.described(context.program.judging), context.graph.metas, results)
        logged = ", ".join(f'"{self.labels[end.node]}": {scope.values[end]}' for end in results)
        return [
            "def evaluate(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:",
            '    """Losses and metrics of one batch."""',
            *_indented([*reads, called, *scope.lines]),
            f"    return {{{logged}}}",
        ]

    def _call_network(self) -> str:
        outputs, scope = self.network.outputs, self.scope
        arguments = ", ".join(scope.values[end] for end in self.network.inputs)
        for end in outputs:
            several = len(self.context.graph.outputs(end.node)) > 1
            wanted = end.port if several else identifier(self.context.title(end.node))
            scope.values[end] = scope.names.unique(wanted)
        results = ", ".join(scope.values[end] for end in outputs)
        return f"{results} = self.network({arguments})  # {self.context.shapes(outputs)}"

    def _value(self, id: str) -> End:
        return End(id, self.context.graph.outputs(id)[0].name)

    def _optimizers(self) -> list[str]:
        self.attributes = {
            statement.optimizer: self.scope.attributes.unique(
                identifier(self.context.title(statement.optimizer))
            )
            for statement in self.context.program.statements
        }
        return [
            f"self.{self.attributes[statement.optimizer]} = {self._optimizer(statement)}"
            for statement in self.context.program.statements
        ]

    def _optimizer(self, statement: Statement) -> str:
        (node,) = self.context.described((statement.optimizer,))
        values = {End("", "owned"): self._owned(statement)}
        return ExpressionPrinter(self.context.imports, values, keep_defaults=True).text(
            node.outputs[""]
        )

    def _owned(self, statement: Statement) -> str:
        """The parameters that an optimizer moves."""
        context = self.context
        if set(statement.owned) == {i for i in context.program.network if context.graph.weights[i]}:
            return "self.network.parameters()"
        modules = [
            *_attributes("self.network", self.network.scope, statement),
            *_attributes("self", self.scope, statement),
        ]
        return f"[{', '.join(f'*{module}.parameters()' for module in modules)}]"

    def _step(self) -> list[str]:
        lines = ["values = self.evaluate(batch)"]
        for statement in self.context.program.statements:
            name, loss = self.attributes[statement.optimizer], self.labels[statement.loss.node]
            lines += [
                "",
                f"# {name}: minimise {loss}",
                f"self.{name}.zero_grad()",
                f'values["{loss}"].backward()',
                f"self.{name}.step()",
            ]
        return [
            "def step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:",
            '    """Evaluate one batch, then let every optimizer move its weights."""',
            *_indented(lines),
            "",
            "    return {name: value.detach() for name, value in values.items()}",
        ]


def _attributes(owner: str, scope: Scope, statement: Statement) -> list[str]:
    return [f"{owner}.{name}" for id in statement.owned for name in scope.modules.get(id, [])]


def _class(name: str, about: str, init: list[str], methods: list[str]) -> str:
    lines = [
        "def __init__(self) -> None:",
        "    super().__init__()",
        *_indented(init),
        "",
        *methods,
    ]
    return "\n".join([f"class {name}(nn.Module):", f'    """{about}"""', "", *_indented(lines)])


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" if line else "" for line in lines]
