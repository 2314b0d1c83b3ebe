"""Convolution: layers that look at images through small windows."""

from typing import Literal

from pydantic import PositiveInt
from torch import nn
from torch.nn import functional as F

from graphs.expressions import Call, call
from graphs.kinds import Image
from graphs.node_type import Example, Misfit, NodeType


class Conv2d(NodeType):
    """Slides learned filters over an image; each output channel is what one filter sees.

    Use it first in almost every network that reads images: it needs few weights, because a filter
    is the same everywhere.
    """

    out_channels: PositiveInt = 32
    """How many filters, and so how many channels leave."""
    kernel_size: PositiveInt = 3
    """Side of each square filter, in pixels."""
    stride: PositiveInt = 1
    """How many pixels a filter moves at a time; 2 halves height and width. Needs padding `valid`
    above 1.
    """
    padding: Literal["same", "valid"] = "same"
    """Keep the image's size with a border of zeros (same), or let it shrink (valid)."""
    bias: bool = True
    """Add a learned number to each channel; not needed before a batch normalisation."""

    examples = (
        Example({}, [(2, 3, 8, 8)], [(2, 32, 8, 8)]),
        Example({"out_channels": 5, "padding": "valid"}, [(2, 3, 8, 8)], [(2, 5, 6, 6)]),
        Example({"stride": 2, "padding": "valid"}, [(2, 3, 9, 9)], [(2, 32, 4, 4)]),
        Example(
            {"stride": 2}, [(2, 3, 8, 8)], problem="padding `same` needs stride 1, got stride 2"
        ),
        Example({}, [(2, 8)], problem="needs (N, C, H, W), got (N, 8)"),
        Example({"kernel_size": 9, "padding": "valid"}, [(2, 3, 8, 8)], problem="kernel of 9"),
        Example({"out_channels": 0}, [(2, 3, 8, 8)], problem="out_channels"),
    )

    def build(self, x: Image) -> Call:
        if self.padding == "same" and self.stride > 1:
            raise Misfit(
                f"padding `same` needs stride 1, got stride {self.stride}: choose padding `valid`",
                use={"padding": "valid"},
            )
        if self.padding == "valid" and self.kernel_size > min(x.shape[2:]):
            raise Misfit(
                f"a kernel of {self.kernel_size} does not fit into an image of "
                f"{x.shape[2]} x {x.shape[3]}: make it smaller, or choose padding `same`",
                use={"kernel_size": min(x.shape[2:])},
            )
        return call(
            nn.Conv2d,
            x.channels,
            self.out_channels,
            self.kernel_size,
            stride=self.stride,
            padding=0 if self.padding == "valid" else "same",
            bias=self.bias,
        )


class MaxPool2d(NodeType):
    """Keeps the largest value of each small window, so that the image shrinks and small shifts
    matter less.

    Use it between convolutions, to let later ones see more of the image at less cost.
    """

    kernel_size: PositiveInt = 2
    """Side of each square window, in pixels; the windows do not overlap, so it divides height and
    width.
    """

    examples = (
        Example({}, [(2, 3, 8, 8)], [(2, 3, 4, 4)]),
        Example({"kernel_size": 3}, [(2, 3, 8, 8)], [(2, 3, 2, 2)]),
        Example({"kernel_size": 9}, [(2, 3, 8, 8)], problem="a window of 9 does not fit"),
        Example({}, [(2, 3)], problem="needs (N, C, H, W), got (N, 3)"),
    )

    def build(self, x: Image) -> Call:
        if self.kernel_size > min(x.shape[2:]):
            raise Misfit(
                f"a window of {self.kernel_size} does not fit into an image of "
                f"{x.shape[2]} x {x.shape[3]}: make it smaller",
                use={"kernel_size": min(x.shape[2:])},
            )
        return call(F.max_pool2d, x, self.kernel_size)
