"""Pooling: layers that make images smaller or larger, and learn nothing."""

from typing import Any, Literal

import torch
from pydantic import NonNegativeInt, PositiveInt
from torch.nn import functional as F

from graphs.expressions import Call, call
from graphs.kinds import Image
from graphs.node_type import Example, Misfit, NodeType
from nodes.modules.images import center_crop


class MaxPool2d(NodeType):
    """Keeps the largest value of each small window, so that the image shrinks and small shifts
    matter less.

    Use it between convolutions, to let later ones see more of the image at less cost.
    """

    kernel_size: PositiveInt = 2
    """Side of each square window, in pixels."""
    stride: PositiveInt | None = None
    """How many pixels the window moves at a time; none is its own side, so that windows do not
    overlap.
    """
    padding: NonNegativeInt = 0
    """How many pixels are put around the image, which no window ever keeps; at most half a window.
    """

    examples = (
        Example({}, [(2, 3, 8, 8)], [(2, 3, 4, 4)]),
        Example({"kernel_size": 3}, [(2, 3, 8, 8)], [(2, 3, 2, 2)]),
        Example({"kernel_size": 3, "stride": 2, "padding": 1}, [(2, 3, 8, 8)], [(2, 3, 4, 4)]),
        Example({"kernel_size": 9}, [(2, 3, 8, 8)], problem="a window of 9 does not fit"),
        Example(
            {"padding": 2}, [(2, 3, 8, 8)], problem="padding 2 is more than half a window of 2"
        ),
        Example({}, [(2, 3)], problem="needs (N, C, H, W), got (N, 3)"),
    )

    def build(self, x: Image) -> Call:
        options = _options(self.kernel_size, self.stride, self.padding, x)
        return call(F.max_pool2d, x, self.kernel_size, **options)


class AvgPool2d(NodeType):
    """Puts the mean of each small window in its place, so that the image shrinks.

    Use it where every pixel should count, as between the dense blocks of a DenseNet.
    """

    kernel_size: PositiveInt = 2
    """Side of each square window, in pixels."""
    stride: PositiveInt | None = None
    """How many pixels the window moves at a time; none is its own side, so that windows do not
    overlap.
    """
    padding: NonNegativeInt = 0
    """How many zeros are put around the image; at most half a window."""

    examples = (
        Example({}, [(2, 3, 8, 8)], [(2, 3, 4, 4)]),
        Example({"kernel_size": 3, "stride": 1, "padding": 1}, [(2, 3, 8, 8)], [(2, 3, 8, 8)]),
        Example({"kernel_size": 9}, [(2, 3, 8, 8)], problem="a window of 9 does not fit"),
        Example({}, [(2, 3)], problem="needs (N, C, H, W), got (N, 3)"),
    )

    def build(self, x: Image) -> Call:
        options = _options(self.kernel_size, self.stride, self.padding, x)
        return call(F.avg_pool2d, x, self.kernel_size, **options)


class AdaptiveAvgPool2d(NodeType):
    """Means over as many windows as give a fixed height and width, whatever the image's size.

    Use it before a Flatten, so that a network takes images of several sizes.
    """

    size: PositiveInt = 1
    """Height and width that leave."""

    examples = (
        Example({}, [(2, 3, 8, 8)], [(2, 3, 1, 1)]),
        Example({"size": 3}, [(2, 3, 8, 8)], [(2, 3, 3, 3)]),
        Example({"size": 0}, [(2, 3, 8, 8)], problem="size"),
        Example({}, [(2, 3)], problem="needs (N, C, H, W), got (N, 3)"),
    )

    def build(self, x: Image) -> Call:
        return call(F.adaptive_avg_pool2d, x, self.size)


class GlobalAvgPool2d(NodeType):
    """The mean of each channel over the whole image: (N, C, H, W) becomes (N, C).

    Use it between the last convolution and the last Linear layer, in place of a Flatten: it needs
    far fewer weights after it, and any image size will do (Lin et al. 2013, arXiv 1312.4400).
    """

    examples = (
        Example({}, [(2, 3, 8, 8)], [(2, 3)]),
        Example({}, [(2, 3)], problem="needs (N, C, H, W), got (N, 3)"),
    )

    def build(self, x: Image) -> Call:
        return call(torch.mean, x, (2, 3))


class Upsample(NodeType):
    """Makes an image larger by repeating its pixels or by blending them; it learns nothing.

    Use it before a convolution in decoders and generators, where transposed convolutions leave a
    chequered pattern.
    """

    factor: PositiveInt = 2
    """How many times larger height and width become."""
    mode: Literal["nearest", "bilinear"] = "nearest"
    """Repeat the nearest pixel, or blend the four nearest (bilinear)."""

    examples = (
        Example({}, [(2, 3, 4, 4)], [(2, 3, 8, 8)]),
        Example({"factor": 3, "mode": "bilinear"}, [(2, 3, 4, 4)], [(2, 3, 12, 12)]),
        Example({"factor": 0}, [(2, 3, 4, 4)], problem="factor"),
        Example({}, [(2, 3)], problem="needs (N, C, H, W), got (N, 3)"),
    )

    def build(self, x: Image) -> Call:
        return call(F.interpolate, x, scale_factor=self.factor, mode=self.mode)


class CenterCrop(NodeType):
    """Cuts the middle out of an image, as large as another image is.

    Use it where convolutions without padding have made one of two images smaller, before a Concat,
    as U-Net does.
    """

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


def _options(kernel_size: int, stride: int | None, padding: int, x: Image) -> dict[str, Any]:
    """Keyword arguments of a pooling function, those that are not torch's own."""
    if padding > kernel_size // 2:
        raise Misfit(
            f"padding {padding} is more than half a window of {kernel_size}: make it smaller",
            use={"padding": kernel_size // 2},
        )
    if kernel_size > min(x.shape[2:]) + 2 * padding:
        raise Misfit(
            f"a window of {kernel_size} does not fit into an image of "
            f"{x.shape[2]} x {x.shape[3]}: make it smaller",
            use={"kernel_size": min(x.shape[2:])},
        )
    given = {"stride": stride} if stride not in (None, kernel_size) else {}
    return {**given, **({"padding": padding} if padding else {})}
