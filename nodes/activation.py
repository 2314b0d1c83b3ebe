"""Non-linearities: what stands between layers, without which two layers would be one."""

from typing import Annotated, Literal

import torch
from pydantic import Field, PositiveFloat
from torch.nn import functional as F

from graphs.expressions import Call, call
from graphs.kinds import Numbers
from graphs.node_type import Example, Misfit, NodeType, axis_of
from graphs.over_time import alone, mixes
from nodes.modules.activations import binarise, gated_tanh

_SAME_SHAPE = (
    Example({}, [(2, 16)], [(2, 16)]),
    Example({}, [(2, 3, 8, 8)], [(2, 3, 8, 8)]),
    Example({"slope": 1}, [(2, 16)], problem="slope"),
)


class ReLU(NodeType):
    """Keeps what is positive and makes the rest zero. The usual choice after a convolution or a
    Linear layer.
    """

    over_time = alone
    examples = _SAME_SHAPE

    def build(self, x: Numbers) -> Call:
        return call(F.relu, x)


class Tanh(NodeType):
    """Squeezes every value between -1 and 1, smoothly. Used in recurrent cells and at the end of
    image generators.
    """

    over_time = alone
    examples = _SAME_SHAPE

    def build(self, x: Numbers) -> Call:
        return call(torch.tanh, x)


class Sigmoid(NodeType):
    """Squeezes every value between 0 and 1, smoothly. Use it for gates, and for probabilities of
    yes or no.
    """

    over_time = alone
    examples = _SAME_SHAPE

    def build(self, x: Numbers) -> Call:
        return call(torch.sigmoid, x)


class LeakyReLU(NodeType):
    """Keeps what is positive and lets a little of the rest through, so that every unit keeps
    learning.

    Use it in discriminators, where a plain ReLU lets too little gradient back.
    """

    negative_slope: Annotated[float, Field(ge=0, le=1)] = 0.01
    """How much of a negative value is left, from 0 to 1; discriminators use 0.2."""

    over_time = alone
    examples = (
        Example({}, [(2, 16)], [(2, 16)]),
        Example({"negative_slope": 0.2}, [(2, 3, 8, 8)], [(2, 3, 8, 8)]),
        Example({"negative_slope": -1}, [(2, 16)], problem="negative_slope"),
    )

    def build(self, x: Numbers) -> Call:
        return call(F.leaky_relu, x, self.negative_slope)


class ELU(NodeType):
    """Keeps what is positive and bends the rest smoothly down to a floor: means stay near 0.

    Use it in place of ReLU in networks without normalisation (Clevert et al. 2015, arXiv
    1511.07289).
    """

    alpha: PositiveFloat = 1.0
    """How far below 0 the floor lies."""

    over_time = alone
    examples = (
        Example({}, [(2, 16)], [(2, 16)]),
        Example({"alpha": 0.5}, [(2, 3, 8, 8)], [(2, 3, 8, 8)]),
        Example({"alpha": 0}, [(2, 16)], problem="alpha"),
    )

    def build(self, x: Numbers) -> Call:
        return call(F.elu, x, alpha=self.alpha)


class GELU(NodeType):
    """A ReLU with a soft corner: each value times the chance that a normal number lies below it.

    Use it inside Transformers, where it is the usual choice (Hendrycks and Gimpel 2016, arXiv
    1606.08415).
    """

    approximate: Literal["none", "tanh"] = "none"
    """Exact (none), or by tanh, as GPT-2 was trained."""

    over_time = alone
    examples = (
        Example({}, [(2, 16)], [(2, 16)]),
        Example({"approximate": "tanh"}, [(2, 7, 16)], [(2, 7, 16)]),
        Example({"approximate": "erf"}, [(2, 16)], problem="approximate"),
    )

    def build(self, x: Numbers) -> Call:
        return call(F.gelu, x, **({} if self.approximate == "none" else {"approximate": "tanh"}))


class SiLU(NodeType):
    """Each value times its own sigmoid: a smooth ReLU, also called swish.

    Use it in place of ReLU in recent convolutional and diffusion networks.
    """

    over_time = alone
    examples = _SAME_SHAPE

    def build(self, x: Numbers) -> Call:
        return call(F.silu, x)


class Softplus(NodeType):
    """Makes every value positive, smoothly: log(1 + exp(x)).

    Use it where a network gives a number that must be positive, such as a deviation or a rate.
    """

    over_time = alone
    examples = _SAME_SHAPE

    def build(self, x: Numbers) -> Call:
        return call(F.softplus, x)


class Softmax(NodeType):
    """Turns numbers into shares that are positive and add up to 1 along one axis.

    Use it for attention and gates. A classifier needs none: CrossEntropy takes the numbers before
    it.
    """

    dim: int = -1
    """The axis along which the shares add up to 1; -1 is the last, the features."""

    over_time = mixes("dim")
    examples = (
        Example({}, [(2, 16)], [(2, 16)]),
        Example({"dim": 1}, [(2, 3, 8, 8)], [(2, 3, 8, 8)]),
        Example({"dim": 2}, [(2, 16)], problem="there is no axis 2 in (N, 16)"),
    )

    def build(self, x: Numbers) -> Call:
        axis_of(x, self.dim)
        return call(torch.softmax, x, self.dim)


class GatedTanh(NodeType):
    """Splits channels into halves: the tanh of the first, let through by the sigmoid of the second.

    Use it after a convolution with twice the channels, as WaveNet and PixelCNN do (van den Oord et
    al. 2016, arXiv 1606.05328).
    """

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
    """Makes every value 1 where it reaches a threshold and 0 elsewhere. No gradient passes through.

    Use it to turn grey pixels into ink and paper.
    """

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
