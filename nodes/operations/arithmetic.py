"""Arithmetic: element-wise operations, skip connections and concatenation."""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import torch
from pydantic import NonNegativeFloat, PositiveInt, field_validator

from graphs.document.parameter_expressions import ArithmeticProblem, names_in, translated
from graphs.nodetypes.expressions import Call, Expression, call
from graphs.nodetypes.node_type import BlockInterface, Example, Misfit, NodeType, Port, axis_of
from graphs.nodetypes.tensor_kinds import Meta, Numbers, Tensor
from graphs.nodetypes.time_dependence import Arriving, Treatment, alone, mixes

T = TypeVar("T")


class Add(NodeType):
    """Adds tensors of equal shape, element by element: a skip connection.

    Use it for residual connections, x + f(x), which lead around layers, and to make one loss of
    several.
    """

    keywords = (
        "residual",
        "residual connection",
        "skip",
        "skip connection",
        "shortcut",
        "shortcut connection",
        "resnet",
        "sum of wires",
        "plus",
        "torch.add",
        "element-wise sum",
    )
    over_time = alone
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
    """Concatenates tensors along one axis; all other axes must be equal.

    Use it for skip connections that keep both parts, as in DenseNet and U-Net, and to give a layer
    several inputs at once.
    """

    keywords = (
        "torch.cat",
        "cat",
        "concatenate",
        "concatenation",
        "join",
        "merge",
        "skip connection",
        "unet skip",
        "densenet",
        "append",
    )

    dim: int = 1
    """The axis along which they are joined: 1 is channels or features of (N, C, …); -1 is the last.
    """

    over_time = mixes("dim")
    examples = (
        Example({}, [(2, 3, 8, 8), (2, 4, 8, 8)], [(2, 7, 8, 8)]),
        Example({"dim": -1}, [(2, 5), (2, 5), (2, 1)], [(2, 11)]),
        Example({}, [(2, 3, 8, 8), (2, 3, 4, 4)], problem="got (N, 3, 8, 8) and (N, 3, 4, 4)"),
        Example({"dim": 2}, [(2, 3), (2, 3)], problem="there is no axis 2"),
        Example({}, [(2, 3)], problem="at least two wires"),
    )

    def build(self, *values: Tensor) -> Expression:
        _require_two(values)
        axis = axis_of(values[0], self.dim)
        others = {(*value.shape[:axis], *value.shape[axis + 1 :]) for value in values}
        if len(others) > 1 or len({len(value.shape) for value in values}) > 1:
            shapes = " and ".join(value.meta.text for value in values)
            raise Misfit(f"needs equal sizes on every axis but {axis}, got {shapes}")
        return call(torch.cat, list(values), dim=self.dim)


class Choose(NodeType):
    """Switch: passes on one of its wires, the first, the second, … as `choice` says.

    Use it to keep variants in one drawing, and a hyperparameter as `choice` to turn from one to the
    next: with and without a layer, one of three losses, one of two data sets. What only the other
    wires need is not there: it is neither checked nor trained, and not in the exported file.
    """

    keywords = (
        "switch",
        "select branch",
        "ablation",
        "variant",
        "conditional",
        "if",
        "mux",
        "toggle",
        "option",
    )

    choice: PositiveInt = 1
    """Which wire, counted from 1 in the order in which they arrive."""

    examples = (
        Example({}, [(2, 3), (2, 5)], [(2, 3)]),
        Example({"choice": 2}, [(2, 3, 8), (2, 5, 8)], [(2, 5, 8)]),
        Example({"choice": 3}, [(2, 3), (2, 5)], problem="choice is 3, and 2 wires arrive"),
        Example({}, [], problem="choice is 1, and no wire arrives: wire what there is to choose"),
    )

    def picks(self, wires: int) -> int:
        if not wires:
            what = "no wire arrives: wire what there is to choose"
            raise Misfit(f"choice is {self.choice}, and {what}")
        if self.choice > wires:
            arrive = "1 wire arrives" if wires == 1 else f"{wires} wires arrive"
            raise Misfit(f"choice is {self.choice}, and {arrive}", use={"choice": wires})
        return self.choice - 1

    def over_time(self, arriving: tuple[Arriving, ...]) -> Treatment:
        """What it hands on is as it was."""
        return "looks" if self._picked(arriving).time is None else "alone"

    def build(self, *values: Tensor) -> Expression:
        return self._picked(values)

    def _picked(self, values: Sequence[T]) -> T:
        if len(values) == 1:
            return values[0]  # the others were left out before
        return values[self.picks(len(values))]


class Multiply(NodeType):
    """Multiplies tensors, element by element, with broadcasting: an axis of size 1 is repeated to
    fit.

    Use it for gating, which lets a part of a value through, and for masking.
    """

    keywords = (
        "torch.mul",
        "product",
        "times",
        "hadamard product",
        "element-wise product",
        "apply mask",
        "masking",
        "gating",
        "broadcasting",
    )
    over_time = alone
    examples = (
        Example({}, [(2, 3, 8, 8), (2, 3, 8, 8)], [(2, 3, 8, 8)]),
        Example({}, [(2, 7, 5), (2, 7, 1), (2, 1, 5)], [(2, 7, 5)]),
        Example({}, [(2, 3), (2, 4)], problem="does not fit, got (N, 3) and (N, 4)"),
        Example({}, [(2, 3)], problem="at least two wires"),
    )

    def build(self, *values: Numbers) -> Expression:
        _require_two(values)
        product: Expression = values[0]
        for value in values[1:]:
            require_broadcast(values[0], value)
            product = call(operator.mul, product, value)
        return product


