"""Convolution: transposed, which enlarges, and masked, for autoregressive images."""

from typing import ClassVar, Literal

from pydantic import PositiveInt, field_validator
from torch import nn

from graphs.nodetypes.expressions import Call, call
from graphs.nodetypes.node_type import Example, Misfit, NodeType
from graphs.nodetypes.parameters import Margin, Size
from graphs.nodetypes.tensor_kinds import Image, Signal, Volume
from graphs.runtime.layers.convolutions import MaskedConv2d as MaskedConv2dModule
from nodes.layers.windows import Grid, Parametrization, Sizes, each, fitting, in_words, parametrized


class _Transposed(NodeType, base=True):
    """A transposed convolution along so many axes."""

    axes: ClassVar[int]
    out_channels: PositiveInt = 32
    """How many channels leave."""
    kernel_size: Size = 4
    """Size of the patch that each place becomes: one number, or one for each axis."""
    stride: Size = 2
    """How far apart the patches lie, and so how many times larger the result is."""
    padding: Margin = 1
    """How much is cut off on every side of the result."""
    output_padding: Margin = 0
    """How much is added at the end of each axis: with kernel 3, stride 2 and padding 1, a 1 doubles
    the size exactly.
    """
    dilation: Size = 1
    """Dilation: how far apart the values of one patch lie."""
    groups: PositiveInt = 1
    """Into how many groups channels are split that do not see each other."""
    bias: bool = True
    """Add a learned bias to each channel; not needed before a batch normalisation."""
    parametrization: Parametrization = "none"
    """weight_norm learns length and direction of each filter apart, which steadies training
    (arXiv 1602.07868); spectral_norm divides the weight by its largest singular value, which bounds
    the slope of a discriminator (arXiv 1802.05957).
    """

    @field_validator("kernel_size", "stride", "padding", "output_padding", "dilation")
    @classmethod
    def _for_each_axis(cls, value: Sizes) -> Sizes:
        return fitting(value, cls.axes)

    def _layer(self, layer: type[nn.Module], x: Grid) -> Call:
        for channels, place in ((x.channels, "that arrive"), (self.out_channels, "that leave")):
            if channels % self.groups:
                raise Misfit(f"{self.groups} groups do not divide {channels} channels {place}")
        self._require_size(x)
        made = call(
            layer,
            x.channels,
            self.out_channels,
            self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            output_padding=self.output_padding,
            dilation=self.dilation,
            groups=self.groups,
            bias=self.bias,
        )
        return parametrized(made, self.parametrization)

    def _require_size(self, x: Grid) -> None:
        given = (self.kernel_size, self.stride, self.padding, self.output_padding, self.dilation)
        axes = zip(x.shape[2:], *(each(value, self.axes) for value in given), strict=True)
        for size, kernel, stride, cut, added, apart in axes:
            if added >= max(stride, apart):
                raise Misfit(
                    f"output_padding {in_words(self.output_padding)} has to be smaller than "
                    "stride or dilation: make it 0",
                    use={"output_padding": 0},
                )
            if (size - 1) * stride + apart * (kernel - 1) + 1 + added - 2 * cut < 1:
                raise Misfit(f"padding {in_words(self.padding)} leaves no pixel: make it smaller")


class ConvTranspose2d(_Transposed):
    """Transposed 2d convolution (deconvolution): each pixel becomes a learned patch, and patches
    overlap, so that the image grows.

    Use it in generators and decoders; with kernel 4, stride 2 and padding 1 it doubles height and
    width.
    """

    keywords = (
        "nn.ConvTranspose2d",
        "transposed",
        "transposed convolution",
        "deconv",
        "deconvolution",
        "upconv",
        "fractionally strided",
        "upsampling",
        "generator",
    )

    axes = 2
    examples = (
        Example({}, [(2, 3, 8, 8)], [(2, 32, 16, 16)]),
        Example(
            {"kernel_size": 2, "padding": 0, "out_channels": 5}, [(2, 3, 1, 1)], [(2, 5, 2, 2)]
        ),
        Example({"kernel_size": 3, "output_padding": 1}, [(2, 3, 4, 4)], [(2, 32, 8, 8)]),
        Example(
            {
                "kernel_size": [1, 4],
                "stride": [1, 2],
                "padding": [0, 1],
                "groups": 3,
                "out_channels": 6,
            },
            [(2, 3, 4, 4)],
            [(2, 6, 4, 8)],
        ),
        Example({}, [(2, 8)], problem="needs (N, C, H, W), got (N, 8)"),
        Example({"stride": 0}, [(2, 3, 8, 8)], problem="stride"),
        Example({"padding": 4}, [(2, 3, 1, 1)], problem="leaves no pixel"),
        Example({"groups": 2}, [(2, 3, 8, 8)], problem="2 groups do not divide 3 channels"),
    )

    def build(self, x: Image) -> Call:
        return self._layer(nn.ConvTranspose2d, x)


