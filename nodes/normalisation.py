"""Normalisation and regularisation: what keeps training steady, and what keeps a network from
learning by heart.
"""

from typing import Annotated

from pydantic import Field, PositiveFloat, PositiveInt
from torch import nn

from graphs.expressions import Call, call
from graphs.kinds import Image, Numbers, Vector
from graphs.node_type import Example, Misfit, NodeType
from graphs.over_time import alone, mixes


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


class BatchNorm1d(NodeType):
    """Shifts and scales each feature to mean 0 and variance 1 over the batch, then by two learned
    numbers.

    Use it after a Linear layer, as BatchNorm2d after a convolution.
    """

    momentum: Annotated[float, Field(gt=0, le=1)] = 0.1
    """How much of each batch goes into the running averages, from 0 to 1."""
    eps: PositiveFloat = 1e-5
    """A small number added to the variance, so that nothing is divided by zero."""

    examples = (
        Example({}, [(2, 16)], [(2, 16)]),
        Example({}, [(2, 3, 8, 8)], problem="needs (N, F), got (N, 3, 8, 8)"),
        Example({"momentum": 2}, [(2, 16)], problem="momentum"),
    )

    def build(self, x: Vector) -> Call:
        return call(nn.BatchNorm1d, x.features, momentum=self.momentum, eps=self.eps)


class LayerNorm(NodeType):
    """Shifts and scales the features of each step or sample to mean 0 and variance 1, then by
    learned numbers.

    Use it in Transformers and recurrent networks: it needs no other samples, so training and
    validation are alike (Ba et al. 2016, arXiv 1607.06450).
    """

    eps: PositiveFloat = 1e-5
    """A small number added to the variance, so that nothing is divided by zero."""
    bias: bool = True
    """Learn a shift, beside the scale."""

    over_time = mixes(-1)
    examples = (
        Example({}, [(2, 16)], [(2, 16)]),
        Example({"eps": 1e-6, "bias": False}, [(2, 7, 16)], [(2, 7, 16)]),
        Example({"eps": 0}, [(2, 16)], problem="eps"),
        Example({}, [(2,)], problem="needs at least two axes, got (N,)"),
    )

    def build(self, x: Numbers) -> Call:
        if len(x.shape) < 2:
            raise Misfit(f"needs at least two axes, got {x.meta.text}")
        return call(nn.LayerNorm, x.shape[-1], eps=self.eps, bias=self.bias)


class GroupNorm(NodeType):
    """Shifts and scales groups of channels of each sample to mean 0 and variance 1, then each
    channel by two learned numbers.

    Use it in place of BatchNorm2d where batches are small (Wu and He 2018, arXiv 1803.08494).
    """

    num_groups: PositiveInt = 8
    """How many groups the channels fall into; it must divide their number."""
    eps: PositiveFloat = 1e-5
    """A small number added to the variance, so that nothing is divided by zero."""

    examples = (
        Example({}, [(2, 32, 8, 8)], [(2, 32, 8, 8)]),
        Example({"num_groups": 1}, [(2, 3, 16)], [(2, 3, 16)]),
        Example({}, [(2, 3, 8, 8)], problem="8 groups do not divide 3 channels"),
        Example({}, [(2,)], problem="needs channels, got (N,)"),
    )

    def build(self, x: Numbers) -> Call:
        if len(x.shape) < 2:
            raise Misfit(f"needs channels, got {x.meta.text}")
        channels = x.shape[1]
        if channels % self.num_groups:
            fitting = max(n for n in range(1, self.num_groups + 1) if channels % n == 0)
            raise Misfit(
                f"{self.num_groups} groups do not divide {channels} channels: use {fitting}",
                use={"num_groups": fitting},
            )
        return call(nn.GroupNorm, self.num_groups, channels, eps=self.eps)


class Dropout(NodeType):
    """Makes a random part of the values zero while training, and does nothing in validation.

    Use it before the last layers of a network that does well on training data and worse on
    validation data (Srivastava et al. 2014).
    """

    p: Annotated[float, Field(ge=0, lt=1)] = 0.5
    """The share of values that become zero, from 0 to below 1; the others grow so that the sum
    stays.
    """

    over_time = alone
    examples = (
        Example({}, [(2, 16)], [(2, 16)]),
        Example({"p": 0.1}, [(2, 3, 8, 8)], [(2, 3, 8, 8)]),
        Example({"p": 1.0}, [(2, 16)], problem="p: input should be less than 1, got 1.0"),
    )

    def build(self, x: Numbers) -> Call:
        return call(nn.Dropout, self.p)
