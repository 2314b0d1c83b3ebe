"""The classes of the blocks that a program uses, each printed from all of its uses together."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from graphs.check.block_uses import (
    BlockReference,
    Use,
    port_nodes,
    references_in,
    result_ends,
)
from graphs.check.node_parameters import ParameterValues
from graphs.check.results import CheckedGraph
from graphs.codegen.classes.hyperparameters import fitted
from graphs.codegen.expressions.descriptions import described_nodes
from graphs.codegen.expressions.imports import Imports
from graphs.codegen.expressions.lowering import lower_nodes
from graphs.codegen.expressions.merge_uses import Merger, PrintedClass, skeleton
from graphs.codegen.expressions.names import argument_name, plain
from graphs.codegen.expressions.printing import Described, Scope, line_of, shapes_comment
from graphs.codegen.expressions.statements import Construct, chain, returning
from graphs.document.document import End
from graphs.document.identifiers import Names, class_name, identifier
from graphs.document.parameter_expressions import Number
from graphs.nodetypes.expressions import Call, Expression
from graphs.nodetypes.tensor_kinds import is_symbolic, size_text

LONGEST = 92
"""A line of a method has at most so many characters, before its indentation."""
CHAINED = "x"
"""What is handed from line to line in `forward`."""
DOCSTRING = 96
"""A docstring of a class may be as long, before its indentation."""


@dataclass
class UsedGraph:
    """A block as one use of it has it."""

    use: Use
    checked: CheckedGraph
    nodes: list[Described]


@dataclass
class MergedClass:
    """A class that serves several uses of a block, not yet printed."""

    name: str
    group: list[UsedGraph]
    nodes: list[Described]
    merger: Merger
    names: Names
    """The names that are given in it: those of its constructor's arguments so far."""


class LoweredClass(NamedTuple):
    """A class as statements: what it constructs and computes, of what, to what, in which shapes."""

    scope: Scope
    inputs: Mapping[End, str]
    results: list[End]
    shapes: Mapping[End, str]


