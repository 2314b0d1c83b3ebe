"""The exported file: a document as a good engineer's PyTorch. What is printed is what trains."""

from __future__ import annotations

import re
import subprocess
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import JsonValue
from ruff import find_ruff_bin

from graphs.check.checking import check
from graphs.check.results import Checked, CheckedGraph
from graphs.codegen.classes import split_metrics
from graphs.codegen.classes.compilation import Context, NetworkClass
from graphs.codegen.classes.hyperparameters import used
from graphs.codegen.classes.program_class import ProgramClass
from graphs.codegen.expressions.naming import Names
from graphs.codegen.expressions.printing import Described
from graphs.codegen.expressions.source_copier import Copier, import_block
from graphs.codegen.script.data_loading import Handing
from graphs.codegen.script.derived_data import Loaders
from graphs.codegen.script.script_template import Script, load_text
from graphs.document.document import Document, identifier
from graphs.document.problems import Problem, ProblemsError
from graphs.nodetypes.expressions import Call, Expression, FolderFile, walk
from graphs.nodetypes.node_type import Data, Metric, Misfit
from graphs.nodetypes.probe_type import Probe
from graphs.program.log_names import labels_of
from graphs.program.partition import program_of
from graphs.runtime.training import loop, split_average

LINE_LENGTH = 100


class Shown(NamedTuple):
    """A probe, as the monitor must know it."""

    node: str
    picture: str
    options: dict[str, JsonValue]


class Logged(NamedTuple):
    """What a program logs: losses, the minimised first, and metrics with what is better."""

    losses: tuple[str, ...]
    metrics: dict[str, Literal["max", "min"]]
    keeps_gradients: bool = False
    """Whether gradients last from one batch to the next, and belong into a checkpoint."""
    probes: dict[str, Shown] = {}  # noqa: RUF012 - a default that nobody writes to
    """What each probe shows, by its label."""


def export(document: Document, folder: Path | None = None, checked: Checked | None = None) -> str:
    """The source of a document's program. Raises ProblemsError when it has problems."""
    checked = checked or check(document, folder)
    if checked.problems:
        raise ProblemsError(checked.problems)
    try:
        return formatted(_File(checked).text())
    except Misfit as misfit:  # names of users' files that cannot be changed
        raise ProblemsError((Problem(text=str(misfit)),)) from misfit


