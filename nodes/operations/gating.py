"""Arithmetic: gates."""

import operator

import torch
from pydantic import PositiveInt

from graphs.nodetypes.expressions import Call, call
from graphs.nodetypes.node_type import Example, Misfit, NodeType
from graphs.nodetypes.tensor_kinds import Numbers
from graphs.runtime.layers import gating
from nodes.operations.arithmetic import require_broadcast


class Gate(NodeType):
    """Sigmoid gate: x times the sigmoid of `gate`, a share from 0 to 1.

    Use it where the network itself decides what passes, as LSTM and WaveNet do. A gate of size 1 on
    an axis is broadcast along it.
    """

    keywords = ("gating", "sigmoid gate", "multiplicative gate", "highway", "attention gate")
    examples = (
        Example({}, [(2, 16), (2, 16)], [(2, 16)]),
        Example({}, [(2, 7, 5), (2, 7, 1)], [(2, 7, 5)]),
        Example({}, [(2, 3), (2, 4)], problem="does not fit, got (N, 3) and (N, 4)"),
    )

    def build(self, x: Numbers, gate: Numbers) -> Call:
        require_broadcast(x, gate)
        return call(operator.mul, x, call(torch.sigmoid, gate))


class SqueezeExcite(NodeType):
    """Squeeze-and-excitation (channel attention): weighs each channel by what all channels say of
    the whole image.

    Use it after the convolutions of a block, before its skip connection; it costs little (Hu et al.
    2017, arXiv 1709.01507). Takes (N, C, H, W), and signals (N, C, T) as well.
    """

    keywords = ("squeeze and excitation", "se block", "senet", "channel attention", "efficientnet")

    reduction: PositiveInt = 16
    """By how much its hidden layer is smaller than the channels: 16 makes 4 hidden units of 64
    channels, and never none.
    """

    examples = (
        Example({}, [(2, 32, 8, 8)], [(2, 32, 8, 8)]),
        Example({"reduction": 4}, [(2, 3, 9)], [(2, 3, 9)]),
        Example({}, [(2, 16)], problem="needs channels with places, such as (N, C, H, W)"),
        Example({"reduction": 0}, [(2, 16, 4)], problem="reduction"),
    )

    def build(self, x: Numbers) -> Call:
        if len(x.shape) < 3:
            raise Misfit(f"needs channels with places, such as (N, C, H, W), got {x.meta.text}")
        return call(gating.SqueezeExcite, x.shape[1], reduction=self.reduction)
