"""The classes of `main`: the network, and the program that says what happens on one batch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from graphs.arithmetic import Number, names_in
from graphs.block_classes import BlockClasses, class_text, forward_lines, indented
from graphs.blocks import BlockReference, Library
from graphs.checked import CheckedGraph
from graphs.checking import check
from graphs.describing import described_nodes, title_of
from graphs.document import Document, End, identifier
from graphs.expression_printer import ExpressionPrinter
from graphs.expressions import Call, walk
from graphs.hyperparameters import used, varied
from graphs.merging import Argument, Different
from graphs.naming import Imports, Names
from graphs.printing import Described, Scope, leaves
from graphs.programs import Program, Statement, program_of
from graphs.steps import Stage, stages_of

OWN_NAMES = (
    *("Program", "Path", "argparse", "save_file", "EPOCHS", "SEED", "BATCH_SIZE", "batch", "data"),
    *("load", "batches", "order_of", "size_of", "average", "train", "measure", "report", "main"),
    *("descend", "values"),
)
"""Names that the rest of an exported file uses."""


@dataclass
class Context:
    """A graph and its program, on the way to be printed."""

    graph: CheckedGraph
    program: Program
    library: Library
    imports: Imports = field(default_factory=Imports)

    def __post_init__(self) -> None:
        self.hyperparameters: dict[str, Number] = {}
        """Those that stay adjustable, with their usual values."""
        samples = [self.graph]
        for name in used(self.graph.graph):
            for pair in varied(self.library.document, name):
                if more := self._adjustable(name, samples, pair):
                    self.hyperparameters[name] = self.graph.graph.parameters[name]
                    samples += more
                    break
        self._print(samples)

    def _adjustable(
        self, name: str, samples: list[CheckedGraph], pair: tuple[Document, Document]
    ) -> list[CheckedGraph]:
        """The graph with two other values of a hyperparameter, if one file can serve them."""
        more = []
        for document in pair:
            checked = check(document, self.library.folder, self.library.cache)
            if checked.problems or program_of(checked.main) != self.program:
                return []
            more.append(checked.main)
        try:
            self._print([*samples, *more])
        except Different:
            return []
        return more

    def _print(self, samples: list[CheckedGraph]) -> None:
        program = self.program
        optimizers = [statement.optimizer for statement in program.statements]
        ids = (*program.data, *program.network, *program.judging, *optimizers)
        drawn = [list(described_nodes(sample, ids).values()) for sample in samples]
        self.imports = Imports()
        self.classes = BlockClasses(self.imports, Names(OWN_NAMES))
        for nodes in drawn:
            self.classes.collect(nodes)
        self.reserved = self._reserved([*drawn[0], *self.classes.nodes])
        self.block_texts = self.classes.texts()
        scopes = [sample.scope for sample in samples]
        self._described = {node.id: node for node in self.classes.merged(drawn, scopes)}

    def arguments(self, ids: Iterable[str]) -> list[str]:
        """The hyperparameters that nodes read, in the order of the graph."""
        values = [list(self._described[id].outputs.values()) for id in ids]
        texts = [value.text for value in walk(values) if isinstance(value, Argument)]
        read = {name for text in texts for name in names_in(text)}
        return [name for name in self.hyperparameters if name in read]

    def signature(self, names: list[str]) -> str:
        """Hyperparameters as arguments: `, width: int = WIDTH`."""
        types = {name: type(self.hyperparameters[name]).__name__ for name in names}
        return "".join(f", {name}: {kind} = {name.upper()}" for name, kind in types.items())

    def _reserved(self, nodes: list[Described]) -> set[str]:
        """Names that no variable may have: of functions, modules and hyperparameters."""
        calls = (e for node in nodes for e in walk(list(node.outputs.values())))
        targets = (e.target for e in calls if isinstance(e, Call))
        plain = (target for target in targets if not isinstance(target, BlockReference))
        constants = [name.upper() for name in self.graph.graph.parameters]
        return {
            *OWN_NAMES,
            *self.graph.graph.parameters,
            *constants,
            *map(self.imports.name, plain),
        }

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
        context, scope, shapes = self.context, self.scope, self.context.shapes
        scope.print_nodes(context.described(context.program.network), shapes, self.outputs)
        given = ", ".join(f"{name} {shapes[end]}" for end, name in self.arguments.items())
        about = f"From {given} to {', '.join(shapes[end] for end in self.outputs)}."
        methods = forward_lines(self.arguments.values(), scope, self.outputs, shapes)
        return class_text(self.name, about, *scope.kept(), methods, context.signature(self.names))

    @property
    def names(self) -> list[str]:
        """The hyperparameters that its constructor takes."""
        return self.context.arguments(self.context.program.network)


class ProgramClass:
    """What happens on one batch: losses and metrics, and the optimizers' steps.

    With one optimizer the network is a class of its own, and a step is an evaluation followed by an
    update. With several, the step is their stages, one after another.
    """

    def __init__(
        self, context: Context, network: NetworkClass | None, labels: dict[str, str]
    ) -> None:
        self.context = context
        self.network = network
        self.labels = labels
        program = context.program
        read = [*context.entering(program.network), *context.entering(program.judging)]
        fields = dict.fromkeys(end for end in read if end.node in program.data)
        names = Names(context.reserved)
        self.fields = {end: names.unique(identifier(context.field(end))) for end in fields}
        taken = Names(["network", "evaluate", "step", "train", "eval", "forward"])
        self.scope = Scope(context.imports, dict(self.fields), names, taken)

    def text(self) -> str:
        """The class's source."""
        evaluate = self._evaluate()
        init, extra = self.scope.kept()
        if self.network:
            given = ", ".join(f"{name}={name}" for name in self.network.names)
            init = [f"self.network = {self.network.name}({given})", *init]
        init = [*init, *self._optimizers()]
        step = self._update() if self.network else self._stages()
        methods = [*evaluate, "", *step]
        program = self.context.program
        optimizers = [statement.optimizer for statement in program.statements]
        names = self.context.arguments([*program.network, *program.judging, *optimizers])
        arguments = self.context.signature(names)
        return class_text("Program", "What happens on one batch.", init, extra, methods, arguments)

    def _evaluate(self) -> list[str]:
        context, scope, program = self.context, self.scope, self.context.program
        results = [self._value(id) for id in program.logged]
        lines = self._reads(results)
        if self.network:
            lines.append(self._call_network(self.network))
            nodes = context.described(program.judging)
        else:
            order = context.graph.wiring.order
            inside = {*program.network, *program.judging}
            nodes = context.described(tuple(id for id in order if id in inside))
        scope.print_nodes(nodes, context.shapes, results)
        logged = ", ".join(f'"{self.labels[end.node]}": {scope.values[end]}' for end in results)
        return [
            "def evaluate(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:",
            '    """Losses and metrics of one batch."""',
            *indented([*lines, *scope.lines]),
            f"    return {{{logged}}}",
        ]

    def _reads(self, results: list[End]) -> list[str]:
        """Lines that take the fields out of a batch."""
        context = self.context
        return [
            f'{name} = batch["{context.field(end)}"]  # {context.shapes[end]}'
            for end, name in self.fields.items()
        ]

    def _call_network(self, network: NetworkClass) -> str:
        scope, shapes = self.scope, self.context.shapes
        arguments = ", ".join(scope.values[end] for end in network.inputs)
        for end in network.outputs:
            several = len(self.context.graph.outputs(end.node)) > 1
            wanted = end.port if several else identifier(self.context.title(end.node))
            scope.values[end] = scope.names.unique(wanted)
        results = ", ".join(scope.values[end] for end in network.outputs)
        comment = ", ".join(shapes[end] for end in network.outputs)
        return f"{results} = self.network({arguments})  # {comment}"

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
        printer = ExpressionPrinter(self.context.imports, values, keep_defaults=True)
        return printer.text(node.outputs[""])

    def _owned(self, statement: Statement) -> str:
        """The parameters that an optimizer moves."""
        graph = self.context.graph
        weighted = {id for id in self.context.program.network if graph.weights[id]}
        if self.network and set(statement.owned) == weighted:
            return "self.network.parameters()"
        modules = self._modules(statement)
        if len(modules) == 1:
            return f"{modules[0]}.parameters()"
        return f"[{', '.join(f'*{module}.parameters()' for module in modules)}]"

    def _modules(self, statement: Statement) -> list[str]:
        keys = [self.context.graph.weights_key(id) for id in statement.owned]
        inner = self.network.scope.modules if self.network else {}
        owners = (("self.network", inner), ("self", self.scope.modules))
        return [
            f"{owner}.{name}"
            for key in keys
            for owner, kept in owners
            for name in kept.get(key, [])
        ]

    def _update(self) -> list[str]:
        """The step of a program with one optimizer, or with several that have nothing in common."""
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
            *indented(lines),
            "",
            "    return {name: value.detach() for name, value in values.items()}",
        ]

    def _stages(self) -> list[str]:
        """The step of a program with several optimizers."""
        stages = stages_of(self.context.graph, self.context.program)
        scope = self.scope.sibling(self.fields)
        lines = self._reads([])
        for number, stage in enumerate(stages):
            lines += ["", *self._stage(scope, stage, stages[number + 1 :])]
        results = [self._value(id) for id in self.context.program.logged]
        logged = ", ".join(
            f'"{self.labels[end.node]}": {scope.values[end]}.detach()' for end in results
        )
        return [
            "def step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:",
            '    """Each optimizer in turn moves its own weights."""',
            *indented(lines),
            "",
            f"    return {{{logged}}}",
        ]

    def _stage(self, scope: Scope, stage: Stage, later: tuple[Stage, ...]) -> list[str]:
        scope.lines.clear()
        nodes = self.context.described(stage.computed)
        kept = [self._value(id) for id in (*stage.measured, *stage.measured)]
        if stage.statement:
            kept += [stage.statement.loss] * 2
        kept += [
            leaf.end
            for after in later
            for node in self.context.described(after.computed)
            for leaf in leaves(node.outputs.values())
            if leaf.end.node in after.reused
        ]
        scope.print_nodes(nodes, self.context.shapes, kept)
        if stage.statement is None:
            return ["# only measured", "with torch.no_grad():", *indented(scope.lines)]
        name = self.attributes[stage.statement.optimizer]
        loss = scope.values[stage.statement.loss]
        self.context.imports.lines.add("import torch")
        return [self._comment(stage), *scope.lines, f"descend(self.{name}, {loss})"]

    def _comment(self, stage: Stage) -> str:
        """What a stage minimises, over which weights, and what it uses again."""
        assert stage.statement is not None
        name = self.attributes[stage.statement.optimizer]
        loss = self.labels[stage.statement.loss.node]
        owned = ", ".join(m.removeprefix("self.") for m in self._modules(stage.statement))
        again = [identifier(self.context.title(id)) for id in stage.reused]
        holds = (
            f"; {', '.join(again)} still {'holds' if len(again) == 1 else 'hold'}" if again else ""
        )
        return f"# {name}: minimise {loss} over {owned}{holds}"
