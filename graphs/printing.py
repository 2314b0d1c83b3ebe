"""Prints descriptions of Python as the statements of a class: constructions for `__init__`, lines
for `forward`.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from graphs.arithmetic import names_in, renamed
from graphs.document import End, identifier
from graphs.expressions import (
    Apply,
    Attribute,
    Call,
    Evaluation,
    Expression,
    FolderFile,
    Item,
    walk,
)
from graphs.inference import Blocks, described_with, meta_tensor
from graphs.kinds import Meta, Tensor
from graphs.merging import Argument, PrintedClass
from graphs.naming import OPERATORS, Imports, Names
from graphs.node_type import NodeType, Port

LONGEST_INLINE = 56
"""Characters of the longest expression that is put into another."""
DEEPEST_INLINE = 3
"""How many nodes one expression may hold."""


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
        return any(isinstance(value, Apply) for value in walk(list(self.outputs.values())))


@dataclass
class Scope:
    """A class being printed: modules in `init`, statements in `lines`, and the text of each value
    by its end.
    """

    imports: Imports
    values: dict[End, str]
    names: Names
    attributes: Names = field(default_factory=Names)
    init: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    depth: Counter[End] = field(default_factory=Counter)
    modules: dict[str, list[str]] = field(default_factory=dict)
    """Attributes that hold modules, by node, or by what nodes that share weights have in common."""
    frozen: list[str] = field(default_factory=list)
    """Attributes that hold frozen modules."""
    before_module: set[End] = field(default_factory=set)
    """Values that a module is applied to; one line applies one module at most."""

    stored: dict[str, str] = field(default_factory=dict)
    """Attributes that keep arguments of the constructor."""
    given: dict[End, str] = field(default_factory=dict)
    """The variable that each value had when it was computed before."""

    def sibling(self, values: Mapping[End, str]) -> Scope:
        """A scope for another method of the same class."""
        return Scope(
            self.imports,
            dict(values),
            Names([*self.names.reserved, *values.values()]),
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
) -> Described:
    """A node's description, its leaves being the ends that its wires come from."""

    def leaf(port: Port, number: int, meta: Meta) -> Tensor:
        return port.takes(sources[port.name][number][0], meta)

    arrivals = tuple((name, tuple(meta for _, meta in found)) for name, found in sources.items())
    outputs = described_with(type_, arrivals, leaf, blocks)
    return Described(id, title, type_, outputs, weights_key=type_.shared_weights)


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


