"""Hyperparameters: the parameters of `main`, which stay adjustable in the exported file.

A size that follows from one (`in_channels` after `=width`) has to follow it in the file too. So the
graph is checked again with other values of each hyperparameter, and a number that changes with them
is written as the expression that gives all of its values. Where there is none, or where the graph
itself changes (copies of a Repeat), the hyperparameter is fixed in the file, and the file says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from graphs.document.document import Document, Graph, Node
from graphs.document.parameter_expressions import (
    ArithmeticProblem,
    Number,
    evaluate,
    is_expression,
    names_in,
)

STEPS = ((2, 3), (4, 8), (0.5, 0.25))
"""By what a hyperparameter is multiplied to see what follows it; the first pair that works."""


def used(graph: Graph) -> list[str]:
    """The parameters of a graph that its nodes read, in their order."""
    read = {name for node in graph.nodes.values() for name in _names(node)}
    return [name for name in graph.parameters if name in read]


def _names(node: Node) -> Iterator[str]:
    values = list(node.parameters.values())
    while values:
        value = values.pop()
        if isinstance(value, dict):
            values.extend(value.values())
        elif isinstance(value, list):
            values.extend(value)
        elif isinstance(value, str) and is_expression(value):
            try:
                yield from names_in(value[1:])
            except ArithmeticProblem:
                continue  # said on its node by the check


def varied(document: Document, name: str) -> Iterator[tuple[Document, Document]]:
    """Pairs of documents in which one hyperparameter has other values."""
    value = document.main.parameters[name]
    for factors in STEPS:
        changed = [_scaled(value, factor) for factor in factors]
        if len({value, *changed}) == 3:
            first, second = (_with(document, name, other) for other in changed)
            yield first, second


def _scaled(value: Number, factor: float) -> Number:
    """Whole numbers stay whole; zero grows by steps."""
    if value == 0:
        return type(value)(factor)
    return int(value * factor) if isinstance(value, int) else value * factor


def _with(document: Document, name: str, value: Number) -> Document:
    parameters = {**document.main.parameters, name: value}
    return document.with_graph("main", document.main.model_copy(update={"parameters": parameters}))


def fitted(values: tuple[Number, ...], scopes: list[Mapping[str, Number]]) -> str | None:
    """An expression of hyperparameters with these values in these scopes, the first the usual one.

    Tried in this order: a * h, h // q, a * h + b, a * h ** 2, and a * g * h.
    """
    changing = [name for name in scopes[0] if _follows(name, values, scopes)]
    for text in _candidates(changing, values, scopes):
        if all(_is(text, scope, value) for scope, value in zip(scopes, values, strict=True)):
            return text
    return None


def _follows(name: str, values: tuple[Number, ...], scopes: list[Mapping[str, Number]]) -> bool:
    """Whether values change where this hyperparameter does."""
    pairs = zip(scopes, values, strict=True)
    return any(scope[name] != scopes[0][name] and value != values[0] for scope, value in pairs)


def _candidates(
    names: list[str], values: tuple[Number, ...], scopes: list[Mapping[str, Number]]
) -> Iterator[str]:
    usual = scopes[0]
    if len(names) == 1:
        name = names[0]
        other = next(i for i, scope in enumerate(scopes) if scope[name] != usual[name])
        slope = Fraction(values[other] - values[0]) / Fraction(scopes[other][name] - usual[name])
        offset = Fraction(values[0]) - slope * Fraction(usual[name])
        yield from (name, f"{name} * {slope}", f"{name} // {1 / slope}" if slope else name)
        yield f"{name} * {slope.numerator} // {slope.denominator}"
        sign, size = ("+", offset) if offset >= 0 else ("-", -offset)
        yield f"{name} * {slope} {sign} {size}" if slope != 1 else f"{name} {sign} {size}"
        yield f"{name} ** 2 * {Fraction(values[0]) / Fraction(usual[name]) ** 2}".replace(
            " * 1", ""
        )
    elif len(names) == 2 and all(usual[name] for name in names):
        first, second = names
        scale = Fraction(values[0]) / (Fraction(usual[first]) * Fraction(usual[second]))
        yield f"{first} * {second}" if scale == 1 else f"{first} * {second} * {scale}"


def _is(text: str, scope: Mapping[str, Number], value: Number) -> bool:
    if "/" in text.replace("//", ""):
        return False  # a fraction that is no integer
    try:
        found = evaluate(text, scope)
    except ArithmeticProblem:
        return False
    return found == value and isinstance(found, int) == isinstance(value, int)