class Subtract(NodeType):
    """Subtracts the second tensor from the first, element by element, with broadcasting: an axis of
    size 1 is repeated to fit.

    Use it for differences, such as the residual that a prediction leaves.
    """

    keywords = ("torch.sub", "minus", "difference", "residual error")
    over_time = alone
    examples = (
        Example({}, [(2, 3, 8, 8), (2, 3, 8, 8)], [(2, 3, 8, 8)]),
        Example({}, [(2, 3), (2, 1)], [(2, 3)]),
        Example({}, [(2, 3), (2, 4)], problem="does not fit, got (N, 3) and (N, 4)"),
    )

    def build(self, x: Numbers, taken: Numbers) -> Call:
        require_broadcast(x, taken)
        return call(operator.sub, x, taken)


class Divide(NodeType):
    """Divides the first tensor by the second, element by element, with broadcasting: an axis of
    size 1 is repeated to fit.

    Use it for ratios and for normalising by something the network computes. Where the second may
    come near 0, set `eps`: a division by 0 makes the loss NaN.
    """

    keywords = ("torch.div", "ratio", "quotient", "normalise")

    eps: NonNegativeFloat = 0.0
    """A small number added to the divisor, such as 1e-6; the divisor should then not be negative.
    """

    over_time = alone
    examples = (
        Example({}, [(2, 3, 8, 8), (2, 3, 8, 8)], [(2, 3, 8, 8)]),
        Example({"eps": 1e-6}, [(2, 3), (2, 1)], [(2, 3)]),
        Example({}, [(2, 3), (2, 4)], problem="does not fit, got (N, 3) and (N, 4)"),
    )

    def build(self, x: Numbers, divisor: Numbers) -> Call:
        require_broadcast(x, divisor)
        below = call(operator.add, divisor, self.eps) if self.eps else divisor
        return call(operator.truediv, x, below)


class Scale(NodeType):
    """Multiplies by a constant.

    Use it to weigh one loss against another before an Add, and for the constant factors of papers.
    """

    keywords = (
        "multiply by a constant",
        "factor",
        "scalar multiplication",
        "gain",
        "weight of a loss",
        "coefficient",
    )

    factor: float = 1.0
    """The constant that every value is multiplied by; `=features ** 0.5` is one too."""

    over_time = alone
    examples = (
        Example({"factor": 0.1}, [()], [()]),
        Example({"factor": 2}, [(2, 3, 8, 8)], [(2, 3, 8, 8)]),
        Example({"factor": "much"}, [()], problem="factor"),
        Example({}, [Meta((2,), "int64")], problem="needs numbers of any shape"),
    )

    def build(self, x: Numbers) -> Call:
        return call(operator.mul, x, self.factor)


class MatMul(NodeType):
    """Batched matrix product: rows of the first by columns of the second, for each sample on its
    own.

    (N, …, A, B) and (N, …, B, C) become (N, …, A, C). Use it to compare every vector with every
    other, as attention does: (N, T, F) with (N, F, T), which Permute makes, gives (N, T, T).
    """

    keywords = (
        "torch.matmul",
        "torch.bmm",
        "matrix multiplication",
        "batched matmul",
        "dot product",
        "inner product",
        "einsum",
    )
    examples = (
        Example({}, [(2, 3, 4), (2, 4, 5)], [(2, 3, 5)]),
        Example({}, [(2, 8, 3, 4), (2, 8, 4, 5)], [(2, 8, 3, 5)]),
        Example({}, [(2, 3, 4), (2, 3, 4)], problem="needs 4 rows in right, got (N, 3, 4)"),
        Example({}, [(2, 3), (2, 3, 4)], problem="needs (N, …, rows, columns), got (N, 3)"),
    )

    def build(self, left: Numbers, right: Numbers) -> Call:
        for value in (left, right):
            if len(value.shape) < 3:
                raise Misfit(f"needs (N, …, rows, columns), got {value.meta.text}")
        if left.shape[-1] != right.shape[-2]:
            raise Misfit(f"needs {left.shape[-1]} rows in right, got {right.meta.text}")
        return call(operator.matmul, left, right)


def require_broadcast(left: Tensor, right: Tensor) -> None:
    """Raise Misfit where one shape cannot be broadcast to the other."""
    try:
        torch.broadcast_shapes(left.shape, right.shape)  # type: ignore[no-untyped-call]
    except RuntimeError:
        text = f"{left.meta.text} and {right.meta.text}"
        raise Misfit(f"one of the shapes does not fit, got {text}") from None


class Arithmetic(NodeType):
    """Element-wise formula: combines tensors as an expression says, `a * b + (1 - a) * c`, with
    broadcasting.

    Each name in the expression is an input port. Use it for gates and other small formulas, where a
    node for each sign would be hard to read.
    """

    keywords = (
        "formula",
        "expression",
        "lambda",
        "exp",
        "log",
        "sqrt",
        "abs",
        "power",
        "pow",
        "square",
        "sin",
        "cos",
        "minimum",
        "maximum",
        "element-wise",
        "math",
        "torch.exp",
        "torch.log",
    )

    expression: str = "a * b"
    """Names, numbers, + - * / **, and exp, log, sqrt, abs, sin, cos, tanh, sigmoid, min, max."""

    over_time = alone
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

    def ports(self, blocks: Mapping[str, BlockInterface]) -> tuple[Port, ...]:
        return tuple(Port(name, Numbers) for name in names_in(self.expression))

    def build(self, *values: Numbers) -> Expression:
        named = dict(zip(names_in(self.expression), values, strict=True))
        result: Expression = translated(self.expression, named, call, _FUNCTIONS)
        return result


_FUNCTIONS: dict[str, Callable[..., Any]] = {
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
