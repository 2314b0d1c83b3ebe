"""Pooling and resizing: upsampling, padding, cropping and pixel shuffle."""

from typing import Any, ClassVar, Literal

from pydantic import PositiveInt, field_validator
from torch.nn import functional as F

from graphs.nodetypes.expressions import Call, call
from graphs.nodetypes.node_type import Example, Misfit, NodeType
from graphs.nodetypes.parameters import Margin, Size
from graphs.nodetypes.tensor_kinds import Image, Signal, Volume
from graphs.runtime.layers.shapes import center_crop
from nodes.layers.windows import Grid, Sizes, each, fitting


class _Enlarging(NodeType, base=True):
    """Makes things larger along so many axes."""

    axes: ClassVar[int]
    factor: Size = 2
    """How many times larger it becomes: one number, or one for each axis."""
    align_corners: bool = False
    """For interpolation: align the centres of the corner pixels, not the edges of the image; older
    networks want it.
    """

    @field_validator("factor")
    @classmethod
    def _for_each_axis(cls, value: Sizes) -> Sizes:
        return fitting(value, cls.axes)

    def _enlarged(self, x: Grid, mode: str) -> Call:
        options: dict[str, Any] = {"scale_factor": self.factor, "mode": mode}
        if self.align_corners:
            if mode.startswith("nearest"):
                raise Misfit(
                    "align_corners is for a blend: turn it off, or take another mode",
                    use={"align_corners": False},
                )
            options["align_corners"] = True
        return call(F.interpolate, x, **options)


class Upsample(_Enlarging):
    """Upsampling: enlarges an image by repeating its pixels or by interpolation; no parameters.

    Use it before a convolution in decoders and generators, where transposed convolutions leave a
    checkerboard pattern.
    """

    keywords = (
        "nn.Upsample",
        "upsampling",
        "upsample2d",
        "interpolate",
        "F.interpolate",
        "resize",
        "scale up",
        "bilinear",
        "bicubic",
        "nearest neighbour",
        "UpSampling2D",
    )

    axes = 2
    mode: Literal["nearest", "bilinear", "bicubic"] = "nearest"
    """Repeat the nearest pixel, or interpolate between four (bilinear) or sixteen (bicubic)."""

    examples = (
        Example({}, [(2, 3, 4, 4)], [(2, 3, 8, 8)]),
        Example({"factor": 3, "mode": "bilinear"}, [(2, 3, 4, 4)], [(2, 3, 12, 12)]),
        Example(
            {"factor": [1, 2], "mode": "bicubic", "align_corners": True},
            [(2, 3, 4, 4)],
            [(2, 3, 4, 8)],
        ),
        Example({"factor": 0}, [(2, 3, 4, 4)], problem="factor"),
        Example({"align_corners": True}, [(2, 3, 4, 4)], problem="align_corners is for a blend"),
        Example({}, [(2, 3)], problem="needs (N, C, H, W), got (N, 3)"),
    )

    def build(self, x: Image) -> Call:
        return self._enlarged(x, self.mode)


class Upsample1d(_Enlarging):
    """Upsampling: makes a signal longer by repeating its steps or by interpolation; no parameters.

    Use it before a convolution in decoders of sound and other signals.
    """

    keywords = ("nn.Upsample", "upsampling", "interpolate", "linear interpolation", "UpSampling1D")

    axes = 1
    mode: Literal["nearest", "linear"] = "nearest"
    """Repeat the nearest step, or interpolate between two (linear)."""

    examples = (
        Example({}, [(2, 3, 4)], [(2, 3, 8)]),
        Example({"factor": 3, "mode": "linear"}, [(2, 3, 4)], [(2, 3, 12)]),
        Example({"factor": 0}, [(2, 3, 4)], problem="factor"),
    )

    def build(self, x: Signal) -> Call:
        return self._enlarged(x, self.mode)


