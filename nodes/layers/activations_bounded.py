"""Activations: bounded ones (sigmoid, tanh), softmax, and gated units."""

from typing import Annotated, Any

import torch
from pydantic import Field, PositiveFloat, PositiveInt
from torch import nn
from torch.nn import functional as F

from graphs.nodetypes.expressions import Call, call
from graphs.nodetypes.node_type import Example, Misfit, NodeType, axis_of
from graphs.nodetypes.tensor_kinds import Numbers
from graphs.nodetypes.time_dependence import alone, mixes
from graphs.runtime.layers.activations import binarise, gated_tanh, maxout

_SAME_SHAPE = (
    Example({}, [(2, 16)], [(2, 16)]),
    Example({}, [(2, 3, 8, 8)], [(2, 3, 8, 8)]),
    Example({"slope": 1}, [(2, 16)], problem="slope"),
)


class Tanh(NodeType):
    """Hyperbolic tangent: a smooth activation bounded by -1 and 1. Used in recurrent cells and at
    the end of image generators.
    """

    keywords = ("nn.Tanh", "hyperbolic tangent", "activation", "bounded", "squash")
    over_time = alone
    examples = _SAME_SHAPE

    def build(self, x: Numbers) -> Call:
        return call(torch.tanh, x)


class Sigmoid(NodeType):
    """Logistic function: a smooth activation bounded by 0 and 1. Use it for gates, and for
    probabilities of yes or no; BinaryCrossEntropy takes the logits before it.
    """

    keywords = ("nn.Sigmoid", "logistic function", "expit", "activation", "probability", "squash")
    over_time = alone
    examples = _SAME_SHAPE

    def build(self, x: Numbers) -> Call:
        return call(torch.sigmoid, x)


class LogSigmoid(NodeType):
    """The logarithm of the sigmoid: always below 0, and exact where a sigmoid would round to 0.

    Use it for the log-probability of yes, in losses of your own.
    """

    keywords = ("nn.LogSigmoid", "log probability", "log sigmoid", "activation")
    over_time = alone
    examples = _SAME_SHAPE

    def build(self, x: Numbers) -> Call:
        return call(nn.LogSigmoid)


class HardSigmoid(NodeType):
    """Piecewise linear sigmoid: 0 below -3, 1 above 3, and x / 6 + 1 / 2 between.

    Use it for gates in networks for small devices, where it is faster.
    """

    keywords = ("nn.Hardsigmoid", "hard sigmoid", "activation")
    over_time = alone
    examples = _SAME_SHAPE

    def build(self, x: Numbers) -> Call:
        return call(F.hardsigmoid, x)


class HardTanh(NodeType):
    """Piecewise linear tanh: keeps what lies in a range, and clips the rest to its ends.

    Use it as a fast tanh, or where values must not leave a range. What lies outside gets no
    gradient.
    """

    keywords = ("nn.Hardtanh", "hard tanh", "clipped", "activation")

    min_val: float = -1.0
    """The lower end of the range."""
    max_val: float = 1.0
    """The upper end of the range, above the lower one."""

    over_time = alone
    examples = (
        Example({}, [(2, 16)], [(2, 16)]),
        Example({"min_val": 0.0, "max_val": 6.0}, [(2, 3, 8, 8)], [(2, 3, 8, 8)]),
        Example({"min_val": 1.0}, [(2, 16)], problem="min_val has to be below max_val"),
    )

    def build(self, x: Numbers) -> Call:
        if self.min_val >= self.max_val:
            raise Misfit("min_val has to be below max_val: make it smaller")
        ends: dict[str, Any] = {}
        if self.min_val != -1:
            ends["min_val"] = self.min_val
        if self.max_val != 1:
            ends["max_val"] = self.max_val
        return call(F.hardtanh, x, **ends)


class Softsign(NodeType):
    """x / (1 + |x|): an activation bounded by -1 and 1 that saturates more slowly than tanh.

    Use it in place of Tanh where large values should keep a little gradient.
    """

    keywords = ("nn.Softsign", "activation")
    over_time = alone
    examples = _SAME_SHAPE

    def build(self, x: Numbers) -> Call:
        return call(F.softsign, x)


class Softplus(NodeType):
    """log(1 + exp(x)): a smooth ReLU, always positive.

    Use it where a network gives a value that must be positive, such as a standard deviation or a
    rate.
    """

    keywords = ("nn.Softplus", "smooth relu", "positive", "activation")

    beta: PositiveFloat = 1.0
    """How sharply it bends: a large value comes near a ReLU."""

    over_time = alone
    examples = (
        Example({}, [(2, 16)], [(2, 16)]),
        Example({"beta": 5.0}, [(2, 3, 8, 8)], [(2, 3, 8, 8)]),
        Example({"beta": 0}, [(2, 16)], problem="beta"),
    )

    def build(self, x: Numbers) -> Call:
        return call(F.softplus, x, **({} if self.beta == 1 else {"beta": self.beta}))


class Softmax(NodeType):
    """Turns logits into probabilities along one axis: positive, and 1 in sum.

    Use it for attention weights and gates. A classifier needs none: CrossEntropy takes the logits
    before it.
    """

    keywords = (
        "nn.Softmax",
        "probabilities",
        "normalised exponential",
        "class probabilities",
        "attention weights",
        "logits to probabilities",
    )

    dim: int = -1
    """The axis along which the probabilities add up to 1; -1 is the last, the features."""

    over_time = mixes("dim")
    examples = (
        Example({}, [(2, 16)], [(2, 16)]),
        Example({"dim": 1}, [(2, 3, 8, 8)], [(2, 3, 8, 8)]),
        Example({"dim": 2}, [(2, 16)], problem="there is no axis 2 in (N, 16)"),
    )

    def build(self, x: Numbers) -> Call:
        axis_of(x, self.dim)
        return call(torch.softmax, x, self.dim)


