"""Normalisation and regularisation: what keeps training steady, and what keeps a network from
learning by heart.
"""

from typing import Annotated

from pydantic import Field, PositiveFloat
from torch import nn

from graphs.expressions import Call, call
from graphs.kinds import Image, Numbers
from graphs.node_type import Example, NodeType


class BatchNorm2d(NodeType):
    """Shifts and scales each channel to mean 0 and variance 1 over the batch, then by two learned
    numbers.

    Use it after a convolution: deep networks then train faster and with larger learning rates. In
    validation it uses running averages in place of the batch's own (Ioffe and Szegedy 2015, arXiv
    1502.03167).
    """

    momentum: Annotated[float, Field(gt=0, le=1)] = 0.1
    """How much of each batch goes into the running averages, from 0 to 1."""
    eps: PositiveFloat = 1e-5
    """A small number added to the variance, so that nothing is divided by zero."""

    examples = (
        Example({}, [(2, 3, 8, 8)], [(2, 3, 8, 8)]),
        Example({}, [(2, 16)], problem="needs (N, C, H, W), got (N, 16)"),
        Example({"momentum": 2}, [(2, 3, 8, 8)], problem="momentum"),
    )

    def build(self, x: Image) -> Call:
        return call(nn.BatchNorm2d, x.channels, momentum=self.momentum, eps=self.eps)


class Dropout(NodeType):
    """Makes a random part of the values zero while training, and does nothing in validation.

    Use it before the last layers of a network that does well on training data and worse on
    validation data (Srivastava et al. 2014).
    """

    p: Annotated[float, Field(ge=0, lt=1)] = 0.5
    """The share of values that become zero, from 0 to below 1; the others grow so that the sum
    stays.
    """

    examples = (
        Example({}, [(2, 16)], [(2, 16)]),
        Example({"p": 0.1}, [(2, 3, 8, 8)], [(2, 3, 8, 8)]),
        Example({"p": 1.0}, [(2, 16)], problem="p: input should be less than 1, got 1.0"),
    )

    def build(self, x: Numbers) -> Call:
        return call(nn.Dropout, self.p)
