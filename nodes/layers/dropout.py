"""Normalisation and dropout: dropout and stochastic depth, against overfitting."""

from typing import Annotated

from pydantic import Field
from torch import nn

from graphs.nodetypes.expressions import Call, call
from graphs.nodetypes.node_type import Example, Misfit, NodeType
from graphs.nodetypes.tensor_kinds import Image, Numbers, Signal, Volume
from graphs.nodetypes.time_dependence import alone
from graphs.runtime.layers.regularisation import StochasticDepth as StochasticDepthModule


class Dropout(NodeType):
    """Dropout, against overfitting: sets a random part of the values to zero while training, and
    does nothing in validation.

    Use it before the last layers of a network that does well on training data and worse on
    validation data (Srivastava et al. 2014).
    """

    keywords = ("nn.Dropout", "regularisation", "overfitting", "drop", "generalisation")

    p: Annotated[float, Field(ge=0, lt=1)] = 0.5
    """The probability that a value becomes zero, from 0 to below 1; the others are divided by 1 -
    p, so that the mean stays.
    """

    over_time = alone
    examples = (
        Example({}, [(2, 16)], [(2, 16)]),
        Example({"p": 0.1}, [(2, 3, 8, 8)], [(2, 3, 8, 8)]),
        Example({"p": 1.0}, [(2, 16)], problem="p: input should be less than 1, got 1.0"),
    )

    def build(self, x: Numbers) -> Call:
        return call(nn.Dropout, self.p)


class Dropout1d(NodeType):
    """Channel dropout: sets whole channels of each signal to zero at random while training.

    Use it in place of Dropout between convolutions of signals: neighbouring steps are much alike,
    so that single zeros would hide nothing (Tompson et al. 2014, arXiv 1411.4280).
    """

    keywords = ("nn.Dropout1d", "spatial dropout", "channel dropout", "regularisation")

    p: Annotated[float, Field(ge=0, lt=1)] = 0.5
    """The probability that a channel becomes zero, from 0 to below 1; the others are divided by 1 -
    p.
    """

    over_time = alone
    examples = (
        Example({}, [(2, 8, 16)], [(2, 8, 16)]),
        Example({}, [(2, 16)], problem="needs (N, C, T), got (N, 16)"),
    )

    def build(self, x: Signal) -> Call:
        return call(nn.Dropout1d, self.p)


class Dropout2d(NodeType):
    """Channel dropout: sets whole channels of each image to zero at random while training.

    Use it in place of Dropout between convolutions: neighbouring pixels are much alike, so that
    single zeros would hide nothing (Tompson et al. 2014, arXiv 1411.4280).
    """

    keywords = ("nn.Dropout2d", "spatial dropout", "channel dropout", "regularisation", "dropblock")

    p: Annotated[float, Field(ge=0, lt=1)] = 0.5
    """The probability that a channel becomes zero, from 0 to below 1; the others are divided by 1 -
    p.
    """

    examples = (
        Example({}, [(2, 8, 4, 4)], [(2, 8, 4, 4)]),
        Example({"p": 1.0}, [(2, 8, 4, 4)], problem="p: input should be less than 1, got 1.0"),
        Example({}, [(2, 16)], problem="needs (N, C, H, W), got (N, 16)"),
    )

    def build(self, x: Image) -> Call:
        return call(nn.Dropout2d, self.p)


class Dropout3d(NodeType):
    """Channel dropout: sets whole channels of each volume to zero at random while training.

    Use it between three-dimensional convolutions, as Dropout2d between those of images.
    """

    keywords = ("nn.Dropout3d", "spatial dropout", "channel dropout", "regularisation")

    p: Annotated[float, Field(ge=0, lt=1)] = 0.5
    """The probability that a channel becomes zero, from 0 to below 1; the others are divided by 1 -
    p.
    """

    examples = (
        Example({}, [(2, 8, 2, 4, 4)], [(2, 8, 2, 4, 4)]),
        Example({}, [(2, 3, 8, 8)], problem="needs (N, C, D, H, W), got (N, 3, 8, 8)"),
    )

    def build(self, x: Volume) -> Call:
        return call(nn.Dropout3d, self.p)


class AlphaDropout(NodeType):
    """Dropout for SELU networks, which keeps mean and variance: what is dropped gets the lower
    limit of SELU, not zero.

    Use it after SELU, whose networks need mean 0 and variance 1 (Klambauer et al. 2017,
    arXiv 1706.02515).
    """

    keywords = (
        "nn.AlphaDropout",
        "FeatureAlphaDropout",
        "selu dropout",
        "self-normalizing",
        "regularisation",
    )

    p: Annotated[float, Field(ge=0, lt=1)] = 0.5
    """The probability that a value is dropped, from 0 to below 1."""
    channels: bool = False
    """Drop whole channels, axis 1, in place of single values."""

    over_time = alone
    examples = (
        Example({}, [(2, 16)], [(2, 16)]),
        Example({"p": 0.1, "channels": True}, [(2, 8, 4, 4)], [(2, 8, 4, 4)]),
        Example({"p": 1.0}, [(2, 16)], problem="p: input should be less than 1, got 1.0"),
        Example({"channels": True}, [(2, 16)], problem="needs channels and one more axis"),
    )

    def build(self, x: Numbers) -> Call:
        if self.channels and len(x.shape) < 3:
            raise Misfit(f"needs channels and one more axis, got {x.meta.text}")
        return call(nn.FeatureAlphaDropout if self.channels else nn.AlphaDropout, self.p)


class StochasticDepth(NodeType):
    """Stochastic depth (drop path): sets a residual branch to zero for random samples while
    training, and does nothing in validation.

    Use it last on a branch with a skip connection around it, before the Add: a random part of the
    layers is then left out, and very deep networks train better (Huang et al. 2016,
    arXiv 1603.09382).
    """

    keywords = (
        "drop path",
        "droppath",
        "drop connect",
        "layer drop",
        "residual dropout",
        "regularisation",
        "timm",
    )

    p: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """The probability that a sample becomes zero, from 0 to below 1; the others are divided by 1 -
    p. Later layers usually have a larger one.
    """

    over_time = alone
    examples = (
        Example({}, [(2, 16)], [(2, 16)]),
        Example({"p": 0.5}, [(2, 3, 8, 8)], [(2, 3, 8, 8)]),
        Example({"p": 1.0}, [(2, 16)], problem="p: input should be less than 1, got 1.0"),
    )

    def build(self, x: Numbers) -> Call:
        return call(StochasticDepthModule, self.p)
