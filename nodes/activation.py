"""Non-linearities: what stands between layers, without which two layers would be one."""

import torch
from torch.nn import functional as F

from graphs.expressions import Call, call
from graphs.kinds import Numbers
from graphs.node_type import Example, NodeType

_SAME_SHAPE = (
    Example({}, [(2, 16)], [(2, 16)]),
    Example({}, [(2, 3, 8, 8)], [(2, 3, 8, 8)]),
    Example({"slope": 1}, [(2, 16)], problem="slope"),
)


class ReLU(NodeType):
    """Keeps what is positive and makes the rest zero. The usual choice after a convolution or a
    Linear layer.
    """

    examples = _SAME_SHAPE

    def build(self, x: Numbers) -> Call:
        return call(F.relu, x)


class Tanh(NodeType):
    """Squeezes every value between -1 and 1, smoothly. Used in recurrent cells and at the end of
    image generators.
    """

    examples = _SAME_SHAPE

    def build(self, x: Numbers) -> Call:
        return call(torch.tanh, x)


class Sigmoid(NodeType):
    """Squeezes every value between 0 and 1, smoothly. Use it for gates, and for probabilities of
    yes or no.
    """

    examples = _SAME_SHAPE

    def build(self, x: Numbers) -> Call:
        return call(torch.sigmoid, x)
