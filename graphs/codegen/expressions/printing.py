"""A class on the way to be printed: what it keeps, and the statements of its methods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from graphs.check.block_uses import Use
from graphs.check.shape_inference import Blocks, described_with, meta_tensor
from graphs.codegen.expressions.imports import Imports
from graphs.codegen.expressions.names import attribute_names
from graphs.codegen.expressions.statements import (
    LONGEST_COMMENT,
    Assign,
    Construct,
    StatementPrinter,
    Variable,
)
from graphs.document.document import End
from graphs.document.identifiers import Names
from graphs.document.parameter_expressions import names_in, renamed
from graphs.nodetypes.expressions import Evaluation, Expression, modules_of, walk
from graphs.nodetypes.node_type import NodeType, Port
from graphs.nodetypes.tensor_kinds import Meta, Tensor


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
    """A method of a class being printed: the modules that the class makes, the statements of the
    method, and each value by its end.
    """

    imports: Imports
    named: Mapping[End, str]
    """The values that have names from the first."""
    names: Names
    attributes: Names = field(default_factory=attribute_names)
    constructs: list[Construct] = field(default_factory=list)
    statements: list[Assign] = field(default_factory=list)
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

    def __post_init__(self) -> None:
        self.values = {end: Variable(name) for end, name in self.named.items()}
        """What stands for each value so far."""
        self.printer = StatementPrinter(self.imports, {}, keep_defaults=True)

    @property
    def lines(self) -> list[str]:
        """The statements as text."""
        return [line_of(*self.printer.line(statement)) for statement in self.statements]

    def text(self, end: End) -> str:
        """The Python of a value."""
        return self.printer.text(self.values[end])

    @property
    def texts(self) -> dict[End, str]:
        """The Python of every value so far."""
        return {end: self.text(end) for end in self.values}

    def sibling(self, values: Mapping[End, str]) -> Scope:
        """A scope for another method of the same class."""
        return Scope(
            self.imports,
            dict(values),
            self.names.beside(values.values()),
            self.attributes,
            constructs=self.constructs,
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
        stored += [self.printer.line(construct)[0] for construct in self.constructs]
        if not self.frozen:
            return stored, []
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
        return [*stored, *freeze], train


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


def line_of(line: str, comment: str) -> str:
    """A line with a comment behind it."""
    return f"{line}  # {comment}" if comment else line


def shapes_comment(shapes: Iterable[str]) -> str:
    """What stands behind a line that computes values, where it is short enough for a line."""
    text = ", ".join(shapes)
    return text if len(text) <= LONGEST_COMMENT else ""
