"""Prints descriptions of Python as the statements of a class: constructions for `__init__`, lines
for `forward`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

from graphs.check.block_uses import Use
from graphs.check.shape_inference import Blocks, described_with, meta_tensor
from graphs.codegen.expressions.expression_printer import ExpressionPrinter
from graphs.codegen.expressions.imports import Imports
from graphs.codegen.expressions.merge_uses import Argument
from graphs.codegen.expressions.names import attribute_names
from graphs.document.document import End
from graphs.document.identifiers import Names, identifier
from graphs.document.parameter_expressions import names_in, renamed
from graphs.nodetypes.expressions import Call, Evaluation, Expression, Index, Item, modules_of, walk
from graphs.nodetypes.node_type import NodeType, Port
from graphs.nodetypes.tensor_kinds import Meta, Tensor

LONGEST_INLINE = 56
"""Characters of the longest expression that is put into another."""
DEEPEST_INLINE = 3
"""How many nodes one expression may hold."""
LONGEST_COMMENT = 84
"""Characters of the longest comment at the end of a line; shapes that are longer stand in the
docstring of the class alone.
"""


@dataclass
class Described:
    """A node with what it describes."""

    id: str
    title: str
    """What its variables and modules are named after."""
    type: NodeType
    outputs: dict[str, Expression]
    origins: dict[int, Expression] = field(default_factory=dict)
    """For a description merged of several, the expressions of one of them."""
    weights_key: str = ""
    """What it has in common with nodes that share its weights."""
    uses: tuple[Use, ...] = ()
    """The uses of the blocks that it holds, by the calls that construct them (`references_in`)."""

    def structures(self) -> dict[int, Any]:
        """How what each expression computes falls into parts, by a meta run."""
        values = list(self.outputs.values())
        run = Evaluation(meta_tensor)
        run.value([self.origins.get(id(value), value) for value in values])
        parts = {id(e): run.structures.get(id(self.origins.get(id(e), e))) for e in walk(values)}
        return parts

    @property
    def applies_module(self) -> bool:
        """Whether it is a layer with a module of its own, not a plain function."""
        return any(map(modules_of, walk(list(self.outputs.values()))))


@dataclass
class Scope:
    """A class being printed: modules in `init`, statements in `lines`, and the text of each value
    by its end.
    """

    imports: Imports
    values: dict[End, str]
    names: Names
    attributes: Names = field(default_factory=attribute_names)
    init: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    depth: Counter[End] = field(default_factory=Counter)
    modules: MutableMapping[str, list[str]] = field(default_factory=dict)
    """Attributes that hold modules, by node, or by what nodes that share weights have in common."""
    frozen: list[str] = field(default_factory=list)
    """Attributes that hold frozen modules."""
    before_module: set[End] = field(default_factory=set)
    """Values that a module is applied to; one line applies one module at most."""

    stored: dict[str, str] = field(default_factory=dict)
    """Attributes that keep arguments of the constructor."""
    given: dict[End, str] = field(default_factory=dict)
    """The variable that each value had when it was computed before."""
    repeated: set[str] = field(default_factory=set)
    """What several nodes call an output port, or a module of their own: names that do not tell them
    apart.
    """

    def sibling(self, values: Mapping[End, str]) -> Scope:
        """A scope for another method of the same class."""
        return Scope(
            self.imports,
            dict(values),
            self.names.beside(values.values()),
            self.attributes,
            init=self.init,
            modules=self.modules,
            frozen=self.frozen,
            stored=self.stored,
        )

    def keep(self, text: str) -> str:
        """An expression of the constructor's arguments, as other methods can read it."""
        for name in names_in(text):
            if name not in self.stored:
                self.stored[name] = self.attributes.unique(name)
        return renamed(text, {name: f"self.{kept}" for name, kept in self.stored.items()})

    def kept(self) -> tuple[list[str], list[str]]:
        """The lines of `__init__`, and a method that keeps frozen modules as they are."""
        stored = [f"self.{kept} = {name}" for name, kept in self.stored.items()]
        if not self.frozen:
            return [*stored, *self.init], []
        freeze = [f"self.{name}.requires_grad_(False)" for name in self.frozen]
        train = [
            "def train(self, mode: bool = True) -> Self:",
            '    """Training or evaluation mode; what is frozen stays in evaluation mode."""',
            "    super().train(mode)",
            *(f"    self.{name}.eval()" for name in self.frozen),
            "    return self",
            "",
        ]
        self.imports.lines.add("from typing import Self")
        return [*stored, *self.init, *freeze], train

    def print_nodes(
        self, nodes: list[Described], shapes: Mapping[End, str], results: list[End]
    ) -> None:
        """Print nodes in order; `results` are used once more after them."""
        uses = Counter(results)
        wanted = [port for node in nodes if len(node.outputs) > 1 for port in node.outputs]
        modules = {(node.type.module_name, node.weights_key or node.id) for node in nodes}
        names = Counter([*wanted, *(name for name, _ in modules)])
        self.repeated.update(name for name, count in names.items() if count > 1)
        for node in nodes:
            used = [leaf.end for leaf in leaves(node.outputs.values())]
            uses.update(used)
            if node.applies_module:
                self.before_module.update(used)
        for node in nodes:
            _NodePrinter(self, node, uses, shapes).print()


