"""Activations: ReLU and its variants, the non-linearities between layers."""

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat
from torch import nn
from torch.nn import functional as F

from graphs.nodetypes.expressions import Call, call
from graphs.nodetypes.node_type import Example, Misfit, NodeType, axis_of
from graphs.nodetypes.tensor_kinds import Numbers
from graphs.nodetypes.time_dependence import alone

_SAME_SHAPE = (
    Example({}, [(2, 16)], [(2, 16)]),
    Example({}, [(2, 3, 8, 8)], [(2, 3, 8, 8)]),
    Example({"slope": 1}, [(2, 16)], problem="slope"),
)


class ReLU(NodeType):
    """Rectified linear unit, max(x, 0): keeps what is positive and makes the rest zero. The usual
    activation after a convolution or a Linear layer.
    """

    keywords = ("nn.ReLU", "rectifier", "rectified linear unit", "activation", "non-linearity")
    over_time = alone
    examples = _SAME_SHAPE

    def build(self, x: Numbers) -> Call:
        return call(F.relu, x)


class LeakyReLU(NodeType):
    """A ReLU with a small slope below zero: a little of the negative part passes, so that every
    unit keeps a gradient.

    Use it in discriminators, where a plain ReLU lets too little gradient back.
    """

    keywords = ("nn.LeakyReLU", "lrelu", "leaky rectifier", "activation")

    negative_slope: Annotated[float, Field(ge=0, le=1)] = 0.01
    """The slope below zero, from 0 to 1; discriminators use 0.2."""

    over_time = alone
    examples = (
        Example({}, [(2, 16)], [(2, 16)]),
        Example({"negative_slope": 0.2}, [(2, 3, 8, 8)], [(2, 3, 8, 8)]),
        Example({"negative_slope": -1}, [(2, 16)], problem="negative_slope"),
    )

    def build(self, x: Numbers) -> Call:
        return call(F.leaky_relu, x, self.negative_slope)


class ELU(NodeType):
    """Exponential linear unit: keeps what is positive and bends the rest smoothly down to -alpha,
    so that means stay near 0.

    Use it in place of ReLU in networks without normalisation (Clevert et al. 2015,
    arXiv 1511.07289).
    """

    keywords = ("nn.ELU", "exponential linear unit", "activation")

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
    """Gaussian error linear unit: x times the probability that a standard normal value lies below
    x; a ReLU with a soft corner.

    Use it inside Transformers, where it is the usual choice (Hendrycks and Gimpel 2016,
    arXiv 1606.08415).
    """

    keywords = ("nn.GELU", "gaussian error linear unit", "activation", "gpt")

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
    """Sigmoid linear unit (swish): x times its own sigmoid; a smooth ReLU.

    Use it in place of ReLU in recent convolutional and diffusion networks.
    """

    keywords = ("nn.SiLU", "swish", "sigmoid linear unit", "activation")
    over_time = alone
    examples = _SAME_SHAPE

    def build(self, x: Numbers) -> Call:
        return call(F.silu, x)


class ReLU6(NodeType):
    """A ReLU clipped at 6: keeps what lies between 0 and 6, and cuts off the rest.

    Use it in networks for small devices, which compute in few bits (Krizhevsky 2010, MobileNets).
    """

    keywords = ("nn.ReLU6", "clipped relu", "relu 6", "activation", "mobilenet")
    over_time = alone
    examples = _SAME_SHAPE

    def build(self, x: Numbers) -> Call:
        return call(F.relu6, x)


class PReLU(NodeType):
    """Parametric ReLU: keeps what is positive, and scales the rest by a learned slope.

    Use it in place of LeakyReLU where you do not want to choose the slope (He et al. 2015,
    arXiv 1502.01852).
    """

    keywords = ("nn.PReLU", "parametric relu", "learned slope", "activation")

    per_channel: bool = False
    """Learn a slope for each channel, axis 1, in place of one for all."""
    init: float = 0.25
    """The slope before training."""

    over_time = alone
    examples = (
        Example({}, [(2, 16)], [(2, 16)]),
        Example({"per_channel": True}, [(2, 3, 8, 8)], [(2, 3, 8, 8)]),
        Example({"per_channel": True}, [(2,)], problem="there is no axis 1 in (N,)"),
    )

    def build(self, x: Numbers) -> Call:
        channels = x.shape[axis_of(x, 1)] if self.per_channel else 1
        return call(nn.PReLU, channels, init=self.init)