class ConvTranspose1d(_Transposed):
    """Transposed 1d convolution (deconvolution): each step becomes several by learned filters, and
    they overlap, so that the signal grows.

    Use it in generators and decoders of sound; with kernel 4, stride 2 and padding 1 it doubles the
    length.
    """

    keywords = ("nn.ConvTranspose1d", "transposed convolution", "deconvolution", "upsampling")

    axes = 1
    examples = (
        Example({}, [(2, 3, 8)], [(2, 32, 16)]),
        Example({"kernel_size": 16, "stride": 8, "padding": 4}, [(2, 3, 5)], [(2, 32, 40)]),
        Example({"parametrization": "weight_norm"}, [(2, 3, 8)], [(2, 32, 16)]),
        Example({}, [(2, 8)], problem="needs (N, C, T), got (N, 8)"),
        Example({"output_padding": 2}, [(2, 3, 8)], problem="output_padding 2 has to be smaller"),
    )

    def build(self, x: Signal) -> Call:
        return self._layer(nn.ConvTranspose1d, x)


class ConvTranspose3d(_Transposed):
    """Transposed 3d convolution (deconvolution): each place becomes a small learned block, and
    blocks overlap, so that the volume grows.

    Use it where Conv3d made a volume smaller and a decoder has to enlarge it again.
    """

    keywords = ("nn.ConvTranspose3d", "transposed convolution", "deconvolution", "upsampling")

    axes = 3
    examples = (
        Example({"out_channels": 4}, [(2, 3, 2, 4, 4)], [(2, 4, 4, 8, 8)]),
        Example({}, [(2, 3, 8, 8)], problem="needs (N, C, D, H, W), got (N, 3, 8, 8)"),
    )

    def build(self, x: Volume) -> Call:
        return self._layer(nn.ConvTranspose3d, x)


class MaskedConv2d(NodeType):
    """Masked 2d convolution: a pixel sees only pixels above it, and those before it in its row, as
    an autoregressive model of images needs.

    Mask A comes once, as the first layer, then B: what such a network predicts of a pixel depends
    on those before it alone (PixelCNN, van den Oord et al. 2016, arXiv 1601.06759).
    """

    keywords = (
        "masked convolution",
        "pixelcnn",
        "autoregressive convolution",
        "causal images",
        "mask a",
        "mask b",
    )

    out_channels: PositiveInt = 32
    """How many filters, and so how many channels leave."""
    kernel_size: Size = 3
    """Side of each filter, in pixels, an odd number; or height and width."""
    mask: Literal["A", "B"] = "B"
    """A: a pixel does not see itself, for the first layer. B: it does, for all others."""
    colours: PositiveInt = 1
    """How many colours the channels fall into. 3 draws red, green and blue of a pixel one after
    another, each seeing those before it; 1 treats all channels alike.
    """
    bias: bool = True
    """Add a learned bias to each channel."""
    parametrization: Parametrization = "none"
    """weight_norm learns length and direction of each filter apart, which steadies training
    (arXiv 1602.07868); spectral_norm divides the weight by its largest singular value, which bounds
    the slope of a discriminator (arXiv 1802.05957).
    """

    examples = (
        Example({}, [(2, 3, 8, 8)], [(2, 32, 8, 8)]),
        Example({"mask": "A", "kernel_size": 7, "bias": False}, [(2, 1, 8, 8)], [(2, 32, 8, 8)]),
        Example({"colours": 3, "out_channels": 6}, [(2, 3, 8, 8)], [(2, 6, 8, 8)]),
        Example({"parametrization": "weight_norm"}, [(2, 3, 8, 8)], [(2, 32, 8, 8)]),
        Example({}, [(2, 8)], problem="needs (N, C, H, W), got (N, 8)"),
        Example({"kernel_size": 4}, [(2, 3, 8, 8)], problem="a filter of 4 has no middle"),
        Example({"colours": 3}, [(2, 3, 8, 8)], problem="3 colours do not divide 32 channels"),
    )

    @field_validator("kernel_size")
    @classmethod
    def _for_each_axis(cls, value: Sizes) -> Sizes:
        return fitting(value, 2)

    def build(self, x: Image) -> Call:
        if any(size % 2 == 0 for size in each(self.kernel_size, 2)):
            raise Misfit(f"a filter of {in_words(self.kernel_size)} has no middle: use odd numbers")
        for channels in (x.channels, self.out_channels):
            if channels % self.colours:
                raise Misfit(f"{self.colours} colours do not divide {channels} channels")
        made = call(
            MaskedConv2dModule,
            x.channels,
            self.out_channels,
            self.kernel_size,
            mask=self.mask,
            colours=self.colours,
            bias=self.bias,
        )
        return parametrized(made, self.parametrization)
