"""The exported file: a document as a good engineer's PyTorch. What is printed is what trains."""

from __future__ import annotations

import subprocess
import textwrap
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from ruff import find_ruff_bin

from graphs.check.results import Checked
from graphs.codegen.classes import split_metrics
from graphs.codegen.classes.compilation import Context, NetworkClass
from graphs.codegen.classes.hyperparameters import used
from graphs.codegen.classes.program_class import ProgramClass
from graphs.codegen.expressions import names
from graphs.codegen.expressions.names import plain
from graphs.codegen.expressions.printing import Described
from graphs.codegen.expressions.source_copier import Copier
from graphs.codegen.script.derived_data import Loaders
from graphs.codegen.script.interface_of_program import sources_of
from graphs.codegen.script.script_template import Script, load_text
from graphs.custom.import_statements import import_block
from graphs.document.identifiers import Names, class_name
from graphs.nodetypes.expressions import Call, Expression, walk
from graphs.program.interface import Interface
from graphs.program.log_names import LogNames
from graphs.runtime.training import in_memory, loop, split_average
from graphs.runtime.training.progress import with_progress
from graphs.runtime.training.resuming import resume_training, save_training

LINE_LENGTH = 100


class Sections(NamedTuple):
    """An exported file in its parts, in order, not yet formatted."""

    docstring: str
    imports: str
    constants: str
    layers: list[str]
    """Layers that torch lacks, copied."""
    own_modules: list[str]
    """Modules of the user's own, copied."""
    model: list[str]
    """The classes of blocks, and the network where it is one."""
    measures: list[str]
    """Losses, metrics and optimizers that torch lacks, copied."""
    program: str
    """Losses, metrics, probes and the steps of the optimizers."""
    data: list[str]
    """How the data is loaded."""
    loop: list[str]
    """Batches, means, passes over the data."""
    main: str
    """The command line."""

    @property
    def text(self) -> str:
        """The whole file."""
        head = f'"""{self.docstring}"""\n\n{self.imports}\n\n{self.constants}'
        model = [*self.layers, *self.own_modules, *self.model]
        classes = [*model, *self.measures, self.program]
        return "\n\n\n".join([head, *classes, *self.data, *self.loop, self.main]) + "\n"


