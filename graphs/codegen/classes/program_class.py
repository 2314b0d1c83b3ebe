"""The class that says what happens on one batch: evaluation, and the optimizers' steps."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap
from typing import NamedTuple

from graphs.codegen.classes.block_classes import class_text, commented, docstring, indented
from graphs.codegen.classes.compilation import Context, NetworkClass
from graphs.codegen.classes.optimizer_step import OptimizerStep
from graphs.codegen.classes.probe_methods import ProbeMethods
from graphs.codegen.expressions.expression_printer import ExpressionPrinter
from graphs.codegen.expressions.lowering import lower_nodes
from graphs.codegen.expressions.names import attribute_names
from graphs.codegen.expressions.own_names import CLASSES, local_names, method_names
from graphs.codegen.expressions.printing import Scope, leaves, shapes_comment
from graphs.codegen.expressions.statements import Variable, left_side
from graphs.document.document import End
from graphs.document.identifiers import identifier
from graphs.nodetypes.expressions import Call
from graphs.program.log_names import LogNames
from graphs.program.optimizer_options import moves_rate
from graphs.program.partition import Statement
from graphs.program.stages import Stage, looked_at_again, stages_of

_OF_LENGTH = "; their learning rates follow a schedule over the whole training"
_OF_NO_LENGTH = ", which do not depend on how long the training is"


class _Called(NamedTuple):
    """The attributes that hold an optimizer, its schedule, and its weights where it shares the
    program with others.
    """

    optimizer: str
    scheduler: str
    weights: str


class ProgramClass:
    """What happens on one batch: losses and metrics, and the optimizers' steps.

    With one optimizer the network is a class of its own, and a step is an evaluation followed by an
    update. With several, the step is their stages, one after another.
    """

    def __init__(self, context: Context, network: NetworkClass | None, labels: LogNames) -> None:
        self.context = context
        self.network = network
        self.labels = labels.logged
        self.probes = labels.probes
        program = context.program
        parts = (program.network, program.judging, program.watching)
        read = [[e for e in context.entering(ids) if e.node in program.data] for ids in parts]
        names = context.names.inner((*local_names(CLASSES), *context.argument_names))
        ends = dict.fromkeys(end for part in read for end in part)
        self.fields = {end: names.unique(identifier(context.field(end))) for end in ends}
        self.of_step = {end: self.fields[end] for end in dict.fromkeys([*read[0], *read[1]])}
        taken = attribute_names(method_names())
        self.scope = Scope(context.imports, dict(self.of_step), names, taken)
        self.called = {s.optimizer: self._called(s) for s in program.statements}

    def text(self) -> str:
        """The class's source."""
        evaluate = self._evaluate()
        probes = ProbeMethods(self, self.probes).text()
        init, extra = self.scope.kept()
        if self.network:
            given = ", ".join(f"{name}={name}" for name in self.network.names)
            init = [f"self.network = {self.network.name}({given})", *init]
        init = [*init, *self._counters()]
        configure = self._configure_optimizers()
        step = self._update() if self.network else self._stages()
        methods = [*self._load_weights(), *evaluate, "", *configure, "", *step]
        methods += [*self._end_of_epoch(), *probes]
        about = docstring("What happens on one batch.")
        return class_text("Program", about, init, extra, methods, self._signature())

    def _signature(self) -> str:
        program = self.context.program
        inside = [*program.network, *program.judging, *program.watching]
        return self.context.signature(self.context.arguments(inside))

    def _called(self, statement: Statement) -> _Called:
        """Names for what moves weights: the only optimizer is called so, if it has no label."""
        program, id = self.context.program, statement.optimizer
        alone = len(program.statements) == 1 and not self.context.graph.graph.nodes[id].label
        prefix = "" if alone else f"{identifier(self.context.title(id))}_"
        moves = moves_rate(statement.options) != "never"
        give = self.scope.attributes.unique
        return _Called(
            give(f"{prefix}optimizer"),
            give(f"{prefix}scheduler") if moves else "",
            "" if self.network else give(f"{prefix}weights"),
        )

    def _evaluate(self) -> list[str]:
        context, scope, program = self.context, self.scope, self.context.program
        results = [self._value(id) for id in program.logged]
        lines = self.reads(self.of_step)
        if self.network:
            wanted = set(context.entering(program.judging))
            lines += self.call_network(self.network, scope, wanted)
            nodes = context.described(program.judging)
        else:
            order = context.graph.wiring.order
            inside = {*program.network, *program.judging}
            nodes = context.described(tuple(id for id in order if id in inside))
        lower_nodes(scope, nodes, context.shapes, results)
        logged = ", ".join(f'"{self.labels[end.node]}": {scope.text(end)}' for end in results)
        return [
            "def evaluate(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:",
            '    """Losses and metrics of one batch."""',
            *indented([*lines, *scope.lines]),
            f"    return {{{logged}}}",
        ]

    def reads(self, fields: Iterable[End]) -> list[str]:
        """Lines that take fields out of a batch."""
        context = self.context
        return [
            f"{self.fields[end]} = batch[{context.field(end)!r}]  # {context.shapes[end]}"
            for end in fields
        ]

    def call_network(self, network: NetworkClass, scope: Scope, wanted: set[End]) -> list[str]:
        """The lines that computes what is wanted of the network."""
        shapes = self.context.shapes
        arguments = ", ".join(scope.text(end) for end in network.inputs)
        for end in network.outputs:
            several = len(self.context.graph.outputs(end.node)) > 1
            name = end.port if several else identifier(self.context.title(end.node))
            if end in wanted:
                scope.values[end] = Variable(scope.names.unique(name))
        results = left_side([scope.values.get(end) for end in network.outputs])
        comment = shapes_comment(shapes[end] for end in network.outputs)
        return commented(f"{results} = self.network({arguments})", comment)

    def _value(self, id: str) -> End:
        """The value that is logged for a node: what an optimizer minimises, or its only output."""
        minimised = {s.loss.node: s.loss for s in self.context.program.statements}
        return minimised.get(id) or End(id, self.context.graph.outputs(id)[0].name)

    def _configure_optimizers(self) -> list[str]:
        """The method that makes the optimizers and their schedules, the same for all programs."""
        program = self.context.program
        ids = [statement.optimizer for statement in program.statements]
        lines = self._optimizers()
        given = self.context.signature(self.context.arguments(ids))
        about = f"Make the optimizer{'s' if len(ids) > 1 else ''}"
        about += f"{_OF_LENGTH}." if program.needs_length else f"{_OF_NO_LENGTH}."
        head = f"self, steps_per_epoch: int, epochs: int = EPOCHS{given}"
        return [
            f"def configure_optimizers({head}) -> None:",
            f'    """{about}"""',
            *indented(lines),
        ]

    def _optimizers(self) -> list[str]:
        """Lines that make the optimizers and their schedules."""
        self.updates: dict[str, OptimizerStep] = {}
        lines = []
        for statement in self.context.program.statements:
            update = OptimizerStep(
                statement.options,
                *self.called[statement.optimizer],
                parameters=self._owned(statement),
                loss_name=self.labels[statement.loss.node],
            )
            self.updates[statement.optimizer] = update
            lines += self._construction(statement, update)
        return lines

    def _construction(self, statement: Statement, update: OptimizerStep) -> list[str]:
        (node,) = self.context.described((statement.optimizer,))
        values = {End("", "owned"): update.given}
        printer = ExpressionPrinter(self.context.imports, values, keep_defaults=True)
        made = node.outputs[""]
        assert isinstance(made, Call)
        return update.construction(printer.text(made), printer.text(made.kwargs["lr"]))

    def _counters(self) -> list[str]:
        """What a step must know of the training so far."""
        program = self.context.program
        epoch = ["self.epoch = 1  # the loop says which one it is"] if program.asks_epoch else []
        return [*epoch, *(["self.batches = 0"] if program.counts_batches else [])]

    def _load_weights(self) -> list[str]:
        """The method for weights that start from files."""
        calls = [
            f"load_part({module}, folder / {start.file!r}{f', {start.part!r}' * bool(start.part)})"
            for key, start in self.context.starts.items()
            for module in self._kept([key])
        ]
        if not calls:
            return []
        self.context.imports.lines.add("from pathlib import Path")
        return [
            "def load_weights(self, folder: Path) -> None:",
            '    """Give those weights that start from a file their first values."""',
            *indented(calls),
            "",
        ]

    def _count(self) -> list[str]:
        return ["self.batches += 1"] if self.context.program.counts_batches else []

    def _end_of_epoch(self) -> list[str]:
        """The method for schedules that go by epochs."""
        lines = [line for update in self.updates.values() for line in update.at_epochs_end()]
        if not lines:
            return []
        return [
            "",
            "def end_epoch(self, validation: dict[str, float]) -> None:",
            '    """Change the learning rates that go by epochs."""',
            *indented(lines),
        ]

    def _owned(self, statement: Statement) -> str:
        """The parameters that an optimizer moves."""
        graph = self.context.graph
        network = (id for id in self.context.program.network if graph.weights[id])
        owned = {graph.weights_key(id) for id in statement.owned}
        if self.network and owned == {graph.weights_key(id) for id in network}:
            return "self.network.parameters()"
        modules = self._modules(statement)
        if len(modules) == 1:
            return f"{modules[0]}.parameters()"
        return f"[{', '.join(f'*{module}.parameters()' for module in modules)}]"

    def _averages(self) -> list[str]:
        """Lines in which moving averages follow what has moved."""
        graph, program = self.context.graph, self.context.program
        pairs = dict.fromkeys(
            (graph.weights_key(id), graph.types[id].follows)
            for id in (*program.network, *program.judging, *program.probing)
            if graph.types[id].follows
        )
        lines = [
            f"{mine}.follow({theirs})"
            for own, followed in pairs
            for mine, theirs in zip(self._kept([own]), self._kept([followed]), strict=True)
        ]
        return ["", *lines] if lines else []

    def _modules(self, statement: Statement) -> list[str]:
        return self._kept(self.context.graph.weights_key(id) for id in statement.owned)

    def _kept(self, keys: Iterable[str]) -> list[str]:
        """The attributes that hold the modules of these weights."""
        inner = self.network.scope.modules if self.network else {}
        owners = (("self.network", inner), ("self", self.scope.modules))
        return [
            f"{owner}.{name}"
            for key in keys
            for owner, kept in owners
            for name in kept.get(key, [])
        ]

    def _update(self) -> list[str]:
        """The step of a program with one optimizer."""
        (statement,) = self.context.program.statements
        update = self.updates[statement.optimizer]
        evaluate, loss = ["values = self.evaluate(batch)", ""], f'values["{update.loss_name}"]'
        if statement.options.needs_closure:
            evaluate = ["with torch.no_grad():", *indented(evaluate)]
            update.again.append(f'{update.loss} = self.evaluate(batch)["{update.loss_name}"]')
        comment = f"# minimise {update.loss_name}"
        return [
            "def step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:",
            '    """Evaluate one batch, then let the optimizer move its weights."""',
            *indented([*self._count(), *update.lines([*evaluate, comment], loss)]),
            *indented(self._averages()),
            "",
            "    return {name: value.detach() for name, value in values.items()}",
        ]

    def _stages(self) -> list[str]:
        """The step of a program with several optimizers."""
        stages = stages_of(self.context.graph, self.context.program)
        scope = self.scope.sibling(self.of_step)
        lines = [*self._count(), *self.reads(self.of_step)]
        for number, stage in enumerate(stages):
            lines += ["", *self._stage(scope, stage, stages[number + 1 :])]
        lines += self._averages()
        results = [self._value(id) for id in self.context.program.logged]
        logged = ", ".join(
            f'"{self.labels[end.node]}": {scope.text(end)}.detach()' for end in results
        )
        return [
            "def step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:",
            '    """Each optimizer in turn moves its own weights."""',
            *indented(lines),
            "",
            f"    return {{{logged}}}",
        ]

    def _stage(self, scope: Scope, stage: Stage, later: tuple[Stage, ...]) -> list[str]:
        scope.statements.clear()
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
        lower_nodes(scope, nodes, self.context.shapes, kept)
        if stage.statement is None:
            return ["# only measured", "with torch.no_grad():", *indented(scope.lines)]
        self.context.imports.lines.add("import torch")
        update = self.updates[stage.statement.optimizer]
        loss = scope.text(stage.statement.loss)
        if stage.statement.options.needs_closure:
            self._look_again(scope, stage.statement, update)
        return [*self._comment(stage), *update.lines(scope.lines, loss)]

    def _look_again(self, scope: Scope, statement: Statement, update: OptimizerStep) -> None:
        """Lines that compute a loss once more, from what does not change meanwhile."""
        inner = scope.sibling(scope.texts)
        nodes = self.context.described(looked_at_again(self.context.graph, statement))
        lower_nodes(inner, nodes, self.context.shapes, [statement.loss])
        update.loss = inner.names.unique(update.loss)
        update.again.extend([*inner.lines, f"{update.loss} = {inner.text(statement.loss)}"])

    def _comment(self, stage: Stage) -> list[str]:
        """What a stage minimises, over which weights, and what it uses again."""
        assert stage.statement is not None
        name = self.context.title(stage.statement.optimizer)
        loss = self.labels[stage.statement.loss.node]
        owned = ", ".join(m.removeprefix("self.") for m in self._modules(stage.statement))
        again = [identifier(self.context.title(id)) for id in stage.reused]
        holds = (
            f"; {', '.join(again)} still {'holds' if len(again) == 1 else 'hold'}" if again else ""
        )
        text = f"{identifier(name)}: minimise {loss} over {owned}{holds}"
        return wrap(text, 92, initial_indent="# ", subsequent_indent="# ", break_long_words=False)
