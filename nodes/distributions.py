"""Distributions: random numbers in a network."""

import torch
from pydantic import PositiveInt

from graphs.expressions import Call, call
from graphs.kinds import Meta, Tensor
from graphs.node_type import Example, NodeType


class Noise(NodeType):
    """Draws fresh random numbers from the standard normal distribution, one vector for each sample
    of the batch.

    Use it as what a generator starts from. The wire says only how many samples there are and on
    which device.
    """

    features: PositiveInt = 32
    """How many numbers each sample's vector has."""

    examples = (
        Example({}, [(2, 3, 8, 8)], [(2, 32)]),
        Example({"features": 3}, [Meta((2,), "int64")], [(2, 3)]),
        Example({"features": 0}, [(2, 3)], problem="features"),
    )

    def build(self, like: Tensor) -> Call:
        return call(torch.randn, like.batch, self.features, device=like.device)