def formatted(source: str) -> str:
    """The source, formatted by ruff. Raises RuntimeError where it is not Python."""
    command = [find_ruff_bin(), "format", "--isolated", f"--line-length={LINE_LENGTH}", "-"]
    done = subprocess.run(command, input=source, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ruff could not format the exported file: {done.stderr.strip()}")
    return done.stdout


def file_stem(document: Document) -> str:
    """What a document's exported file and weights are called: `digits_cnn`."""
    return identifier(document.title, fallback="program")


def logged(checked: Checked) -> Logged:
    """What the program of a document without problems logs."""
    program = program_of(checked.main)
    labels = labels_of(checked.main, program)
    types = {label: checked.main.types[id] for id, label in labels.logged.items()}
    metrics = {label: type_.better for label, type_ in types.items() if isinstance(type_, Metric)}
    losses = tuple(label for label in types if label not in metrics)
    shown = {label: _shown(checked.main, id) for id, label in labels.probes.items()}
    return Logged(losses, metrics, program.accumulates, shown)


def _shown(checked: CheckedGraph, id: str) -> Shown:
    type_ = checked.types[id]
    assert isinstance(type_, Probe)
    return Shown(id, type_.picture, type_.options())


class _File:
    """Prints one document."""

    def __init__(self, checked: Checked) -> None:
        self.document = checked.document
        self.program = program_of(checked.main)
        self.context = Context(checked.main, self.program, checked.blocks)
        self.labels = labels_of(checked.main, self.program)
        self.stem = file_stem(checked.document)
        self.copier = Copier()
        types = ((id, checked.main.types[id]) for id in self.program.data)
        self.handing = Handing({id: type_ for id, type_ in types if isinstance(type_, Data)})

    def text(self) -> str:
        """The whole file, not yet formatted."""
        classes = self._classes()
        over = self._over_split()
        inside = [*self._layers(), *self._optimizers()]
        measures = self._copied([*inside, *self.context.classes.nodes])
        data = self._load()
        loop_ = [*over, *self._loop(), self._main()]
        head = f'"""{self._docstring()}"""\n\n{self._imports()}\n\n{self._constants()}'
        users = self.context.imports.user.texts
        return "\n\n\n".join([head, *measures, *users, *classes, *data, *loop_]) + "\n"

    def _classes(self) -> list[str]:
        """The classes of blocks, of the network where there is one, and of the program."""
        blocks = self.context.block_texts
        if len(self.program.statements) > 1:
            return [*blocks, ProgramClass(self.context, None, self.labels).text()]
        taken = {*self.context.reserved, *self.context.classes.names}
        network = NetworkClass(self.context, _class_name(self.stem, taken))
        texts = [network.text(), ProgramClass(self.context, network, self.labels).text()]
        return [*blocks, *texts]

    def _data_signature(self) -> str:
        return self.context.signature(self.context.arguments(self.program.loaded))

    def _main(self) -> str:
        """The loop and the command line."""
        optimizers = [statement.optimizer for statement in self.program.statements]
        program = self.program
        inside = [*program.network, *program.judging, *program.watching, *optimizers]
        script = Script(
            self.stem,
            self._reads_files(),
            bool(self.context.starts),
            self.program,
            self.context.hyperparameters,
            self.context.graph.graph.help,
            self.context.arguments(self.program.loaded),
            self.context.arguments(inside),
            self.handing,
        )
        return script.text()

    def _over_split(self) -> list[str]:
        """What finishes the metrics of a whole split, where there are some."""
        finishing = {self.labels.logged[id]: call for id, call in self.context.finishing.items()}
        imports = self.context.imports
        return [split_metrics.over_split_text(finishing, imports)] if finishing else []

    def _layers(self) -> list[Described]:
        program = self.program
        return self.context.described((*program.network, *program.judging, *program.watching))

    def _optimizers(self) -> list[Described]:
        return self.context.described(tuple(s.optimizer for s in self.program.statements))

    def _data(self) -> list[Described]:
        return self.context.described(self.program.loaded)

    def _load(self) -> list[str]:
        """The function that loads the data, and what it calls."""
        loaders = Loaders(self.context)
        functions = [*self.handing.before_load, *loaders.copied]
        signature = self._data_signature()
        text = load_text(loaders, self._reads_files(), signature, self.handing)
        return [*self._copied(self._data()), *self._added(*functions), text]

    def _copied(self, nodes: list[Described]) -> list[str]:
        """The functions and modules of ours that nodes refer to, as far as not copied yet."""
        finishing = self.context.finishing.values()
        for expression in (*_expressions(nodes), *finishing):
            if isinstance(expression, Call) and self.context.imports.is_copied(expression.target):
                self.copier.add(expression.target)
        return self.copier.take()

    def _reads_files(self) -> bool:
        return any(isinstance(expression, FolderFile) for expression in _expressions(self._data()))

    def _loop(self) -> list[str]:
        if self.context.starts:
            self.copier.add(loop.load_part)
        if len(self.program.statements) > 1:
            turns = [statement.turn for statement in self.program.statements]
            if not all(turn.collects for turn in turns):
                self.copier.add(loop.descend)
            if any(turn.collects for turn in turns):
                self.copier.add(loop.collect)
        average = split_average.average if self.context.finishing else loop.average
        if self.handing.by_number:
            texts = [*self._added(self.handing.batches), self.handing.size_text()]
            return [*texts, *self._added(average)]
        return self._added(self.handing.batches, loop.size_of, average)

    def _added(self, *targets: Callable[..., Any]) -> list[str]:
        """The source of functions and classes of ours, as far as not copied yet."""
        for target in targets:
            self.copier.add(target)
        return self.copier.take()

    def _imports(self) -> str:
        paths = self._reads_files() or self.program.watching
        files = {"from pathlib import Path"} if paths else set()
        own = {"import argparse", "from safetensors.torch import save_file", *files}
        if self.program.needs_length:
            own.add("import math")
        imports = self.context.imports
        lines = {*own, *imports.lines, *imports.user.imports, *self.copier.imports}
        return import_block(lines)

    def _docstring(self) -> str:
        title, description = _safe(self.document.title), _safe(self.document.description)
        about = f"{title}: {description}" if description else title
        command = f"python {self.stem}.py --device cpu --epochs {self.document.settings.epochs}"
        lines = [*textwrap.wrap(about, LINE_LENGTH - 4), "", f"Run it: {command}", ""]
        graph = self.context.graph.graph
        fixed = [name for name in used(graph) if name not in self.context.hyperparameters]
        if fixed:
            values = ", ".join(f"{name} = {graph.parameters[name]}" for name in fixed)
            lines += [f"Fixed in this file: {values}.", ""]
        return "\n".join(lines)

    def _constants(self) -> str:
        settings = self.document.settings
        batch_size = next(type_.batch_size for type_ in self.handing.data.values())
        named = self.context.hyperparameters.items()
        lines = [
            f"EPOCHS = {settings.epochs}",
            f"SEED = {settings.seed}",
            f"BATCH_SIZE = {int(batch_size)}",
            *([f"EPOCH_SAMPLES = {int(self.handing.fewer)}"] if self.handing.fewer else []),
            *(f"{name.upper()} = {value!r}" for name, value in named),
        ]
        return "\n".join(lines)


def _expressions(nodes: list[Described]) -> Iterator[Expression]:
    return walk([list(node.outputs.values()) for node in nodes])


def _class_name(stem: str, taken: set[str]) -> str:
    name = "".join(part.capitalize() for part in stem.split("_"))
    while Names(taken).has(name):
        name += "Network"
    return name


def _safe(text: str) -> str:
    """Text for a docstring: one line, and nothing that could end it."""
    return re.sub(r"\s+", " ", re.sub(r'[\\"\x00-\x08\x0e-\x1f\x7f]', "", text)).strip()
