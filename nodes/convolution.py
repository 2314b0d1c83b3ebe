"""Convolution: layers that look at images and signals through small windows."""

from pydantic import JsonValue, NonNegativeInt, PositiveInt
from torch import nn

from graphs.expressions import Call, call
from graphs.kinds import Image, Signal
from graphs.node_type import Example, Misfit, NodeType
from graphs.over_time import Arriving, Treatment, mixes, remembers
from nodes.modules.convolutions import CausalConv1d as CausalConv1dModule


class Conv2d(NodeType):
    """Slides learned filters over an image; each output channel is what one filter sees.

    Use it first in almost every network that reads images: it needs few weights, because a filter
    is the same everywhere.
    """

    version = 2
    out_channels: PositiveInt = 32
    """How many filters, and so how many channels leave."""
    kernel_size: PositiveInt = 3
    """Side of each square filter, in pixels."""
    stride: PositiveInt = 1
    """How many pixels a filter moves at a time; 2 halves height and width."""
    padding: NonNegativeInt | None = None
    """How many zeros are put around the image; none is as many as keep its size at stride 1, and 0
    lets it shrink.
    """
    dilation: PositiveInt = 1
    """How far apart the pixels lie that a filter looks at; 2 sees twice as far."""
    groups: PositiveInt = 1
    """Into how many groups channels are split that do not see each other; as many as there are
    channels is a depthwise convolution.
    """
    bias: bool = True
    """Add a learned number to each channel; not needed before a batch normalisation."""

    examples = (
        Example({}, [(2, 3, 8, 8)], [(2, 32, 8, 8)]),
        Example({"out_channels": 5, "padding": 0}, [(2, 3, 8, 8)], [(2, 5, 6, 6)]),
        Example({"stride": 2, "padding": 0}, [(2, 3, 9, 9)], [(2, 32, 4, 4)]),
        Example({"stride": 2}, [(2, 3, 8, 8)], [(2, 32, 4, 4)]),
        Example({"kernel_size": 4, "stride": 2, "padding": 1}, [(2, 3, 8, 8)], [(2, 32, 4, 4)]),
        Example({"dilation": 2, "groups": 4}, [(2, 8, 8, 8)], [(2, 32, 8, 8)]),
        Example(
            {"kernel_size": 4, "stride": 2},
            [(2, 3, 8, 8)],
            problem="with stride 2 a kernel of 4 has no padding that centres it: choose padding 1",
        ),
        Example({}, [(2, 8)], problem="needs (N, C, H, W), got (N, 8)"),
        Example({"kernel_size": 9, "padding": 0}, [(2, 3, 8, 8)], problem="kernel of 9"),
        Example({"groups": 2}, [(2, 3, 8, 8)], problem="2 groups do not divide 3 channels"),
        Example({"out_channels": 0}, [(2, 3, 8, 8)], problem="out_channels"),
    )

    @classmethod
    def migrate(cls, version: int, parameters: dict[str, JsonValue]) -> dict[str, JsonValue]:
        """Version 1 said padding in words."""
        words: dict[JsonValue, JsonValue] = {"same": None, "valid": 0}
        padding = parameters.get("padding")
        if isinstance(padding, str) and padding in words:
            return {**parameters, "padding": words[padding]}
        return parameters

    def build(self, x: Image) -> Call:
        _require_groups(self.groups, x.channels, self.out_channels)
        padding = _padding(self.padding, self.kernel_size, self.stride, self.dilation)
        if isinstance(padding, int):
            reach = self.dilation * (self.kernel_size - 1) + 1 - 2 * padding
            _require_fit(self.kernel_size, reach, x)
        return call(
            nn.Conv2d,
            x.channels,
            self.out_channels,
            self.kernel_size,
            stride=self.stride,
            padding=padding,
            dilation=self.dilation,
            groups=self.groups,
            bias=self.bias,
        )


class ConvTranspose2d(NodeType):
    """Paints an image with learned strokes: each pixel becomes a patch, and patches overlap.

    It is a convolution turned round, and makes images larger.

    Use it in generators and decoders; with kernel 4, stride 2 and padding 1 it doubles height and
    width.
    """

    out_channels: PositiveInt = 32
    """How many channels leave."""
    kernel_size: PositiveInt = 4
    """Side of the patch that each pixel becomes."""
    stride: PositiveInt = 2
    """How far apart the patches lie, and so how many times larger the image gets."""
    padding: NonNegativeInt = 1
    """How many pixels are cut off on every side of the result."""
    bias: bool = True
    """Add a learned number to each channel; not needed before a batch normalisation."""

    examples = (
        Example({}, [(2, 3, 8, 8)], [(2, 32, 16, 16)]),
        Example(
            {"kernel_size": 2, "padding": 0, "out_channels": 5}, [(2, 3, 1, 1)], [(2, 5, 2, 2)]
        ),
        Example({}, [(2, 8)], problem="needs (N, C, H, W), got (N, 8)"),
        Example({"stride": 0}, [(2, 3, 8, 8)], problem="stride"),
        Example({"padding": 4}, [(2, 3, 1, 1)], problem="leaves no pixel"),
    )

    def build(self, x: Image) -> Call:
        sizes = [(n - 1) * self.stride + self.kernel_size - 2 * self.padding for n in x.shape[2:]]
        if min(sizes) < 1:
            raise Misfit(f"padding {self.padding} leaves no pixel: make it smaller")
        return call(
            nn.ConvTranspose2d,
            x.channels,
            self.out_channels,
            self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            bias=self.bias,
        )


