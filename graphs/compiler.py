"""The two doors of the language: `check` says what is wrong with a document, `compile` what it is
as a program. What they find is one value that editor, runners and tests ask.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from graphs.check.checking import check_graphs
from graphs.check.facts_cache import Cache, Recent
from graphs.check.results import Checked, CheckedGraph
from graphs.codegen.classes.compilation import Context, merges
from graphs.codegen.classes.hyperparameters import used, varied
from graphs.codegen.classes.initial_weights import start_problems
from graphs.codegen.expressions.descriptions import described_nodes
from graphs.codegen.expressions.merge_uses import Different
from graphs.codegen.expressions.names import file_stem
from graphs.codegen.script.export import ExportedFile, Sections, formatted
from graphs.codegen.script.interface_of_program import interface_of
from graphs.document.document import Document
from graphs.document.problems import Problem, ProblemsError
from graphs.nodetypes.expressions import Expression
from graphs.nodetypes.node_type import Misfit
from graphs.program.interface import Interface
from graphs.program.log_names import LogNames, labels_of
from graphs.program.partition import Program, program_of, program_problems
from graphs.program.stages import Stage, stages_of

REMEMBERED = 64
"""How many compiled documents are remembered."""


def check(
    document: Document,
    folder: Path | None = None,
    cache: Cache | None = None,
    started: bool = False,
    code: Path | None = None,
) -> Checked:
    """Find all problems of a document. `folder` is where its files lie; its Python files in
    `code`, where that is given. A training that has `started` needs no files of weights any more.
    """
    checked = check_graphs(document, folder, cache, started, code)
    starts = [problem for graph in checked.graphs.values() for problem in start_problems(graph)]
    problems = (*checked.problems, *program_problems(checked.main), *starts)
    return replace(checked, problems=problems)


@dataclass(frozen=True)
class Compiled:
    """What a document without problems compiles to. Text is made when somebody looks at it."""

    checked: Checked
    program: Program
    """Which nodes are data, network, losses and optimizers, and who owns which weights."""
    labels: LogNames
    """The names under which numbers are logged and probes are shown."""
    interface: Interface
    """What runners need to know."""

    @property
    def stem(self) -> str:
        """What the exported file and its weights are called: `digits_cnn`."""
        return file_stem(self.checked.document.title)

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """What happens on one batch, in the order of the optimizers."""
        return stages_of(self.checked.main, self.program)

    @cached_property
    def sections(self) -> Sections:
        """The parts of the exported file. Raises ProblemsError."""
        try:
            context = _context(self.checked.main, self.program, _adjustable(self))
            return ExportedFile(self.checked, context, self.labels, self.interface).sections()
        except Misfit as misfit:  # names of users' files that cannot be changed
            raise ProblemsError((Problem(text=str(misfit)),)) from misfit

    @cached_property
    def source(self) -> str:
        """The exported file: what trains, and what is taken away. Raises ProblemsError."""
        return formatted(self.sections.text)


_compiled: Recent[tuple[object, ...], Compiled] = Recent(REMEMBERED)


def compile(checked: Checked) -> Compiled:
    """Compile a checked document. Raises ProblemsError when it has problems.

    What means the same compiles once: positions of nodes, say, are no part of that.
    """
    if checked.problems:
        raise ProblemsError(checked.problems)
    key = (checked.document.content, *_from_files(checked))
    if (known := _compiled.get(key)) is None:
        program = program_of(checked.main)
        labels = labels_of(checked.main, program)
        known = Compiled(checked, program, labels, interface_of(checked, program, labels))
        _compiled.put(key, known)
    return known


def export(document: Document, folder: Path | None = None, checked: Checked | None = None) -> str:
    """The source of a document's program. Raises ProblemsError when it has problems."""
    return compile(checked or check(document, folder)).source


def description(checked: CheckedGraph, node: str) -> Mapping[str, Expression]:
    """What a sound node describes, by output; a data node describes its loader under no name."""
    return described_nodes(checked, [node])[node].outputs


def _from_files(checked: Checked) -> Iterator[object]:
    """What a program owes to files beside its document: shapes of data, Python of the user's; and
    where they lie, since they are looked at again when hyperparameters are tried.
    """
    main = checked.main
    yield from (checked.blocks.folder, checked.blocks.code, checked.blocks.started)
    yield tuple(main.metas.items())
    for graph in checked.graphs.values():
        for type_ in graph.types.values():
            yield from type_.python_files.items()


Varied = dict[str, list[CheckedGraph]]
"""Main with two other values of each hyperparameter that stays adjustable."""


def _adjustable(compiled: Compiled) -> Varied:
    """The hyperparameters that one file can serve, each tried alone."""
    names = used(compiled.checked.main.graph)
    tried = {name: _varied(compiled.checked, compiled.program, name) for name in names}
    return {name: graphs for name, graphs in tried.items() if graphs}


def _varied(checked: Checked, program: Program, name: str) -> list[CheckedGraph]:
    """Main with two other values of a hyperparameter; nothing where one file cannot serve them."""
    blocks = checked.blocks
    for pair in varied(checked.document, name):
        others = [check(d, blocks.folder, blocks.cache, blocks.started, blocks.code) for d in pair]
        if any(other.problems or program_of(other.main) != program for other in others):
            continue
        graphs = [other.main for other in others]
        if merges([checked.main, *graphs], program):
            return graphs
    return []


def _context(main: CheckedGraph, program: Program, found: Varied) -> Context:
    """The graph on its way to be printed, with the hyperparameters that fit into one file."""
    try:
        return _with(main, program, found)
    except Different:  # sizes that follow several of them in no known way
        kept: Varied = {}
        for name, graphs in found.items():
            tried = {**kept, name: graphs}
            alone, all_ = len(tried) == 1, len(tried) == len(found)  # one fits, all do not
            if alone or (not all_ and merges(_samples(main, tried), program)):
                kept = tried
        return _with(main, program, kept)


def _with(main: CheckedGraph, program: Program, found: Varied) -> Context:
    values = {name: main.graph.parameters[name] for name in found}
    return Context(main, program, values, _samples(main, found))


def _samples(main: CheckedGraph, found: Varied) -> list[CheckedGraph]:
    return [main, *(graph for graphs in found.values() for graph in graphs)]
