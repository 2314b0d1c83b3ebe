"""The small language of parameters, `=width * 2`: names, numbers, + - * / // % **, min, max."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Number = int | float
LONGEST = 200
"""Characters of the longest expression."""
LARGEST = 2**63
"""No value may reach this; powers are kept from filling the memory."""


class ArithmeticProblem(ValueError):
    """An expression that has no value; the text is one sentence."""


class NamedInt(int):
    """An integer that came from an expression and remembers it."""

    text: str


class NamedFloat(float):
    """A number that came from an expression and remembers it."""

    text: str


def is_expression(value: object) -> bool:
    """Whether a parameter's value is an expression: text that begins with `=`."""
    return isinstance(value, str) and value.startswith("=")


def evaluate(text: str, names: Mapping[str, Number]) -> Number:
    """The value of an expression (without its `=`). Raises ArithmeticProblem."""
    value = _value(_parsed(text, LONGEST), names)
    if not abs(value) < LARGEST:
        raise ArithmeticProblem(f"{text.strip()} is too large")
    return value


def names_in(text: str) -> tuple[str, ...]:
    """The names that an expression reads, in order."""
    tree = _parsed(text)
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    found = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and id(n) not in called]
    found.sort(key=lambda node: (node.lineno, node.col_offset))
    return tuple(dict.fromkeys(node.id for node in found))


def named(value: Number, text: str) -> Number:
    """A number that remembers the expression it came from."""
    result = NamedInt(value) if isinstance(value, int) else NamedFloat(value)
    result.text = ast.unparse(_parsed(text))
    return result


def translated(
    text: str,
    values: Mapping[str, Any],
    apply: Callable[..., Any],
    functions: Mapping[str, Callable[..., Any]],
) -> Any:
    """What an expression makes of values that are no numbers: `apply(operator.mul, a, b)` for
    `a * b`, and the same for functions. Parts without names are numbers. Raises ArithmeticProblem.
    """

    def value(node: ast.expr) -> Any:
        if not any(isinstance(part, ast.Name | ast.Call) for part in ast.walk(node)):
            return evaluate(ast.unparse(node), {})
        match node:
            case ast.Name(id=name) if name in values:
                return values[name]
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return apply(operator.mul, -1, value(operand))
            case ast.BinOp(left=left, op=op, right=right) if isinstance(op, _SIGNS):
                return apply(_OPERATORS[type(op)], value(left), value(right))
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in functions:
                return apply(functions[name], *map(value, args))
        known = ", ".join(functions)
        raise ArithmeticProblem(f"{ast.unparse(node)} is not allowed here: + - * / **, {known} are")

    return value(_parsed(text, LONGEST))


def renamed(text: str, names: Mapping[str, str]) -> str:
    """An expression with other names, such as `self.width` for `width`."""
    if all(names.get(name, name) == name for name in names_in(text)):
        return text
    tree = _parsed(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = names.get(node.id, node.id)
    return ast.unparse(tree)


def _parsed(text: str, longest: int = 20 * LONGEST) -> ast.expr:
    """Read an expression. One that was printed may be longer than one that may be typed."""
    if len(text) > longest:
        raise ArithmeticProblem(f"an expression has at most {LONGEST} characters")
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ArithmeticProblem(f"{text.strip()!r} is not an expression") from error


def _value(node: ast.expr, names: Mapping[str, Number]) -> Number:
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return value
        case ast.Name(id=name):
            if name not in names:
                known = ", ".join(names) or "none"
                raise ArithmeticProblem(f"there is no parameter {name} here; there is {known}")
            return names[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, names)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _applied(_OPERATORS[type(op)], _value(left, names), _value(right, names))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if (
            name in _FUNCTIONS and args
        ):
            return _FUNCTIONS[name](_value(arg, names) for arg in args)
    raise ArithmeticProblem(
        f"{ast.unparse(node)} is not allowed here: names, numbers, + - * / // % **, min and max are"
    )


def _applied(function: Callable[[Any, Any], Any], left: Number, right: Number) -> Number:
    if function is operator.pow and abs(right) > 64:
        raise ArithmeticProblem(f"a power of {right} is too large")
    try:
        value = function(left, right)
    except ZeroDivisionError:
        raise ArithmeticProblem("it divides by zero") from None
    except OverflowError:
        raise ArithmeticProblem("its value is too large") from None
    if not isinstance(value, (int, float)) or abs(value) >= LARGEST:
        raise ArithmeticProblem("its value is too large")
    return value


_OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_SIGNS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)
"""Operators that values which are no numbers have too."""
_FUNCTIONS: dict[str, Callable[[Iterable[Number]], Number]] = {"min": min, "max": max}