class ExpressionPrinter:
    """Prints one expression. `values` gives the text of a leaf; `keep_defaults` prints every
    argument.
    """

    def __init__(
        self, imports: Imports, values: dict[End, str], keep_defaults: bool = False
    ) -> None:
        self.imports = imports
        self.values = values
        self.keep_defaults = keep_defaults
        self.named: dict[int, str] = {}
        """Expressions that stand in a variable or attribute already."""

    def text(self, value: Any) -> str:
        """The Python of an expression, or of a validated plain value."""
        if id(value) in self.named:
            return self.named[id(value)]
        match value:
            case Tensor():
                return self.values[value.end]
            case Call() if value.target in OPERATORS:
                return f" {OPERATORS[value.target]} ".join(
                    self._operand(part) for part in value.args
                )
            case Call():
                name = self.imports.name(value.target)
                return f"{name}({self._arguments(value.target, value.args, value.kwargs)})"
            case Apply():
                module = self.text(value.module)
                return f"{module}({self._arguments(value.module.target, value.args, value.kwargs)})"
            case Item():
                return f"{self._operand(value.value)}[{value.index}]"
            case Attribute():
                return f"{self._operand(value.value)}.{value.name}"
            case FolderFile():
                return f"folder / {value.name!r}"
            case Argument():
                return self.argument(value)
            case list() if len(value) > 1 and all(map(_is_printed_class, value)):
                return self._copies(value)
            case list():
                return f"[{', '.join(map(self.text, value))}]"
            case tuple():
                return f"({', '.join(map(self.text, value))}{',' * (len(value) == 1)})"
            case bool() | int() | float() | str() | None:
                return repr(value)
        raise TypeError(f"{type(value).__name__} cannot stand in printed code")

    def argument(self, value: Argument) -> str:
        """A number that the constructor was given, where the text stands."""
        return value.text

    def _copies(self, calls: list[Call]) -> str:
        """Several of one class as a comprehension: `[Layer(i) for i in range(10)]`."""
        texts = [{name: self.text(v) for name, v in call.kwargs.items()} for call in calls]
        varying = [name for name in texts[0] if len({text[name] for text in texts}) > 1]
        arguments = [f"{n}={n if n in varying else text}" for n, text in texts[0].items()]
        made = f"{calls[0].target.__name__}({', '.join(arguments)})"
        return f"[{made} for {self._source_of_copies(varying, texts)}]"

    def _source_of_copies(self, varying: list[str], texts: list[dict[str, str]]) -> str:
        count = len(texts)
        counting = [n for n in varying if [t[n] for t in texts] == [str(i) for i in range(count)]]
        others = [name for name in varying if name not in counting[:1]]
        rows = [", ".join(text[name] for name in others) for text in texts]
        listed = ", ".join(f"({row})" for row in rows) if len(others) > 1 else ", ".join(rows)
        names = ", ".join(others)
        if not others:
            return f"{counting[0] if counting else '_'} in range({count})"
        if counting:
            names = f"({names})" if len(others) > 1 else names
            return f"{counting[0]}, {names} in enumerate([{listed}])"
        return f"{names} in [{listed}]"

    def _operand(self, value: Any) -> str:
        text = self.text(value)
        return f"({text})" if any(f" {sign} " in text for sign in OPERATORS.values()) else text

    def _arguments(
        self, target: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> str:
        defaults = {} if self.keep_defaults else _defaults(target)
        named = (
            f"{name}={self.text(value)}"
            for name, value in kwargs.items()
            if isinstance(value, Expression)
            or name not in defaults
            or not _same(defaults[name], value)
        )
        return ", ".join([*map(self.text, args), *named])


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
            self._value(end, expression, alone=len(self.node.outputs) == 1)

    def _modules(self, values: Iterable[Expression]) -> None:
        key = self.node.weights_key or self.node.id
        given = iter(self.scope.modules.get(key, ()))
        for expression in walk(list(values)):
            if isinstance(expression, Apply) and id(expression.module) not in self.named:
                attribute = next(given, None) or self._new_module(expression.module)
                self.named[id(expression.module)] = f"self.{attribute}"

    def _new_module(self, module: Call) -> str:
        """Construct a module in `__init__`; nodes that share weights find it there again."""
        attribute = self.scope.attributes.unique(self.node.type.module_name or self.stem)
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
        parts: dict[int, dict[tuple[int, ...], tuple[str, list[Item]]]] = {}
        roots: dict[int, Expression] = {}
        for end, expression in needed.items():
            for item in (e for e in walk(expression) if isinstance(e, Item)):
                root, path = _root(item)
                if (
                    _at(structures[id(root)], path) is None
                    and structures[id(item.value)] is not None
                ):
                    roots[id(root)] = root
                    hint = end.port if len(self.node.outputs) > 1 else self.stem
                    parts.setdefault(id(root), {}).setdefault(path, (hint, []))[1].append(item)
        for key, found in parts.items():
            if len(found) > 1 or len(next(iter(found))) > 1:
                self._unpack(roots[key], structures[key], found)

    def _unpack(
        self, root: Expression, structure: Any, found: dict[tuple[int, ...], tuple[str, list[Item]]]
    ) -> None:
        right = self.text(root)
        names = {path: self.scope.names.unique(hint) for path, (hint, _) in found.items()}
        self.scope.lines.append(f"{_pattern(structure, names)} = {right}")
        for path, (_, items) in found.items():
            self.named.update({id(item): names[path] for item in items})

    def _value(self, end: End, expression: Expression, alone: bool) -> None:
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
            name = self.scope.given.get(end) or self.scope.names.unique(
                self.stem if alone else end.port
            )
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


def _is_printed_class(value: Any) -> bool:
    return isinstance(value, Call) and isinstance(value.target, PrintedClass)


def _root(item: Item) -> tuple[Expression, tuple[int, ...]]:
    path: tuple[int, ...] = ()
    value: Expression = item
    while isinstance(value, Item):
        path = (value.index, *path)
        value = value.value
    return value, path


def _at(structure: Any, path: tuple[int, ...]) -> Any:
    for index in path:
        if structure is None:
            return "inside a tensor"
        structure = structure[index]
    return structure


def _pattern(
    structure: list[Any], names: dict[tuple[int, ...], str], path: tuple[int, ...] = ()
) -> str:
    """The left side of an assignment that takes a tuple apart; `_` is a part that nothing uses."""
    parts = []
    for index, part in enumerate(structure):
        here = (*path, index)
        used = any(name[: len(here)] == here for name in names)
        if part is None or not used:
            parts.append(names.get(here, "_"))
        else:
            parts.append(f"({_pattern(part, names, here)})")
    return ", ".join(parts)


def _defaults(target: Callable[..., Any]) -> dict[str, Any]:
    try:
        parameters = inspect.signature(target).parameters.values()
    except ValueError:  # some functions of torch are built in and have no signature
        return {}
    return {
        p.name: p.default for p in parameters if p.default is not p.empty
    } | _recurrent_defaults(target)


def _recurrent_defaults(target: Callable[..., Any]) -> dict[str, Any]:
    """nn.LSTM and its kin hide their arguments behind *args; these are the defaults that torch
    documents.
    """
    if not (inspect.isclass(target) and issubclass(target, nn.RNNBase)):
        return {}
    return {
        "num_layers": 1,
        "bias": True,
        "batch_first": False,
        "dropout": 0.0,
        "bidirectional": False,
    }


def _same(default: Any, value: Any) -> bool:
    return type(default) is type(value) and bool(default == value)