def describe(
    id: str,
    title: str,
    type_: NodeType,
    sources: dict[str, list[tuple[End, Meta]]],
    blocks: Blocks | None = None,
    uses: tuple[Use, ...] = (),
) -> Described:
    """A node's description, its leaves being the ends that its wires come from."""

    def leaf(port: Port, number: int, meta: Meta) -> Tensor:
        return port.takes(sources[port.name][number][0], meta)

    arrivals = tuple((name, tuple(meta for _, meta in found)) for name, found in sources.items())
    outputs = described_with(type_, arrivals, leaf, blocks)
    return Described(id, title, type_, outputs, weights_key=type_.shared_weights, uses=uses)


def leaves(values: Iterable[Expression]) -> Iterable[Tensor]:
    """Every use of a leaf, once for each place where it stands."""
    values = list(values)
    yield from (value for value in values if isinstance(value, Tensor))
    for expression in walk(values):
        yield from (part for part in _flat(expression.operands()) if isinstance(part, Tensor))


def _flat(values: Iterable[Any]) -> Iterable[Any]:
    for value in values:
        if isinstance(value, (list, tuple)):
            yield from _flat(value)
        else:
            yield value


Found = dict[tuple[Index, ...], tuple[str, list[Item]]]
"""Parts of a tuple that are used, by where they lie: a name for each, and where it is read."""