class Upsample3d(_Enlarging):
    """Upsampling: enlarges a volume by repeating its places or by interpolation; no parameters.

    Use it before a convolution in decoders of volumes, such as the second half of a 3d U-Net.
    """

    keywords = ("nn.Upsample", "upsampling", "interpolate", "trilinear", "UpSampling3D")

    axes = 3
    mode: Literal["nearest", "trilinear"] = "nearest"
    """Repeat the nearest place, or interpolate between eight (trilinear)."""

    examples = (
        Example({}, [(2, 3, 2, 4, 4)], [(2, 3, 4, 8, 8)]),
        Example({"factor": [1, 2, 2], "mode": "trilinear"}, [(2, 3, 2, 4, 4)], [(2, 3, 2, 8, 8)]),
        Example({"factor": [2, 2]}, [(2, 3, 2, 4, 4)], problem="one number, or 3 of them"),
    )

    def build(self, x: Volume) -> Call:
        return self._enlarged(x, self.mode)


class PixelShuffle(NodeType):
    """Pixel shuffle (depth to space): lays groups of channels beside each other as pixels; the
    image grows, channels get fewer.

    Use it after a convolution with factor * factor times the channels, in place of a transposed
    convolution (Shi et al. 2016, arXiv 1609.05158).
    """

    keywords = (
        "nn.PixelShuffle",
        "depth to space",
        "sub-pixel convolution",
        "super-resolution",
        "upscaling",
    )

    factor: PositiveInt = 2
    """How many times larger height and width become; channels get factor * factor times fewer."""

    examples = (
        Example({}, [(2, 12, 4, 4)], [(2, 3, 8, 8)]),
        Example({}, [(2, 3, 4, 4)], problem="3 channels cannot become squares of 2 x 2 pixels"),
        Example({}, [(2, 3)], problem="needs (N, C, H, W), got (N, 3)"),
    )

    def build(self, x: Image) -> Call:
        if x.channels % self.factor**2:
            raise Misfit(
                f"{x.channels} channels cannot become squares of {self.factor} x {self.factor} "
                f"pixels: their number has to be a multiple of {self.factor**2}"
            )
        return call(F.pixel_shuffle, x, self.factor)


class PixelUnshuffle(NodeType):
    """Pixel unshuffle (space to depth): makes channels of neighbouring pixels; the image shrinks
    and no value is lost.

    Use it to make an image smaller before a convolution, or to undo a PixelShuffle.
    """

    keywords = ("nn.PixelUnshuffle", "space to depth", "squeeze operation", "patchify", "patches")

    factor: PositiveInt = 2
    """How many times smaller height and width become; channels get factor * factor times more."""

    examples = (
        Example({}, [(2, 3, 8, 8)], [(2, 12, 4, 4)]),
        Example({"factor": 3}, [(2, 3, 8, 8)], problem="3 does not divide 8 x 8 pixels"),
        Example({}, [(2, 3)], problem="needs (N, C, H, W), got (N, 3)"),
    )

    def build(self, x: Image) -> Call:
        height, width = x.shape[2:]
        if height % self.factor or width % self.factor:
            raise Misfit(f"{self.factor} does not divide {height} x {width} pixels")
        return call(F.pixel_unshuffle, x, self.factor)


class _Padding(NodeType, base=True):
    """Puts something around, along so many axes."""

    axes: ClassVar[int]
    padding: Margin = 1
    """How much is put at each side."""
    mode: Literal["constant", "reflect", "replicate", "circular"] = "constant"
    """What is put there: one value (constant), the inside mirrored without its edge (reflect), the
    outermost values again (replicate), or what lies at the opposite side (circular).
    """
    value: float = 0.0
    """The value that is put there; for the mode constant."""

    @field_validator("padding")
    @classmethod
    def _for_each_side(cls, value: Sizes) -> Sizes:
        return fitting(value, 2 * cls.axes, "side")

    def _padded(self, x: Grid) -> Call:
        """The sides of the last axis come first, as torch has them."""
        ends = each(self.padding, 2 * self.axes)
        inside = [size for size in reversed(x.shape[2:]) for _ in range(2)]
        room = {"reflect": 1, "circular": 0}.get(self.mode)
        if room is not None and any(n > size - room for n, size in zip(ends, inside, strict=True)):
            raise Misfit(f"{self.mode} cannot put more around {x.meta.text} than is inside it")
        options: dict[str, Any] = {} if self.mode == "constant" else {"mode": self.mode}
        if self.mode == "constant" and self.value:
            options["value"] = self.value
        return call(F.pad, x, ends, **options)