def formatted(source: str) -> str:
    """The source, formatted by ruff. Raises RuntimeError where it is not Python."""
    command = [find_ruff_bin(), "format", "--isolated", f"--line-length={LINE_LENGTH}", "-"]
    done = subprocess.run(command, input=source, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ruff could not format the exported file: {done.stderr.strip()}")
    return done.stdout


class ExportedFile:
    """Prints the file of one document without problems."""

    def __init__(
        self, checked: Checked, context: Context, labels: LogNames, interface: Interface
    ) -> None:
        self.document = checked.document
        self.context = context
        self.program = context.program
        self.labels = labels
        self.interface = interface
        self.stem = names.file_stem(checked.document.title)
        self.copier = Copier()
        self.saved_class = "Program"
        """The class whose weights are saved."""
        self.sources = sources_of(checked.main, self.program)

    def sections(self) -> Sections:
        """The parts of the file. Raises Misfit for names of users' files that cannot be changed."""
        *model, program = self._classes()
        over = self._over_split()
        layers = self._copied(
            [*self.context.described(self.program.network), *self.context.classes.nodes]
        )
        optimizers = tuple(statement.optimizer for statement in self.program.statements)
        judging = (*self.program.judging, *self.program.watching, *optimizers)
        measures = self._copied(self.context.described(judging), self.context.finishing.values())
        data = self._load()
        loop_ = [*over, *self._loop()]
        main = self._main()
        return Sections(
            docstring=self._docstring(),
            imports=self._imports(),
            constants=self._constants(),
            layers=layers,
            own_modules=self.context.imports.user.texts,
            model=model,
            measures=measures,
            program=program,
            data=data,
            loop=loop_,
            main=main,
        )

    def _classes(self) -> list[str]:
        """The classes of blocks, of the network where there is one, and of the program."""
        blocks = self.context.block_texts
        if len(self.program.statements) > 1:
            return [*blocks, ProgramClass(self.context, None, self.labels).text()]
        network = NetworkClass(self.context, _network_name(self.stem, self.context.names))
        self.saved_class = network.name if self.interface.saved else "Program"
        texts = [network.text(), ProgramClass(self.context, network, self.labels).text()]
        return [*blocks, *texts]

    def _data_signature(self) -> str:
        return self.context.signature(self.context.arguments(self.program.loaded))

    def _main(self) -> str:
        """The loop and the command line."""
        program = self.program
        optimizers = [statement.optimizer for statement in program.statements]
        inside = [*program.network, *program.judging, *program.watching]
        script = Script(
            self.stem,
            self.interface,
            self.program,
            self.context.options,
            self.context.arguments(self.program.loaded),
            self.context.arguments(inside),
            self.context.arguments(optimizers),
            self.sources,
        )
        return script.text()

    def _over_split(self) -> list[str]:
        """What finishes the metrics of a whole split, where there are some."""
        finishing = {self.labels.logged[id]: call for id, call in self.context.finishing.items()}
        imports = self.context.imports
        return [split_metrics.over_split_text(finishing, imports)] if finishing else []

    def _load(self) -> list[str]:
        """The function that loads the data, and what it calls."""
        loaders = Loaders(self.context)
        functions = [*self.sources.before_load, *loaders.copied]
        signature = self._data_signature()
        text = load_text(loaders, self.interface.reads_files, signature, self.sources)
        return [
            *self._copied(self.context.described(self.program.loaded)),
            *self._added(*functions),
            text,
        ]

    def _copied(self, nodes: list[Described], more: Iterable[Expression] = ()) -> list[str]:
        """The functions and modules of ours that nodes refer to, as far as not copied yet."""
        for expression in (*_expressions(nodes), *more):
            if isinstance(expression, Call) and self.context.imports.is_copied(expression.target):
                self.copier.add(expression.target)
        return self.copier.take()

    def _loop(self) -> list[str]:
        if self.context.starts:
            self.copier.add(loop.load_part)
        average = split_average.average if self.context.finishing else loop.average
        size = [] if self.sources.indexed else [in_memory.size_of]
        counted = [self.sources.size_text()] if self.sources.indexed else []
        usual = self.sources.usual_order
        if usual:
            order = self._added(*size, *usual)
        else:
            order = [*self._added(*size, *self.sources.order_needs), *self.sources.order_texts()]
        self.copier.leave(self.sources.batches.__module__, "epoch_order")
        around = (with_progress, save_training, resume_training)
        return [
            *order,
            *self._added(self.sources.batches),
            *counted,
            *self._added(average, *around),
        ]

    def _added(self, *targets: Callable[..., Any]) -> list[str]:
        """The source of functions and classes of ours, as far as not copied yet."""
        for target in targets:
            self.copier.add(target)
        return self.copier.take()

    def _imports(self) -> str:
        own = {"import argparse", "import math", "from pathlib import Path"}
        own.add("from safetensors.torch import save_file")
        imports = self.context.imports
        lines = {*own, *imports.lines, *imports.user.imports, *self.copier.imports}
        return import_block(lines)

    def _docstring(self) -> str:
        title, description = plain(self.document.title), plain(self.document.description)
        about = f"{title}: {description}" if description else title
        command = f"python {self.stem}.py --epochs {self.document.settings.epochs}"
        lines = [
            *textwrap.wrap(about, LINE_LENGTH - 4),
            "",
            f"Run it: {command}",
            *self._reload(),
            "",
        ]
        graph = self.context.graph.graph
        fixed = [name for name in used(graph) if name not in self.context.hyperparameters]
        if fixed:
            values = ", ".join(f"{name} = {graph.parameters[name]}" for name in fixed)
            lines += [f"Fixed in this file: {values}.", ""]
        return "\n".join(lines)

    def _reload(self) -> list[str]:
        """How the weights that the file saves are loaded again."""
        saved = f'load_state_dict(load_file("{self.stem}.safetensors"))'
        return ["Load the weights that it saves:", f"    {self.saved_class}().{saved}"]

    def _constants(self) -> str:
        settings = self.document.settings
        some = self.sources.epoch_samples
        lines = [
            f"EPOCHS = {settings.epochs}",
            f"SEED = {settings.seed}",
            f"BATCH_SIZE = {self.interface.batch_size}",
            *([f"EPOCH_SAMPLES = {some}"] if some else []),
            *(f"{option.name.constant} = {option.value!r}" for option in self.context.options),
        ]
        return "\n".join(lines)


def _expressions(nodes: list[Described]) -> Iterator[Expression]:
    return walk([list(node.outputs.values()) for node in nodes])


def _network_name(stem: str, given: Names) -> str:
    name = class_name(stem)
    return given.unique(f"{name}Network" if given.has(name) else name)
