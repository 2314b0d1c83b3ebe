"""Arithmetic: constants."""

import torch
from pydantic import PositiveInt

from graphs.nodetypes.expressions import Call, call
from graphs.nodetypes.node_type import Example, Misfit, NodeType
from graphs.nodetypes.tensor_kinds import Meta, Tensor


class Constant(NodeType):
    """Constant tensor: the same value at every place, for each sample of a batch, (N, *sizes).

    Use it for the initial state of a Scan where that is no vector, such as an empty memory of some
    places, (N, places, features). The wire says how many samples there are, and on which device.
    """

    keywords = (
        "torch.full",
        "torch.zeros",
        "torch.ones",
        "zeros",
        "ones",
        "fill",
        "fixed value",
        "initial state",
    )

    sizes: tuple[PositiveInt, ...] = (64,)
    """The sizes of all axes but the batch."""
    value: float = 0.0
    """The value."""

    examples = (
        Example({}, [(2, 7, 3)], [(2, 64)]),
        Example({"sizes": [24, 32], "value": 0.5}, [Meta((2,), "int64")], [(2, 24, 32)]),
        Example({"sizes": [0]}, [(2, 3)], problem="sizes"),
        Example({}, [()], problem="needs a batch of values, got ()"),
    )

    def build(self, like: Tensor) -> Call:
        if not like.shape:
            raise Misfit(f"needs a batch of values, got {like.meta.text}")
        return call(torch.full, (like.batch, *self.sizes), self.value, device=like.device)
