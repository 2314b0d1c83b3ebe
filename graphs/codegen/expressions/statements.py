"""Statements as data before they are text: what is constructed once, what is assigned, what is
returned. Expressions in them refer to variables and to modules that stand in attributes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from graphs.codegen.expressions.expression_printer import ExpressionPrinter
from graphs.nodetypes.expressions import Call, Expression

LONGEST_COMMENT = 84
"""Characters of the longest comment at the end of a line; shapes that are longer stand in the
docstring of the class alone.
"""


class Variable(Expression):
    """A value with a name of its own; or one that stands inside the only expression that uses it,
    and then holds so many nodes.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.inlined: Expression | None = None
        self.nodes = 0

    def operands(self) -> tuple[Any, ...]:
        return () if self.inlined is None else (self.inlined,)


class Kept(Expression):
    """A module that stands in an attribute: `self.conv`."""

    def __init__(self, text: str, target: Callable[..., Any]) -> None:
        self.text = text
        self.target = target


Pattern = Variable | list["Pattern"] | None
"""What is assigned to: a variable, or the parts of a tuple; nothing for a part without a use."""


@dataclass(frozen=True)
class Construct:
    """A module that is made once and kept in an attribute."""

    attribute: str
    module: Call


@dataclass(frozen=True)
class Assign:
    """A value, or a tuple taken apart, that gets names."""

    target: Pattern
    expression: Expression
    shape: str = ""
    """What a comment says of it."""


@dataclass(frozen=True)
class Return:
    """What a method gives."""

    values: tuple[Expression, ...]
    shape: str = ""


Statement = Construct | Assign | Return


class StatementPrinter(ExpressionPrinter):
    """Turns statements into text."""

    def text(self, value: Any) -> str:
        match value:
            case Variable(inlined=None):
                return value.name
            case Variable():
                return self.text(value.inlined)
            case Kept():
                return value.text
        return super().text(value)

    def line(self, statement: Statement) -> tuple[str, str]:
        """A statement, and the comment that belongs behind it."""
        match statement:
            case Construct(attribute=attribute, module=module):
                return f"self.{attribute} = {self.text(module)}", ""
            case Return(values=values, shape=shape):
                return f"return {', '.join(map(self.text, values))}", shape
            case Assign(target=target, expression=expression, shape=shape):
                return f"{left_side(target)} = {self.text(expression)}", shape


def left_side(target: Pattern) -> str:
    """What stands on the left: `sequence, (last, _)`; `*_` for many parts without a use."""
    if not isinstance(target, list):
        return target.name if target else "_"
    parts = [f"({left_side(p)})" if isinstance(p, list) else left_side(p) for p in target]
    unused = len(list(takewhile("_".__eq__, reversed(parts))))
    return ", ".join([*parts[:-unused], "*_"] if unused > 2 else parts)


def read_in(value: Any) -> Iterator[Variable]:
    """The variables that an expression reads, once for each place."""
    if isinstance(value, Variable) and value.inlined is None:
        yield value
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from read_in(part)
    elif isinstance(value, Expression):
        yield from read_in(value.operands())


def returning(
    statements: Sequence[Assign], values: Sequence[Expression], shape: str
) -> list[Assign | Return]:
    """Statements and what is returned after them; a value that is only returned needs no name."""
    wanted = values[0] if len(values) == 1 else list(values)
    if statements and statements[-1].target == wanted:
        *before, last = statements
        return [*before, Return((last.expression,), last.shape)]
    return [*statements, Return(tuple(values), shape)]


def chain(statements: Sequence[Statement], name: str, printer: StatementPrinter) -> None:
    """Call what is handed from line to line `x`: `x = F.relu(self.conv(x))`.

    A value is, when the next statement reads it once and nothing else does, when all other values
    of that statement lie before it (as a skip connection does), and when its line says already what
    its own name says. An argument of this name must not be read any more.
    """
    reads = [Counter(read_in(_read(statement))) for statement in statements]
    before = _before(statements, reads)
    free_from = max((n for n, row in enumerate(reads) if _has(row, name)), default=0)
    for place, statement in enumerate(statements[:-1]):
        variable = statement.target if isinstance(statement, Assign) else None
        if not isinstance(variable, Variable) or place < free_from:
            continue
        others = (reads[place + 1].keys() & before.keys()) - {variable}
        handed = [row[variable] for row in reads if variable in row] == [1]
        told = _stem(variable.name) in printer.line(statement)[0].partition(" = ")[2].lower()
        if handed and variable in reads[place + 1] and others <= before[variable] and told:
            variable.name = name


def _before(
    statements: Sequence[Statement], reads: Sequence[Counter[Variable]]
) -> dict[Variable, set[Variable]]:
    """The variables from which each variable comes."""
    found: dict[Variable, set[Variable]] = {}
    for statement, row in zip(statements, reads, strict=True):
        come = set(row).union(*(found.get(variable, set()) for variable in row))
        if isinstance(statement, Assign):
            found.update(dict.fromkeys(_targets(statement.target), come))
    return found


def _targets(target: Pattern) -> Iterator[Variable]:
    if isinstance(target, list):
        for part in target:
            yield from _targets(part)
    elif target is not None:
        yield target


def _read(statement: Statement) -> Any:
    match statement:
        case Return():
            return statement.values
        case Assign():
            return statement.expression
    return ()


def _has(row: Counter[Variable], name: str) -> bool:
    return any(variable.name == name for variable in row)


def _stem(name: str) -> str:
    return name.rstrip("0123456789").rstrip("_")
