"""Connectivity: nodes in which several wires become one."""

import operator
from collections.abc import Mapping

import torch
from pydantic import field_validator

from graphs.arithmetic import ArithmeticProblem, names_in, translated
from graphs.expressions import Expression, call
from graphs.kinds import Numbers, Tensor
from graphs.node_type import Example, Interface, Misfit, NodeType, Port


class Add(NodeType):
    """Adds values of equal shape, element by element.

    Use it for shortcuts around layers (a residual connection), and to make one loss of several.
    """

    examples = (
        Example({}, [(2, 3, 8, 8), (2, 3, 8, 8)], [(2, 3, 8, 8)]),
        Example({}, [(), (), ()], [()]),
        Example(
            {},
            [(2, 3, 8, 8), (2, 4, 8, 8)],
            problem="needs equal shapes, got (N, 3, 8, 8) and (N, 4, 8, 8)",
        ),
        Example({}, [(2, 3)], problem="at least two wires"),
    )

    def build(self, *values: Tensor) -> Expression:
        _require_two(values)
        if len({value.shape for value in values}) > 1:
            shapes = " and ".join(value.meta.text for value in values)
            raise Misfit(f"needs equal shapes, got {shapes}")
        total: Expression = values[0]
        for value in values[1:]:
            total = call(operator.add, total, value)
        return total


class Concat(NodeType):
    """Puts values side by side along one axis; all other axes must be equal.

    Use it to give a layer several sources at once, as DenseNet and U-Net do.
    """

    dim: int = 1
    """The axis along which they are joined: 1 is channels or features of (N, C, …); -1 is the last.
    """

    examples = (
        Example({}, [(2, 3, 8, 8), (2, 4, 8, 8)], [(2, 7, 8, 8)]),
        Example({"dim": -1}, [(2, 5), (2, 5), (2, 1)], [(2, 11)]),
        Example({}, [(2, 3, 8, 8), (2, 3, 4, 4)], problem="got (N, 3, 8, 8) and (N, 3, 4, 4)"),
        Example({"dim": 2}, [(2, 3), (2, 3)], problem="there is no axis 2"),
        Example({}, [(2, 3)], problem="at least two wires"),
    )

    def build(self, *values: Tensor) -> Expression:
        _require_two(values)
        rank = len(values[0].shape)
        if not -rank <= self.dim < rank:
            raise Misfit(f"there is no axis {self.dim} in {values[0].meta.text}", use={"dim": -1})
        axis = self.dim % rank
        others = {(*value.shape[:axis], *value.shape[axis + 1 :]) for value in values}
        if len(others) > 1 or len({len(value.shape) for value in values}) > 1:
            shapes = " and ".join(value.meta.text for value in values)
            raise Misfit(f"needs equal sizes on every axis but {axis}, got {shapes}")
        return call(torch.cat, list(values), dim=self.dim)


class Arithmetic(NodeType):
    """Combines values, element by element, as an expression says: `a * b + (1 - a) * c`.

    Each name in the expression is an input port. Use it for gates and other small formulas, where a
    node for each sign would be hard to read. Sizes of 1 are stretched to fit, as torch does.
    """

    expression: str = "a * b"
    """Names, numbers, + - * / **, and exp, log, sqrt, abs, sin, cos, tanh, sigmoid, min, max."""

    examples = (
        Example({}, [(2, 5), (2, 5)], [(2, 5)]),
        Example({"expression": "z * n + (1 - z) * h"}, [(2, 5), (2, 5), (2, 5)], [(2, 5)]),
        Example({"expression": "2 - a - (b - a) / c"}, [(2, 3, 4)] * 3, [(2, 3, 4)]),
        Example({"expression": "a * tanh(-b) ** 2"}, [(2, 5), (2, 1)], [(2, 5)]),
        Example({"expression": "(-2) * min(a, b) / (3 * 4)"}, [(2, 5), (2, 5)], [(2, 5)]),
        Example({"expression": "(a / b) * (a * (b / a)) ** 2"}, [(2, 5), (2, 5)], [(2, 5)]),
        Example({"expression": "a *"}, [(2, 5)], problem="is not an expression"),
        Example({"expression": "open(a)"}, [(2, 5)], problem="open(a) is not allowed here"),
        Example({"expression": "a.data"}, [(2, 5)], problem="a.data is not allowed here"),
        Example({"expression": "1 + 1"}, [], problem="names no value"),
        Example({}, [(2, 5), (2, 4)], problem="torch refuses it"),
    )

    @field_validator("expression")
    @classmethod
    def _can_be_read(cls, expression: str) -> str:
        names = names_in(expression)
        translated(expression, dict.fromkeys(names, 1), lambda *_: 1, _FUNCTIONS)
        if not names:
            raise ArithmeticProblem(f"{expression} names no value, such as a or b")
        return expression

    def ports(self, blocks: Mapping[str, Interface]) -> tuple[Port, ...]:
        return tuple(Port(name, Numbers) for name in names_in(self.expression))

    def build(self, *values: Numbers) -> Expression:
        named = dict(zip(names_in(self.expression), values, strict=True))
        result: Expression = translated(self.expression, named, call, _FUNCTIONS)
        return result


_FUNCTIONS = {
    "exp": torch.exp,
    "log": torch.log,
    "sqrt": torch.sqrt,
    "abs": torch.abs,
    "sin": torch.sin,
    "cos": torch.cos,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "min": torch.minimum,
    "max": torch.maximum,
}


def _require_two(values: tuple[Tensor, ...]) -> None:
    if len(values) < 2:
        raise Misfit(f"needs at least two wires, got {len(values)}")
