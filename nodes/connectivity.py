"""Connectivity: nodes in which several wires become one."""

import operator

import torch

from graphs.expressions import Expression, call
from graphs.kinds import Tensor
from graphs.node_type import Example, Misfit, NodeType


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


def _require_two(values: tuple[Tensor, ...]) -> None:
    if len(values) < 2:
        raise Misfit(f"needs at least two wires, got {len(values)}")
