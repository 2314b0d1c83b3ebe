"""Expressions that are sums of multiples of names, and rows of them that grow by equal steps."""

from __future__ import annotations

import ast
from collections import Counter

Linear = dict[str, int]
"""By how much each name is multiplied; the number alone by the empty name."""


def progression(texts: list[str], counter: str) -> str | None:
    """The expression of a counter, from 0, that gives each of these in turn, if there is one:
    `width + 48 * i` for `width`, `width + 48`, `width + 96`.
    """
    rows = [linear(text) for text in texts]
    known = [row for row in rows if row is not None]
    if len(known) < max(len(texts), 3):
        return None
    first, step = known[0], _difference(known[1], known[0])
    if not step or any(row != _sum(first, step, place) for place, row in enumerate(known)):
        return None
    grows = f"({_text(step)}) * {counter}" if len(step) > 1 else f"{_text(step)} * {counter}"
    grows = counter if step == {"": 1} else grows
    return f"{texts[0]} + {grows}" if first else grows


def linear(text: str) -> Linear | None:
    """An expression as a sum of multiples; nothing where it is none."""
    return _linear(ast.parse(text, mode="eval").body)


def _linear(node: ast.expr) -> Linear | None:
    match node:
        case ast.Constant(value=int() as value):
            return _plain({"": value})
        case ast.Name(id=name):
            return {name: 1}
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _times(_linear(operand), {"": -1})
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            one, other = _linear(left), _linear(right)
            return None if one is None or other is None else _sum(one, other)
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            one, other = _linear(left), _linear(right)
            return None if one is None or other is None else _difference(one, other)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _times(_linear(left), _linear(right))
    return None


def _times(one: Linear | None, other: Linear | None) -> Linear | None:
    """A product, where one of the two is a number."""
    if one is None or other is None:
        return None
    for number, terms in ((one, other), (other, one)):
        if set(number) <= {""}:
            return _plain({name: value * number.get("", 0) for name, value in terms.items()})
    return None


def _sum(one: Linear, other: Linear, times: int = 1) -> Linear:
    total = Counter(one)
    for name, value in other.items():
        total[name] += times * value
    return _plain(total)


def _difference(one: Linear, other: Linear) -> Linear:
    return _sum(one, other, -1)


def _plain(terms: Linear) -> Linear:
    return {name: value for name, value in terms.items() if value}


def _text(terms: Linear) -> str:
    """A sum as it is written: `width * 2 + 48`."""
    parts = [_term(name, value) for name, value in terms.items()]
    return " + ".join(parts).replace("+ -", "- ")


def _term(name: str, value: int) -> str:
    if not name:
        return str(value)
    return name if value == 1 else f"{name} * {value}"
