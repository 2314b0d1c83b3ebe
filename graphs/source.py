"""The exported file: a document as the PyTorch that a good engineer would write. What is printed is what trains."""

from __future__ import annotations

import re
import subprocess
import textwrap
from pathlib import Path
from typing import NamedTuple

from ruff import find_ruff_bin

from graphs import loop, unpaired
from graphs.checking import Checked, CheckedGraph, check
from graphs.copying import Copier, import_block
from graphs.document import Document, End, identifier
from graphs.kinds import Meta, Weights
from graphs.node_type import Data, Metric
from graphs.printing import Described, ExpressionPrinter, Imports, Names, Scope, describe
from graphs.problems import ProblemsError
from graphs.programs import Program, Statement, program_of

LINE_LENGTH = 100


def export(document: Document, folder: Path | None = None, checked: Checked | None = None) -> str:
    """The source of a document's program. Raises ProblemsError when it has problems."""
    checked = checked or check(document, folder)
    if checked.problems:
        raise ProblemsError(checked.problems)
    return formatted(_Export(checked).text())


def formatted(source: str) -> str:
    """The source, formatted by ruff."""
    command = [find_ruff_bin(), "format", "--isolated", f"--line-length={LINE_LENGTH}", "-"]
    done = subprocess.run(command, input=source, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ruff could not format the exported file: {done.stderr.strip()}")
    return done.stdout


def file_stem(document: Document) -> str:
    """What a document's exported file and weights are called: `digits_cnn`."""
    return identifier(document.title, fallback="program")


class Logged(NamedTuple):
    """What a program logs: the losses, those that are minimised first, and each metric with its better direction."""

    losses: tuple[str, ...]
    metrics: dict[str, str]


def logged(checked: Checked) -> Logged:
    """What the program of a document without problems logs."""
    program = program_of(checked.main)
    labels = labels_of(checked.main, program)
    types = {label: checked.main.types[id] for id, label in labels.items()}
    metrics = {label: type_.better for label, type_ in types.items() if isinstance(type_, Metric)}
    return Logged(tuple(label for label in types if label not in metrics), metrics)


def labels_of(checked: CheckedGraph, program: Program) -> dict[str, str]:
    """The name under which each logged node is logged."""
    names = Names()
    nodes = checked.graph.nodes
    return {id: names.unique(identifier(nodes[id].label or id)) for id in program.logged}


class _Export:
    """Prints one document."""

    def __init__(self, checked: Checked) -> None:
        self.document = checked.document
        self.graph: CheckedGraph = checked.main
        self.program: Program = program_of(checked.main)
        self.imports = Imports()
        self.copier = Copier()
        self.stem = file_stem(checked.document)
        self.network_name = _class_name(self.stem)
        self.labels = labels_of(checked.main, self.program)

    def text(self) -> str:
        """The whole file, not yet formatted."""
        network, network_scope = self._network()
        program = self._program(network_scope)
        measures = self._copied()
        load = self._load()
        parts = [*measures, network, program, *self._copied(), load, *self._loop(), self._main(), _END]
        self.imports.lines.update({"import argparse", "from safetensors.torch import save_file"})
        imports = import_block({*self.imports.lines, *self.copier.imports})
        head = f'"""{self._docstring()}"""\n\n{imports}\n\n{self._constants()}'
        return "\n\n\n".join([head, *parts]) + "\n"

    def _copied(self) -> list[str]:
        """The functions and modules that what was printed since the last call needs."""
        for function in self.imports.copied.values():
            self.copier.add(function)
        return self.copier.take()

    def _loop(self) -> list[str]:
        batches = loop.batches if len(self.program.data) == 1 else unpaired.batches
        for function in (batches, loop.size_of, loop.average):
            self.copier.add(function)
        return self.copier.take()

    def _docstring(self) -> str:
        title = _safe(self.document.title)
        description = _safe(self.document.description)
        about = f"{title}: {description}" if description else title
        about = "\n".join(textwrap.wrap(about, LINE_LENGTH - 4))
        return f"{about}\n\nRun it: python {self.stem}.py --device cpu --epochs {self.document.settings.epochs}\n"

    def _constants(self) -> str:
        settings = self.document.settings
        batch_size = self._data()[0].batch_size
        return f"EPOCHS = {settings.epochs}\nSEED = {settings.seed}\nBATCH_SIZE = {batch_size}"

    def _data(self) -> list[Data]:
        types = (self.graph.types[id] for id in self.program.data)
        return [type_ for type_ in types if isinstance(type_, Data)]

    def _title(self, id: str) -> str:
        return self.graph.graph.nodes[id].label or id

    def _sources(self, id: str) -> dict[str, list[tuple[End, Meta]]]:
        """The ends that a node's wires come from, by its ports."""
        return {
            port.name: [
                (wire.source, self.graph.metas[wire.source])
                for wire in self.graph.graph.into(id, port.name)
                if port.takes is not Weights
            ]
            for port in self.graph.inputs(id)
        }

    def _described(self, ids: tuple[str, ...]) -> list[Described]:
        return [describe(id, self._title(id), self.graph.types[id], self._sources(id)) for id in ids]

    def _crossing(self, inside: tuple[str, ...], from_outside: bool) -> list[End]:
        """Ends whose wires enter the nodes (from outside) or leave them."""
        used = {*self.program.network, *self.program.judging, *(s.optimizer for s in self.program.statements)}
        ends = (
            wire.source
            for id in (*self.program.network, *self.program.judging, *sorted(used))
            for wire in self.graph.graph.into(id)
            if id in used
            and (wire.source.node in inside) != from_outside
            and (id in inside) == from_outside
        )
        return list(dict.fromkeys(ends))

    def _network(self) -> tuple[str, Scope]:
        """The class of the network: from fields of a batch to what losses and metrics need."""
        inputs = self._crossing(self.program.network, from_outside=True)
        self.network_inputs = inputs
        self.network_outputs = self._crossing(self.program.network, from_outside=False)
        names = Names([self.network_name, "batch"])
        arguments = {end: names.unique(identifier(end.port)) for end in inputs}
        scope = Scope(self.imports, dict(arguments), names)
        scope.print_nodes(self._described(self.program.network), self.graph.metas, self.network_outputs)
        printed = ", ".join(scope.values[end] for end in self.network_outputs)
        shapes = ", ".join(self.graph.metas[end].text for end in self.network_outputs)
        signature = "".join(f", {name}: Tensor" for name in arguments.values())
        returns = "Tensor" if len(self.network_outputs) == 1 else f"tuple[{', '.join(['Tensor'] * len(self.network_outputs))}]"
        given = ", ".join(f"{name} {self.graph.metas[end].text}" for end, name in arguments.items())
        lines = [
            f"class {self.network_name}(nn.Module):",
            f'    """From {given} to {shapes}."""',
            "",
            "    def __init__(self) -> None:",
            "        super().__init__()",
            *(f"        {line}" for line in scope.init),
            "",
            f"    def forward(self{signature}) -> {returns}:",
            *(f"        {line}" for line in scope.lines),
            f"        return {printed}  # {shapes}",
        ]
        return "\n".join(lines), scope

    def _program(self, network: Scope) -> str:
        """The class that says what happens on one batch."""
        names = Names([*self.imports.copied, "batch"])
        fields = [end for end in self._fields()]
        values = {end: names.unique(identifier(self._field(end))) for end in fields}
        scope = Scope(self.imports, values, names, Names(["network"]))
        lines = [f"{name} = batch[{self._field(end)!r}]  # {self.graph.metas[end].text}" for end, name in values.items()]
        lines.append(self._call_network(scope))
        results = [self._value_end(id) for id in self.program.logged]
        scope.print_nodes(self._described(self.program.judging), self.graph.metas, results)
        logged = ", ".join(f'"{self.labels[end.node]}": {scope.values[end]}' for end in results)
        body = [
            "class Program(nn.Module):",
            '    """What happens on one batch."""',
            "",
            "    def __init__(self) -> None:",
            "        super().__init__()",
            f"        self.network = {self.network_name}()",
            *(f"        {line}" for line in scope.init),
            *(f"        {line}" for line in self._optimizers(scope, network)),
            "",
            "    def evaluate(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:",
            '        """Losses and metrics of one batch."""',
            *(f"        {line}" for line in [*lines, *scope.lines]),
            f"        return {{{logged}}}",
            "",
            *self._step(),
        ]
        return "\n".join(body)

    def _fields(self) -> list[End]:
        """The fields of a batch that the program reads."""
        inside = (*self.program.network, *self.program.judging)
        ends = [w.source for id in inside for w in self.graph.graph.into(id) if w.source.node in self.program.data]
        return list(dict.fromkeys(ends))

    def _field(self, end: End) -> str:
        """A field's name in a batch; with several data nodes their names stand before it."""
        return end.port if len(self.program.data) == 1 else f"{self._source(end.node)}.{end.port}"

    def _source(self, id: str) -> str:
        """What a data node is called where there are several."""
        return id

    def _call_network(self, scope: Scope) -> str:
        arguments = ", ".join(scope.values[end] for end in self.network_inputs)
        shapes = []
        for end in self.network_outputs:
            several = len(self.graph.outputs(end.node)) > 1
            scope.values[end] = scope.names.unique(end.port if several else identifier(self._title(end.node)))
            shapes.append(self.graph.metas[end].text)
        left = ", ".join(scope.values[end] for end in self.network_outputs)
        return f"{left} = self.network({arguments})  # {', '.join(shapes)}"

    def _value_end(self, id: str) -> End:
        return End(id, self.graph.outputs(id)[0].name)

    def _optimizers(self, scope: Scope, network: Scope) -> list[str]:
        self.optimizers: dict[str, str] = {}
        lines = []
        for statement in self.program.statements:
            name = scope.attributes.unique(identifier(self._title(statement.optimizer)))
            self.optimizers[statement.optimizer] = name
            lines.append(f"self.{name} = {self._optimizer(statement, scope, network)}")
        return lines

    def _optimizer(self, statement: Statement, scope: Scope, network: Scope) -> str:
        id = statement.optimizer
        described = describe(id, self._title(id), self.graph.types[id], self._sources(id))
        printer = ExpressionPrinter(self.imports, {End("", "owned"): self._owned(statement, scope, network)}, True)
        return printer.text(described.outputs[""])

    def _owned(self, statement: Statement, scope: Scope, network: Scope) -> str:
        weighted = {id for id in self.program.network if self.graph.weights.get(id)}
        if set(statement.owned) == weighted:
            return "self.network.parameters()"
        modules = [f"self.network.{name}" for id in statement.owned for name in network.modules.get(id, [])]
        modules += [f"self.{name}" for id in statement.owned for name in scope.modules.get(id, [])]
        return f"[{', '.join(f'*{module}.parameters()' for module in modules)}]"

    def _step(self) -> list[str]:
        lines = [
            "    def step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:",
            '        """Evaluate one batch, then let every optimizer move its weights."""',
            "        values = self.evaluate(batch)",
        ]
        for statement in self.program.statements:
            name = self.optimizers[statement.optimizer]
            loss = self.labels[statement.loss.node]
            lines += [
                "",
                f"        # {name}: minimise {loss}",
                f"        self.{name}.zero_grad()",
                f'        values["{loss}"].backward()',
                f"        self.{name}.step()",
            ]
        lines += ["", "        return {name: value.detach() for name, value in values.items()}"]
        return lines

    def _load(self) -> str:
        """The function that puts the data on a device."""
        nodes = self._described(self.program.data)
        printer = ExpressionPrinter(self.imports, {}, keep_defaults=True)
        calls = [printer.text(node.outputs[""]) for node in nodes]
        folder = ", folder: Path" if self._reads_files(nodes) else ""
        head = [
            f"def load(device: str{folder}) -> dict[str, dict[str, Tensor]]:",
            '    """Every split of the data, on a device: split -> field -> tensor."""',
        ]
        if len(calls) == 1:
            body = [f"    splits = {calls[0]}", _ONE_SOURCE]
        else:
            named = (f'"{id}": {call}' for id, call in zip(self.program.data, calls, strict=True))
            body = [f"    sources = {{{', '.join(named)}}}", _SEVERAL_SOURCES]
        return "\n".join([*head, *body])

    def _reads_files(self, nodes: list[Described]) -> bool:
        from graphs.expressions import FolderFile, walk

        reads = any(isinstance(e, FolderFile) for node in nodes for e in walk(node.outputs[""]))
        if reads:
            self.imports.lines.add("from pathlib import Path")
        return reads

    def _main(self) -> str:
        folder = self._reads_files(self._described(self.program.data))
        flag = [
            '    parser.add_argument("--data", type=Path, default=Path(__file__).parent, help="folder of the data files")'
        ]
        return "\n".join(
            [
                _PASS,
                "",
                "",
                "def main() -> None:",
                '    """Train, say after each epoch how it goes, and save the weights."""',
                "    parser = argparse.ArgumentParser(description=__doc__)",
                '    parser.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1, mps")',
                '    parser.add_argument("--epochs", type=int, default=EPOCHS, help="passes over the training data")',
                '    parser.add_argument("--seed", type=int, default=SEED, help="fixes every random choice")',
                f'    parser.add_argument("--save", default="{self.stem}.safetensors", help="where the weights go")',
                *(flag if folder else []),
                "    arguments = parser.parse_args()",
                "",
                "    torch.manual_seed(arguments.seed)",
                f"    data = load(arguments.device{', arguments.data' if folder else ''})",
                "    program = Program().to(arguments.device)",
                _EPOCHS,
            ]
        )


def _class_name(stem: str) -> str:
    name = "".join(part.capitalize() for part in stem.split("_"))
    return name if name not in ("Program", "Tensor") else f"{name}Network"


def _safe(text: str) -> str:
    """Text for a docstring: one line, and nothing that could end it."""
    return re.sub(r"\s+", " ", re.sub(r'[\\"\x00-\x08\x0b-\x1f\x7f]', "", text)).strip()


_ONE_SOURCE = '''
    return {
        split: {name: values.to(device) for name, values in fields.items()}
        for split, fields in splits.items()
    }
'''.strip("\n")

_SEVERAL_SOURCES = '''
    return {
        split: {
            f"{source}.{name}": values.to(device)
            for source, splits in sources.items()
            for name, values in splits[split].items()
        }
        for split in ("train", "validation", "test")
    }
'''.strip("\n")

_PASS = '''
def train(program: Program, split: dict[str, Tensor]) -> dict[str, float]:
    """One epoch of training; the mean of what each step saw."""
    program.train()
    values, sizes = [], []
    for batch in batches(split, BATCH_SIZE, shuffle=True):
        values.append(program.step(batch))
        sizes.append(size_of(batch))
    return average(values, sizes)


@torch.no_grad()
def measure(program: Program, split: dict[str, Tensor]) -> dict[str, float]:
    """Losses and metrics on a split, with nothing updated."""
    program.eval()
    values, sizes = [], []
    for batch in batches(split, BATCH_SIZE):
        values.append(program.evaluate(batch))
        sizes.append(size_of(batch))
    return average(values, sizes)


def report(name: str, values: dict[str, float]) -> None:
    """Print one line of measurements."""
    print(name, *(f"{key} {value:.9g}" for key, value in values.items()), sep="  ")
'''.strip()

_EPOCHS = '''
    for epoch in range(1, arguments.epochs + 1):
        report(f"epoch {epoch} train", train(program, data["train"]))
        report(f"epoch {epoch} validation", measure(program, data["validation"]))
    report("test", measure(program, data["test"]))
    save_file(program.state_dict(), arguments.save)
'''.strip("\n")

_END = '''
if __name__ == "__main__":
    main()
'''.strip()