class _NodePrinter(ExpressionPrinter):
    """Prints one node into a scope."""

    def __init__(
        self, scope: Scope, node: Described, uses: Counter[End], shapes: Mapping[End, str]
    ) -> None:
        super().__init__(
            scope.imports, scope.values, keep_defaults=node.type.role in ("loss", "data")
        )
        self.scope = scope
        self.node = node
        self.uses = uses
        self.shapes = shapes
        self.stem = identifier(node.title)
        self.constructing = False

    def argument(self, value: Argument) -> str:
        """As it is in `__init__`; elsewhere an attribute that keeps it."""
        return value.text if self.constructing else self.scope.keep(value.text)

    def print(self) -> None:
        needed = {
            End(self.node.id, port): value
            for port, value in self.node.outputs.items()
            if self.uses[End(self.node.id, port)]
        }
        self._modules(needed.values())
        self._unpackings(needed)
        for end, expression in needed.items():
            self._value(end, expression)

    def _modules(self, values: Iterable[Expression]) -> None:
        key = self.node.weights_key or self.node.id
        given = iter(self.scope.modules.get(key, ()))
        for expression in walk(list(values)):
            for module in modules_of(expression):
                if id(module) not in self.named:
                    attribute = next(given, None) or self._new_module(module)
                    self.named[id(module)] = f"self.{attribute}"

    def _new_module(self, module: Call) -> str:
        """Construct a module in `__init__`; nodes that share weights find it there again."""
        name = self.node.type.module_name
        hint = self.stem if name in self.scope.repeated else name or self.stem
        attribute = self.scope.attributes.unique(hint)
        self.constructing = True
        self.scope.init.append(f"self.{attribute} = {self.text(module)}")
        self.constructing = False
        key = self.node.weights_key or self.node.id
        self.scope.modules.setdefault(key, []).append(attribute)
        if self.node.type.frozen:
            self.scope.frozen.append(attribute)
        return attribute

    def _unpackings(self, needed: dict[End, Expression]) -> None:
        """Name the parts of a tuple that are used: `sequence, (last, _) = self.lstm(x)`."""
        if not any(isinstance(expression, Item) for expression in walk(list(needed.values()))):
            return
        structures = self.node.structures()
        parts: dict[int, Found] = {}
        roots: dict[int, Expression] = {}
        for end, expression in needed.items():
            for item in (e for e in walk(expression) if isinstance(e, Item)):
                root, path = _root(item)
                if (
                    _at(structures[id(root)], path) is None
                    and structures[id(item.value)] is not None
                ):
                    roots[id(root)] = root
                    found = parts.setdefault(id(root), {})
                    found.setdefault(path, (self._hint(end), []))[1].append(item)
        for key, found in parts.items():
            first = next(iter(found))
            long = len(self.text(roots[key])) > LONGEST_INLINE
            if len(found) > 1 or len(first) > 1 or (long and structures[key]):
                self._unpack(roots[key], structures[key], found)

    def _hint(self, end: End) -> str:
        """What a value is called: after its node, after its port, or after both."""
        if len(self.node.outputs) == 1:
            return self.stem
        return f"{self.stem}_{end.port}" if end.port in self.scope.repeated else end.port

    def _unpack(self, root: Expression, structure: Any, found: Found) -> None:
        right = self.text(root)
        names = {path: self.scope.names.unique(hint) for path, (hint, _) in found.items()}
        self.scope.lines.append(f"{_pattern(structure, names)} = {right}")
        for path, (_, items) in found.items():
            self.named.update({id(item): names[path] for item in items})

    def _value(self, end: End, expression: Expression) -> None:
        """Put the value of a port into the scope: inside the one line that uses it, or in a line of
        its own.
        """
        text = self.text(expression)
        depth = 1 + sum(self.scope.depth[leaf.end] for leaf in leaves([expression]))
        if text.isidentifier():
            self.scope.values[end] = text
        elif self._fits_inside(end, text, depth):
            self.scope.values[end] = text
            self.scope.depth[end] = depth
        else:
            name = self.scope.given.get(end) or self.scope.names.unique(self._hint(end))
            self.scope.given[end] = name
            comment = "" if self.shapes[end] == "()" else f"  # {self.shapes[end]}"
            self.scope.lines.append(f"{name} = {text}{comment}")
            self.scope.values[end] = name

    def _fits_inside(self, end: End, text: str, depth: int) -> bool:
        crowded = "self." in text and end in self.scope.before_module
        return (
            self.uses[end] == 1
            and len(text) <= LONGEST_INLINE
            and depth <= DEEPEST_INLINE
            and not crowded
        )


def _root(item: Item) -> tuple[Expression, tuple[Index, ...]]:
    path: tuple[Index, ...] = ()
    value: Expression = item
    while isinstance(value, Item):
        path = (value.index, *path)
        value = value.value
    return value, path


def _at(structure: Any, path: tuple[Index, ...]) -> Any:
    for index in path:
        if structure is None:
            return "inside a tensor"
        structure = structure[index]
    return structure


def _pattern(
    structure: list[Any], names: dict[tuple[Index, ...], str], path: tuple[Index, ...] = ()
) -> str:
    """The left side of an assignment that takes a tuple apart."""
    parts: list[str] = []
    for index, part in enumerate(structure):
        here = (*path, index)
        used = any(name[: len(here)] == here for name in names)
        if part is None or not used:
            parts.append(names.get(here, "_"))
        else:
            parts.append(f"({_pattern(part, names, here)})")
    return left_side(parts)


def left_side(names: list[str]) -> str:
    """The names that a tuple's parts get; `_` is a part that nothing uses, `*_` many at the end."""
    unused = len(list(takewhile("_".__eq__, reversed(names))))
    return ", ".join([*names[:-unused], "*_"] if unused > 2 else names)


def shapes_comment(shapes: Iterable[str]) -> str:
    """What stands behind a line that computes values, where it is short enough for a line."""
    text = ", ".join(shapes)
    return f"  # {text}" if len(text) <= LONGEST_COMMENT else ""