class Pad2d(_Padding):
    """Padding: puts pixels around an image.

    Use it to reach a size that fits, or, mirrored, before a convolution without padding of its own:
    generators that paint pictures have fewer dark edges so.
    """

    keywords = (
        "nn.ZeroPad2d",
        "pad",
        "padding",
        "zero padding",
        "reflection padding",
        "ReflectionPad2d",
        "ReplicationPad2d",
        "ConstantPad2d",
        "CircularPad2d",
        "F.pad",
        "border",
    )

    axes = 2
    padding: Margin = 1
    """How many pixels at each side: one number, or four: left, right, top, bottom."""

    examples = (
        Example({}, [(2, 3, 8, 8)], [(2, 3, 10, 10)]),
        Example({"padding": [1, 2, 0, 0], "value": 1.0}, [(2, 3, 8, 8)], [(2, 3, 8, 11)]),
        Example({"padding": 3, "mode": "circular"}, [(2, 3, 8, 8)], [(2, 3, 14, 14)]),
        Example({"padding": 8, "mode": "reflect"}, [(2, 3, 8, 8)], problem="than is inside it"),
        Example({}, [(2, 3)], problem="needs (N, C, H, W), got (N, 3)"),
    )

    def build(self, x: Image) -> Call:
        return self._padded(x)


class Pad1d(_Padding):
    """Padding: puts values before and after a signal.

    Use it before a convolution without padding of its own, or to reach a length that fits.
    """

    keywords = ("nn.ZeroPad1d", "pad", "zero padding", "ReflectionPad1d", "ConstantPad1d", "F.pad")

    axes = 1
    padding: Margin = 1
    """How many steps at each end: one number, or two: before, after."""

    examples = (
        Example({}, [(2, 3, 8)], [(2, 3, 10)]),
        Example({"padding": [3, 0], "mode": "replicate"}, [(2, 3, 8)], [(2, 3, 11)]),
        Example({"padding": 8, "mode": "reflect"}, [(2, 3, 8)], problem="than is inside it"),
        Example({"padding": [1, 2, 3]}, [(2, 3, 8)], problem="needs one number, or 2 of them"),
    )

    def build(self, x: Signal) -> Call:
        return self._padded(x)


class Pad3d(_Padding):
    """Padding: puts values around a volume.

    Use it to reach a size that fits, or before a convolution without padding of its own.
    """

    keywords = ("nn.ZeroPad3d", "pad", "zero padding", "ReflectionPad3d", "ConstantPad3d", "F.pad")

    axes = 3
    padding: Margin = 1
    """How much at each side: one number, or six: left, right, top, bottom, front, back."""

    examples = (
        Example({}, [(2, 3, 4, 8, 8)], [(2, 3, 6, 10, 10)]),
        Example({"mode": "replicate"}, [(2, 3, 4, 8, 8)], [(2, 3, 6, 10, 10)]),
        Example({"padding": 5, "mode": "circular"}, [(2, 3, 4, 8, 8)], problem="than is inside it"),
    )

    def build(self, x: Volume) -> Call:
        return self._padded(x)


class CenterCrop(NodeType):
    """Centre crop: cuts the middle out of an image, as large as another image is.

    Use it where convolutions without padding have made one of two images smaller, before a Concat,
    as U-Net does.
    """

    keywords = (
        "crop",
        "center crop",
        "centre crop",
        "cropping",
        "torchvision.transforms.CenterCrop",
        "unet",
        "cut out the middle",
    )
    examples = (
        Example({}, [(2, 3, 8, 8), (2, 5, 4, 6)], [(2, 3, 4, 6)]),
        Example({}, [(2, 3, 4, 4), (2, 5, 6, 6)], problem="4 x 4, is smaller than 6 x 6"),
        Example({}, [(2, 3), (2, 5, 6, 6)], problem="needs (N, C, H, W), got (N, 3)"),
    )

    def build(self, x: Image, like: Image) -> Call:
        (height, width), (wanted_height, wanted_width) = x.shape[2:], like.shape[2:]
        if height < wanted_height or width < wanted_width:
            raise Misfit(
                f"x, {height} x {width}, is smaller than {wanted_height} x {wanted_width}: "
                "swap the two wires"
            )
        return call(center_crop, x, like)
