"""Convolution: of signals, images and volumes."""

from typing import ClassVar, Literal

from pydantic import JsonValue, PositiveInt, field_validator
from torch import nn

from graphs.nodetypes.expressions import Call, call
from graphs.nodetypes.node_type import Example, Misfit, NodeType
from graphs.nodetypes.parameters import Margin, Size
from graphs.nodetypes.tensor_kinds import Image, Signal, Volume
from graphs.nodetypes.time_dependence import Arriving, Treatment, mixes, remembers
from graphs.runtime.layers.convolutions import CausalConv1d as CausalConv1dModule
from nodes.layers.windows import (
    Grid,
    Parametrization,
    Sizes,
    each,
    fitting,
    in_words,
    parametrized,
    shortest,
)


class _Convolution(NodeType, base=True):
    """A convolution along so many axes."""

    axes: ClassVar[int]
    out_channels: PositiveInt = 32
    """How many filters, and so how many channels leave."""
    kernel_size: Size = 3
    """Size of each filter, in pixels or steps. Of several axes each may have a number of its own:
    1, 7 is a filter of height 1 and width 7.
    """
    stride: Size = 1
    """Stride: how far a filter moves at a time, along each axis; 2 halves the size."""
    padding: Margin | None = None
    """How many zeros are put at each side; none is as many as keep the size at stride 1 ("same"),
    and 0 lets it shrink ("valid").
    """
    dilation: Size = 1
    """Dilation: how far apart the places lie that a filter looks at; 2 doubles its receptive field.
    """
    groups: PositiveInt = 1
    """Into how many groups channels are split that do not see each other; as many as there are
    channels is a depthwise convolution.
    """
    bias: bool = True
    """Add a learned bias to each channel; not needed before a batch normalisation."""
    padding_mode: Literal["zeros", "reflect", "replicate", "circular"] = "zeros"
    """What the padding is: zeros, the inside mirrored (reflect), its outermost values (replicate),
    or the opposite side (circular).
    """
    parametrization: Parametrization = "none"
    """weight_norm learns length and direction of each filter apart, which steadies training
    (arXiv 1602.07868); spectral_norm divides the weight by its largest singular value, which bounds
    the slope of a discriminator (arXiv 1802.05957).
    """

    @field_validator("kernel_size", "stride", "padding", "dilation")
    @classmethod
    def _for_each_axis(cls, value: Sizes | None) -> Sizes | None:
        return fitting(value, cls.axes)

    def _layer(self, layer: type[nn.Module], x: Grid) -> Call:
        _require_groups(self.groups, x.channels, self.out_channels)
        padding = self._padding()
        if not isinstance(padding, str):
            self._require_fit(padding, x)
        made = call(
            layer,
            x.channels,
            self.out_channels,
            self.kernel_size,
            stride=self.stride,
            padding=padding,
            dilation=self.dilation,
            groups=self.groups,
            bias=self.bias,
            padding_mode=self.padding_mode,
        )
        return parametrized(made, self.parametrization)

    def _reach(self) -> list[int]:
        """How far the last place that a filter sees lies from its first, by axis."""
        sizes, apart = each(self.kernel_size, self.axes), each(self.dilation, self.axes)
        return [distance * (size - 1) for size, distance in zip(sizes, apart, strict=True)]

    def _padding(self) -> Sizes | str:
        """What is put at each side; by default what puts a filter's middle on every `stride`-th
        place.
        """
        if self.padding is not None:
            return self.padding
        reach = self._reach()
        if set(each(self.stride, self.axes)) == {1}:
            return "same" if any(reach) else 0
        middle = shortest([far // 2 for far in reach])
        if any(far % 2 for far in reach):
            raise Misfit(
                f"with stride {in_words(self.stride)} a kernel of {in_words(self.kernel_size)} "
                f"has no padding that centres it: choose padding {in_words(middle)}",
                use={"padding": list(middle) if isinstance(middle, tuple) else middle},
            )
        return middle

    def _require_fit(self, padding: Sizes, x: Grid) -> None:
        a_title = "an image" if self.axes == 2 else f"a {x.title}"
        around, sizes = each(padding, self.axes), x.shape[2:]
        seen = zip(self._reach(), around, sizes, strict=True)
        if any(far + 1 - 2 * zeros > size for far, zeros, size in seen):
            raise Misfit(
                f"a kernel of {in_words(self.kernel_size)} does not fit into {a_title} of "
                f"{in_words(sizes)}: make it smaller, or give more padding",
                use={"padding": None},
            )


class Conv2d(_Convolution):
    """2d convolution: slides learned filters over an image; each output channel is what one filter
    sees.

    Use it in almost every network that reads images: it needs few weights, because a filter is the
    same everywhere. A kernel of 1 mixes the channels of each pixel alone.
    """

    keywords = (
        "nn.Conv2d",
        "conv",
        "convolution",
        "cnn",
        "convnet",
        "convolutional layer",
        "depthwise",
        "pointwise",
        "separable",
        "grouped",
        "1x1",
        "dilated",
        "atrous",
        "strided",
        "weight norm",
        "spectral norm",
    )

    axes = 2
    version = 2
    examples = (
        Example({}, [(2, 3, 8, 8)], [(2, 32, 8, 8)]),
        Example({"out_channels": 5, "padding": 0}, [(2, 3, 8, 8)], [(2, 5, 6, 6)]),
        Example({"stride": 2, "padding": 0}, [(2, 3, 9, 9)], [(2, 32, 4, 4)]),
        Example({"stride": 2}, [(2, 3, 8, 8)], [(2, 32, 4, 4)]),
        Example({"kernel_size": 4, "stride": 2, "padding": 1}, [(2, 3, 8, 8)], [(2, 32, 4, 4)]),
        Example({"dilation": 2, "groups": 4}, [(2, 8, 8, 8)], [(2, 32, 8, 8)]),
        Example({"kernel_size": [1, 5], "stride": [1, 2]}, [(2, 3, 8, 8)], [(2, 32, 8, 4)]),
        Example({"padding_mode": "reflect"}, [(2, 3, 8, 8)], [(2, 32, 8, 8)]),
        Example({"parametrization": "spectral_norm"}, [(2, 3, 8, 8)], [(2, 32, 8, 8)]),
        Example(
            {"kernel_size": 4, "stride": 2},
            [(2, 3, 8, 8)],
            problem="with stride 2 a kernel of 4 has no padding that centres it: choose padding 1",
        ),
        Example({}, [(2, 8)], problem="needs (N, C, H, W), got (N, 8)"),
        Example({"kernel_size": 9, "padding": 0}, [(2, 3, 8, 8)], problem="kernel of 9"),
        Example(
            {"kernel_size": [1, 9], "padding": 0},
            [(2, 3, 8, 8)],
            problem="a kernel of 1 x 9 does not fit into an image of 8 x 8",
        ),
        Example({"groups": 2}, [(2, 3, 8, 8)], problem="2 groups do not divide 3 channels"),
        Example({"out_channels": 0}, [(2, 3, 8, 8)], problem="out_channels"),
        Example({"stride": [1, 0]}, [(2, 3, 8, 8)], problem="stride: input should be greater than"),
        Example({"dilation": [1, 1, 1]}, [(2, 3, 8, 8)], problem="one number, or 2 of them"),
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
        return self._layer(nn.Conv2d, x)


class Conv1d(_Convolution):
    """1d convolution: slides learned filters along a signal (N, C, T); each output channel is what
    one filter sees.

    Use it on sound and other measurements over time. A sequence (N, T, F) becomes a signal by
    Permute with the order 0, 2, 1.
    """

    keywords = (
        "nn.Conv1d",
        "convolution",
        "tcn",
        "temporal convolution",
        "signal",
        "dilated",
        "time series",
    )

    axes = 1
    examples = (
        Example({}, [(2, 3, 16)], [(2, 32, 16)]),
        Example({"stride": 2, "out_channels": 4}, [(2, 3, 16)], [(2, 4, 8)]),
        Example({"kernel_size": 1, "groups": 3, "out_channels": 3}, [(2, 3, 16)], [(2, 3, 16)]),
        Example({"parametrization": "weight_norm"}, [(2, 3, 16)], [(2, 32, 16)]),
        Example({}, [(2, 8)], problem="needs (N, C, T), got (N, 8)"),
        Example({"groups": 2}, [(2, 3, 16)], problem="2 groups do not divide 3 channels"),
        Example(
            {"kernel_size": [3, 3]}, [(2, 3, 16)], problem="kernel_size: needs one number, got"
        ),
    )

    def over_time(self, arriving: tuple[Arriving, ...]) -> Treatment:
        one = (self.kernel_size, self.stride, self.padding or 0) == (1, 1, 0)
        return mixes(1)(self, arriving) if one else "looks"

    def build(self, x: Signal) -> Call:
        return self._layer(nn.Conv1d, x)


class Conv3d(_Convolution):
    """3d convolution: slides learned filters through a volume (N, C, D, H, W), such as a scan or a
    short film.

    Use it as Conv2d where depth, or time, is one more axis to look along. Its filters have many
    weights: keep them small.
    """

    keywords = ("nn.Conv3d", "convolution", "volume", "video", "medical scan", "voxel")

    axes = 3
    examples = (
        Example({"out_channels": 4}, [(2, 3, 4, 8, 8)], [(2, 4, 4, 8, 8)]),
        Example(
            {"out_channels": 4, "kernel_size": [1, 3, 3], "stride": [1, 2, 2]},
            [(2, 3, 4, 8, 8)],
            [(2, 4, 4, 4, 4)],
        ),
        Example({}, [(2, 3, 8, 8)], problem="needs (N, C, D, H, W), got (N, 3, 8, 8)"),
        Example({"groups": 2}, [(2, 3, 4, 8, 8)], problem="2 groups do not divide 3 channels"),
    )

    def build(self, x: Volume) -> Call:
        return self._layer(nn.Conv3d, x)


class CausalConv1d(NodeType):
    """Causal 1d convolution: slides learned filters along a signal (N, C, T) so that no step sees a
    later one.

    Use it where a network predicts what comes next. Copies in a row with dilation `=2 ** i` double
    the receptive field with each (WaveNet, van den Oord et al. 2016, arXiv 1609.03499).
    """

    keywords = (
        "causal",
        "causal convolution",
        "wavenet",
        "tcn",
        "dilated",
        "dilated convolution",
        "dilation",
        "temporal convolution",
        "left padding",
    )

    out_channels: PositiveInt = 32
    """How many filters, and so how many channels leave."""
    kernel_size: PositiveInt = 2
    """Length of each filter, in steps: the step itself and those before it."""
    dilation: PositiveInt = 1
    """Dilation: how far apart the steps that a filter looks at lie."""
    bias: bool = True
    """Add a learned bias to each channel."""
    parametrization: Parametrization = "none"
    """weight_norm learns length and direction of each filter apart, which steadies training
    (arXiv 1602.07868); spectral_norm divides the weight by its largest singular value, which bounds
    the slope of a discriminator (arXiv 1802.05957).
    """

    over_time = remembers(2)
    examples = (
        Example({}, [(2, 3, 16)], [(2, 32, 16)]),
        Example({"dilation": 8, "out_channels": 4, "bias": False}, [(2, 3, 16)], [(2, 4, 16)]),
        Example({"parametrization": "weight_norm"}, [(2, 3, 16)], [(2, 32, 16)]),
        Example({}, [(2, 8)], problem="needs (N, C, T), got (N, 8)"),
        Example({"dilation": 0}, [(2, 3, 16)], problem="dilation"),
    )

    def build(self, x: Signal) -> Call:
        made = call(
            CausalConv1dModule,
            x.channels,
            self.out_channels,
            self.kernel_size,
            dilation=self.dilation,
            bias=self.bias,
        )
        return parametrized(made, self.parametrization)


def _require_groups(groups: int, in_channels: int, out_channels: int) -> None:
    for channels, place in ((in_channels, "that arrive"), (out_channels, "that leave")):
        if channels % groups:
            raise Misfit(f"{groups} groups do not divide {channels} channels {place}")