class BlockClasses:
    """Collects the uses of blocks, and prints a class for each block.

    Uses whose descriptions differ in more than numbers (another layer, another option) get classes
    of their own: `Layer`, `Layer2`.
    """

    def __init__(self, imports: Imports, names: Names) -> None:
        self._imports = imports
        self._names = names
        self._uses: dict[str, dict[Use, UsedGraph]] = {}
        self._order: list[str] = []
        self._use_of: dict[int, Use] = {}
        self._class_of: dict[Use, tuple[PrintedClass, dict[str, Number]]] = {}

    @property
    def nodes(self) -> Iterable[Described]:
        """All nodes inside blocks, once for each use."""
        for uses in self._uses.values():
            for used in uses.values():
                yield from used.nodes

    def collect(self, nodes: Iterable[Described]) -> None:
        """Find the uses of blocks in nodes, and in the blocks that these use."""
        for node in nodes:
            calls = references_in(list(node.outputs.values())) if node.uses else []
            for call, use in zip(calls, node.uses, strict=True):
                self._add(call, use)

    def _add(self, call: Call, use: Use) -> None:
        self._use_of[id(call)] = use
        uses = self._uses.setdefault(use.block, {})
        if use in uses:
            return
        assert isinstance(call.target, BlockReference)
        checked = call.target.library.checked(use)
        needed = checked.wiring.upstream(end.node for end in result_ends(checked))
        layers = [
            id
            for id in checked.wiring.order
            if id in needed and checked.types[id].role not in ("input", "output")
        ]
        nodes = list(described_nodes(checked, layers).values())
        uses[use] = UsedGraph(use, checked, nodes)
        self.collect(nodes)
        if use.block not in self._order:
            self._order.append(use.block)

    def merge(self) -> list[MergedClass]:
        """The classes that serve all uses, inner ones first; `resolve` knows them from then on."""
        return [merged for block in self._order for merged in self._variants(block)]

    def constructs(self, merged: MergedClass) -> list[Construct]:
        """The modules that a class makes, by the attributes that keep them."""
        return self._lowered(merged).scope.constructs

    def resolve(self, call: Call) -> Call:
        """A call of a printed class in the place of a reference to a block."""
        if not isinstance(call.target, BlockReference):
            return call
        use = self._use_of[id(call)]
        target, arguments = self._class_of[use]
        return Call(target, (), dict(arguments))

    def merged(
        self,
        samples: list[list[Described]],
        scopes: list[ParameterValues],
        arguments: Mapping[str, str],
    ) -> list[Described]:
        """Nodes of main, with the classes of blocks in their places.

        `samples` are the same nodes for other values of the hyperparameters, `arguments` what these
        are called in the file. Raises Different when no expression of them gives all numbers.
        """
        merger = Merger(scopes, self.resolve, lambda values: fitted(values, scopes))
        nodes = [_merged(merger, list(row)) for row in zip(*samples, strict=True)]
        merger.rename(arguments)
        return nodes

    def _variants(self, block: str) -> list[MergedClass]:
        groups: list[tuple[Any, list[UsedGraph]]] = []
        for used in self._uses[block].values():
            shape = [skeleton(list(node.outputs.values()), self.resolve) for node in used.nodes]
            same = next((group for known, group in groups if known == shape), None)
            if same is None:
                groups.append((shape, same := []))
            same.append(used)
        return [self._class(block, group) for _, group in groups]

    def _class(self, block: str, group: list[UsedGraph]) -> MergedClass:
        printed = PrintedClass(self._names.unique(class_name(block), mark=""))
        merger = Merger([dict(used.use.scope) for used in group], self.resolve)
        rows = zip(*(used.nodes for used in group), strict=True)
        nodes = [_merged(merger, list(row)) for row in rows]
        names = self._names.inner(["self"])
        given = {name: names.unique(argument_name(name)) for name in merger.arguments}
        for index, used in enumerate(group):
            arguments = {name: values[index] for name, values in merger.arguments.items()}
            arguments = _with_text(arguments, used.use)
            self._class_of[used.use] = (printed, {given[n]: arguments[n] for n in arguments})
        merger.rename(given)
        return MergedClass(printed.__name__, group, nodes, merger, names)

    def _lowered(self, merged: MergedClass) -> LoweredClass:
        group, merger, names = merged.group, merged.merger, merged.names
        checked = group[0].checked
        shapes = _Shapes(group, merger.texts)
        inputs = {
            End(id, checked.outputs(id)[0].name): names.unique(port)
            for port, id in port_nodes(checked.graph, "input").items()
        }
        scope = Scope(self._imports, dict(inputs), names)
        results = result_ends(checked)
        lower_nodes(scope, merged.nodes, shapes, results)
        return LoweredClass(scope, inputs, results, shapes)

    def text(self, merged: MergedClass) -> str:
        """The source of a class."""
        scope, inputs, results, shapes = self._lowered(merged)
        about = shapes_text(inputs, results, shapes)
        given = merged.merger.arguments.items()
        return class_text(
            merged.name,
            docstring(about, merged.group[0].checked.drawn.description),
            *scope.kept(),
            forward_lines(inputs.values(), scope, results, shapes),
            "".join(f", {name}: {_type(values)}" for name, values in given),
        )


class _Shapes(dict[End, str]):
    """Shapes as comments say them; a size that differs between uses by its argument."""

    def __init__(self, group: list[UsedGraph], texts: Mapping[tuple[Number, ...], str]) -> None:
        super().__init__()
        for end in group[0].checked.metas:
            shapes = [used.checked.metas[end].shape for used in group]
            if len({len(shape) for shape in shapes}) > 1:
                self[end] = "(…)"
                continue
            sizes = [_size(values, texts) for values in zip(*shapes, strict=True)]
            self[end] = f"({', '.join(sizes)}{',' * (len(sizes) == 1)})"