class Conv1d(NodeType):
    """Slides learned filters along a signal (N, C, T); each output channel is what one filter sees.

    Use it on sound and other measurements over time. A sequence (N, T, F) becomes a signal by
    Permute with the order 0, 2, 1.
    """

    out_channels: PositiveInt = 32
    """How many filters, and so how many channels leave."""
    kernel_size: PositiveInt = 3
    """Length of each filter, in steps."""
    stride: PositiveInt = 1
    """How many steps a filter moves at a time; 2 halves the length."""
    padding: NonNegativeInt | None = None
    """How many zeros are put at each end; none is as many as keep the length at stride 1, and 0
    lets it shrink.
    """
    dilation: PositiveInt = 1
    """How far apart the steps that a filter looks at lie."""
    groups: PositiveInt = 1
    """Into how many groups channels are split that do not see each other."""
    bias: bool = True
    """Add a learned number to each channel; not needed before a batch normalisation."""

    examples = (
        Example({}, [(2, 3, 16)], [(2, 32, 16)]),
        Example({"stride": 2, "out_channels": 4}, [(2, 3, 16)], [(2, 4, 8)]),
        Example({"kernel_size": 1, "groups": 3, "out_channels": 3}, [(2, 3, 16)], [(2, 3, 16)]),
        Example({}, [(2, 8)], problem="needs (N, C, T), got (N, 8)"),
        Example({"groups": 2}, [(2, 3, 16)], problem="2 groups do not divide 3 channels"),
    )

    def over_time(self, arriving: tuple[Arriving, ...]) -> Treatment:
        one = (self.kernel_size, self.stride, self.padding or 0) == (1, 1, 0)
        return mixes(1)(self, arriving) if one else "looks"

    def build(self, x: Signal) -> Call:
        _require_groups(self.groups, x.channels, self.out_channels)
        return call(
            nn.Conv1d,
            x.channels,
            self.out_channels,
            self.kernel_size,
            stride=self.stride,
            padding=_padding(self.padding, self.kernel_size, self.stride, self.dilation),
            dilation=self.dilation,
            groups=self.groups,
            bias=self.bias,
        )


class CausalConv1d(NodeType):
    """Slides learned filters along a signal (N, C, T) in such a way that no step sees a later one.

    Use it where a network predicts what comes next. Copies in a row with dilation `=2 ** i` see
    twice as far back each (WaveNet, van den Oord et al. 2016, arXiv 1609.03499).
    """

    out_channels: PositiveInt = 32
    """How many filters, and so how many channels leave."""
    kernel_size: PositiveInt = 2
    """Length of each filter, in steps: the step itself and those before it."""
    dilation: PositiveInt = 1
    """How far apart the steps that a filter looks at lie."""
    bias: bool = True
    """Add a learned number to each channel."""

    over_time = remembers(2)
    examples = (
        Example({}, [(2, 3, 16)], [(2, 32, 16)]),
        Example({"dilation": 8, "out_channels": 4, "bias": False}, [(2, 3, 16)], [(2, 4, 16)]),
        Example({}, [(2, 8)], problem="needs (N, C, T), got (N, 8)"),
        Example({"dilation": 0}, [(2, 3, 16)], problem="dilation"),
    )

    def build(self, x: Signal) -> Call:
        return call(
            CausalConv1dModule,
            x.channels,
            self.out_channels,
            self.kernel_size,
            dilation=self.dilation,
            bias=self.bias,
        )


def _padding(padding: int | None, kernel_size: int, stride: int, dilation: int) -> int | str:
    """Zeros at each end; by default those that put a filter's middle on every `stride`-th one."""
    if padding is not None:
        return padding
    reach = dilation * (kernel_size - 1)
    if stride == 1:
        return "same" if reach else 0
    if reach % 2:
        raise Misfit(
            f"with stride {stride} a kernel of {kernel_size} has no padding that centres it: "
            f"choose padding {reach // 2}",
            use={"padding": reach // 2},
        )
    return reach // 2


def _require_groups(groups: int, in_channels: int, out_channels: int) -> None:
    for channels, place in ((in_channels, "that arrive"), (out_channels, "that leave")):
        if channels % groups:
            raise Misfit(f"{groups} groups do not divide {channels} channels {place}")


def _require_fit(kernel_size: int, reach: int, x: Image) -> None:
    if reach > min(x.shape[2:]):
        raise Misfit(
            f"a kernel of {kernel_size} does not fit into an image of "
            f"{x.shape[2]} x {x.shape[3]}: make it smaller, or give more padding",
            use={"padding": None},
        )