class LogSoftmax(NodeType):
    """Log-probabilities of logits: the logarithm of a softmax, exact where a probability would
    round to 0.

    Use it before a loss that takes log-probabilities. CrossEntropy does it by itself.
    """

    keywords = ("nn.LogSoftmax", "log softmax", "log probabilities", "logits")

    dim: int = -1
    """The axis along which the probabilities add up to 1; -1 is the last, the features."""

    over_time = mixes("dim")
    examples = (
        Example({}, [(2, 16)], [(2, 16)]),
        Example({"dim": 1}, [(2, 3, 8, 8)], [(2, 3, 8, 8)]),
        Example({"dim": 2}, [(2, 16)], problem="there is no axis 2 in (N, 16)"),
    )

    def build(self, x: Numbers) -> Call:
        axis_of(x, self.dim)
        return call(torch.log_softmax, x, self.dim)


class GLU(NodeType):
    """Gated linear unit: splits an axis into halves, and gives the first times the sigmoid of the
    second.

    Use it after a convolution or Linear layer with twice the channels, as gated convolutional
    networks for text do (Dauphin et al. 2016, arXiv 1612.08083).
    """

    keywords = ("nn.GLU", "gated linear unit", "gate", "gating")

    dim: int = -1
    """The axis that is halved: -1 is the last, the features; 1 is the channels of an image."""

    over_time = mixes("dim")
    examples = (
        Example({}, [(2, 7, 16)], [(2, 7, 8)]),
        Example({"dim": 1}, [(2, 4, 8, 8)], [(2, 2, 8, 8)]),
        Example({}, [(2, 5)], problem="axis -1 of (N, 5) has an odd size"),
        Example({"dim": 2}, [(2, 16)], problem="there is no axis 2 in (N, 16)"),
    )

    def build(self, x: Numbers) -> Call:
        if x.shape[axis_of(x, self.dim)] % 2:
            raise Misfit(f"axis {self.dim} of {x.meta.text} has an odd size: it cannot be halved")
        return call(F.glu, x, *([] if self.dim == -1 else [self.dim]))


class Maxout(NodeType):
    """Keeps the largest of each few channels: a piecewise linear activation that the layer before
    it learns.

    Use it after a Linear layer or convolution that gives `pieces` times the channels which should
    leave (Goodfellow et al. 2013, arXiv 1302.4389).
    """

    keywords = ("max of channels", "piecewise linear", "activation")

    pieces: Annotated[PositiveInt, Field(ge=2)] = 2
    """How many channels compete for one that leaves; it must divide their number."""
    dim: int = 1
    """The axis: 1 is channels or features of (N, C, …); -1 is the last."""

    over_time = mixes("dim")
    examples = (
        Example({}, [(2, 16)], [(2, 8)]),
        Example({"pieces": 3}, [(2, 6, 8, 8)], [(2, 2, 8, 8)]),
        Example({"dim": -1}, [(2, 7, 4)], [(2, 7, 2)]),
        Example({}, [(2, 5)], problem="axis 1 of (N, 5) has size 5: 2 pieces do not divide it"),
    )

    def build(self, x: Numbers) -> Call:
        size = x.shape[axis_of(x, self.dim)]
        if size % self.pieces:
            text = f"axis {self.dim} of {x.meta.text} has size {size}"
            raise Misfit(f"{text}: {self.pieces} pieces do not divide it")
        return call(maxout, x, self.pieces, dim=self.dim)


class GatedTanh(NodeType):
    """Gated activation: splits channels into halves, and gives the tanh of the first times the
    sigmoid of the second.

    Use it after a convolution with twice the channels, as WaveNet and PixelCNN do (van den Oord et
    al. 2016, arXiv 1606.05328).
    """

    keywords = ("gated activation", "wavenet gate", "gated activation unit", "tanh times sigmoid")
    over_time = mixes(1)
    examples = (
        Example({}, [(2, 16)], [(2, 8)]),
        Example({}, [(2, 4, 8, 8)], [(2, 2, 8, 8)]),
        Example({}, [(2, 5)], problem="needs an even number of channels, got (N, 5)"),
        Example({}, [()], problem="there is no axis 1"),
    )

    def build(self, x: Numbers) -> Call:
        if x.shape[axis_of(x, 1)] % 2:
            raise Misfit(f"needs an even number of channels, got {x.meta.text}")
        return call(gated_tanh, x)


class Binarise(NodeType):
    """Step function: 1 where a value reaches a threshold, 0 elsewhere. No gradient passes through.

    Use it to turn grey pixels into black and white.
    """

    keywords = ("threshold", "step function", "heaviside", "binarize", "sign", "black and white")

    threshold: float = 0.5
    """The smallest value that becomes 1."""

    over_time = alone
    examples = (
        Example({}, [(2, 16)], [(2, 16)]),
        Example({"threshold": 0.0}, [(2, 3, 8, 8)], [(2, 3, 8, 8)]),
        Example({"threshold": "x"}, [(2, 16)], problem="threshold"),
    )

    def build(self, x: Numbers) -> Call:
        return call(binarise, x, self.threshold)