def _size(values: tuple[int, ...], texts: Mapping[tuple[Number, ...], str]) -> str:
    """A size in all uses; a batch's letter, though one use may have a few of its samples alone."""
    letters = {size_text(value) for value in values if is_symbolic(value)}
    if len(letters) == 1:
        return letters.pop()
    return size_text(values[0]) if len(set(values)) == 1 else texts.get(values, "…")


def _merged(merger: Merger, row: list[Described]) -> Described:
    """One description for a node, of those that it has in several uses."""
    ports = row[0].outputs
    stem = identifier(row[0].title)
    outputs: dict[str, Expression] = {
        port: merger.merge([node.outputs[port] for node in row], "size", stem) for port in ports
    }
    return replace(row[0], outputs=outputs, origins=merger.origins)


def _with_text(arguments: dict[str, Number], use: Use) -> dict[str, Number]:
    """Arguments as the use gave them: a value that came from an expression remembers it."""
    scope = dict(use.scope)
    return {name: scope.get(name, value) for name, value in arguments.items()}


def _type(values: tuple[Number, ...]) -> str:
    return "float" if any(isinstance(value, float) for value in values) else "int"


def shapes_text(inputs: Mapping[End, str], results: list[End], shapes: Mapping[End, str]) -> str:
    """What a module makes of what: its inputs by their names, and its results."""
    given = ", ".join(f"{name} {shapes[end]}" for end, name in inputs.items())
    return f"From {given} to {', '.join(shapes[end] for end in results)}."


def class_text(
    name: str,
    about: list[str],
    init: list[str],
    extra: list[str],
    methods: list[str],
    arguments: str = "",
) -> str:
    """A module's source: what `__init__` keeps, `extra` methods, then its own methods."""
    lines = [
        f"def __init__(self{arguments}) -> None:",
        "    super().__init__()",
        *indented(init),
        "",
        *extra,
        *methods,
    ]
    return "\n".join([f"class {name}(nn.Module):", *indented(about), "", *indented(lines)])


def docstring(about: str, description: str = "") -> list[str]:
    """A docstring's lines, what a user says first; the closing quotes on a line of their own where
    there are several. Shapes stay whole.
    """
    if summary := plain(description):
        end = "" if summary[-1] in ".!?…" else "."
        return [*_wrapped(f'"""{summary}{end}'), "", *_wrapped(about), '"""']
    if len(about) + 6 <= DOCSTRING:
        return [f'"""{about}"""']
    return [*_wrapped(f'"""{about}'), '"""']


def _wrapped(text: str) -> list[str]:
    whole = re.sub(r"\([^)]*\)", lambda shape: shape[0].replace(" ", "\0"), text)
    return [line.replace("\0", " ") for line in textwrap.wrap(whole, DOCSTRING - 3)]


def forward_lines(
    arguments: Collection[str], scope: Scope, results: list[End], shapes: Mapping[End, str]
) -> list[str]:
    """The method that computes a module's results."""
    signature = "".join(f", {name}: Tensor" for name in arguments)
    several = ", ".join(["Tensor"] * len(results))
    returns = "Tensor" if len(results) == 1 else f"tuple[{several}]"
    values = [scope.values[end] for end in results]
    shape = shapes_comment(shapes[end] for end in results)
    statements = returning(scope.statements, values, shape)
    if CHAINED in arguments or not scope.names.has(CHAINED):
        chain(statements, CHAINED, scope.printer)
    *before, last = (scope.printer.line(statement) for statement in statements)
    lines = [line_of(*line) for line in before]
    lines += [line_of(*last)] if len(statements) == len(scope.statements) else commented(*last)
    return [f"def forward(self{signature}) -> {returns}:", *indented(lines)]


def commented(line: str, comment: str) -> list[str]:
    """A line of a method with a comment behind it, or above where both are too long for one."""
    text = line_of(line, comment)
    return [text] if len(text) <= LONGEST or not comment else [f"# {comment}", line]


def indented(lines: list[str]) -> list[str]:
    """Lines one step to the right."""
    return [f"    {line}" if line else "" for line in lines]