class RReLU(NodeType):
    """Randomised leaky ReLU: keeps what is positive, and scales the rest by a slope that is drawn
    anew each time.

    Use it in place of LeakyReLU against overfitting. In validation the slope is the middle of its
    range (Xu et al. 2015, arXiv 1505.00853).
    """

    keywords = ("nn.RReLU", "randomized leaky relu", "random slope", "activation")

    lower: Annotated[float, Field(ge=0, le=1)] = 1 / 8
    """The smallest slope below zero, from 0 to 1."""
    upper: Annotated[float, Field(ge=0, le=1)] = 1 / 3
    """The largest slope below zero, from lower to 1."""

    over_time = alone
    examples = (
        Example({}, [(2, 16)], [(2, 16)]),
        Example({"lower": 0.1, "upper": 0.3}, [(2, 3, 8, 8)], [(2, 3, 8, 8)]),
        Example({"lower": 0.5}, [(2, 16)], problem="lower, 0.5, is above upper, 0.333"),
    )

    def build(self, x: Numbers) -> Call:
        if self.lower > self.upper:
            raise Misfit(
                f"lower, {self.lower:.3g}, is above upper, {self.upper:.3g}: swap them",
                use={"lower": self.upper, "upper": self.lower},
            )
        return call(nn.RReLU, lower=self.lower, upper=self.upper)


class SELU(NodeType):
    """Scaled exponential linear unit: an ELU whose scale keeps mean 0 and variance 1 from layer to
    layer by itself.

    Use it in deep networks of Linear layers without normalisation, with AlphaDropout in place of
    Dropout (Klambauer et al. 2017, arXiv 1706.02515).
    """

    keywords = ("nn.SELU", "scaled exponential linear unit", "self-normalizing", "activation")
    over_time = alone
    examples = _SAME_SHAPE

    def build(self, x: Numbers) -> Call:
        return call(F.selu, x)


class CELU(NodeType):
    """Continuously differentiable ELU: keeps what is positive and bends the rest smoothly down to
    -alpha, without a kink at 0.

    Use it in place of ELU with another alpha than 1 (Barron 2017, arXiv 1704.07483).
    """

    keywords = ("nn.CELU", "continuous elu", "activation")

    alpha: PositiveFloat = 1.0
    """How far below 0 the floor lies."""

    over_time = alone
    examples = (
        Example({}, [(2, 16)], [(2, 16)]),
        Example({"alpha": 0.5}, [(2, 3, 8, 8)], [(2, 3, 8, 8)]),
        Example({"alpha": 0}, [(2, 16)], problem="alpha"),
    )

    def build(self, x: Numbers) -> Call:
        return call(F.celu, x, alpha=self.alpha)


class Mish(NodeType):
    """x times the tanh of its softplus: a smooth ReLU that dips a little below 0.

    Use it in place of SiLU, to which it is close (Misra 2019, arXiv 1908.08681).
    """

    keywords = ("nn.Mish", "activation")
    over_time = alone
    examples = _SAME_SHAPE

    def build(self, x: Numbers) -> Call:
        return call(F.mish, x)


class HardSwish(NodeType):
    """Hard swish: SiLU made of straight pieces, which is faster and nearly the same.

    Use it in networks for phones and other small devices (MobileNetV3, Howard et al. 2019,
    arXiv 1905.02244).
    """

    keywords = ("nn.Hardswish", "hard swish", "activation", "mobilenet")
    over_time = alone
    examples = _SAME_SHAPE

    def build(self, x: Numbers) -> Call:
        return call(F.hardswish, x)
