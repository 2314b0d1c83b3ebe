"""Pooling and resizing: adaptive pooling, to a fixed size, and global pooling."""

from typing import ClassVar

import torch
from pydantic import field_validator
from torch.nn import functional as F

from graphs.nodetypes.expressions import Call, call
from graphs.nodetypes.node_type import Example, NodeType
from graphs.nodetypes.parameters import Size
from graphs.nodetypes.tensor_kinds import Image, Signal, Volume
from nodes.layers.windows import Sizes, fitting


class _Adaptive(NodeType, base=True):
    """A pooling to a fixed size along so many axes."""

    axes: ClassVar[int]
    size: Size = 1
    """How many windows there are, and so the size that leaves: one number, or one for each axis."""

    @field_validator("size")
    @classmethod
    def _for_each_axis(cls, value: Sizes) -> Sizes:
        return fitting(value, cls.axes)


class AdaptiveAvgPool2d(_Adaptive):
    """Average pooling to a fixed size: cuts an image of any size into so many windows and keeps the
    mean of each.

    Use it before a Flatten, so that a network takes images of several sizes: with size 7,
    (N, C, H, W) becomes (N, C, 7, 7).
    """

    keywords = (
        "nn.AdaptiveAvgPool2d",
        "adaptive pooling",
        "average pooling to a size",
        "any input size",
    )

    axes = 2
    examples = (
        Example({}, [(2, 3, 8, 8)], [(2, 3, 1, 1)]),
        Example({"size": [3, 1]}, [(2, 3, 8, 8)], [(2, 3, 3, 1)]),
        Example({"size": 0}, [(2, 3, 8, 8)], problem="size"),
        Example({}, [(2, 3)], problem="needs (N, C, H, W), got (N, 3)"),
    )

    def build(self, x: Image) -> Call:
        return call(F.adaptive_avg_pool2d, x, self.size)


class AdaptiveAvgPool1d(_Adaptive):
    """Average pooling to a fixed size: cuts a signal of any length into so many windows and keeps
    the mean of each.

    Use it before a Flatten, so that a network takes signals of several lengths: with size 7,
    (N, C, T) becomes (N, C, 7).
    """

    keywords = ("nn.AdaptiveAvgPool1d", "adaptive pooling", "average pooling to a size")

    axes = 1
    examples = (
        Example({}, [(2, 3, 8)], [(2, 3, 1)]),
        Example({"size": 3}, [(2, 3, 8)], [(2, 3, 3)]),
        Example({"size": 0}, [(2, 3, 8)], problem="size"),
        Example({}, [(2, 3)], problem="needs (N, C, T), got (N, 3)"),
    )

    def build(self, x: Signal) -> Call:
        return call(F.adaptive_avg_pool1d, x, self.size)


class AdaptiveAvgPool3d(_Adaptive):
    """Average pooling to a fixed size: cuts a volume of any size into so many windows and keeps the
    mean of each.

    Use it before a Flatten, so that a network takes volumes of several sizes: with size 7,
    (N, C, D, H, W) becomes (N, C, 7, 7, 7).
    """

    keywords = ("nn.AdaptiveAvgPool3d", "adaptive pooling", "average pooling to a size")

    axes = 3
    examples = (
        Example({}, [(2, 3, 4, 8, 8)], [(2, 3, 1, 1, 1)]),
        Example({"size": [2, 3, 3]}, [(2, 3, 4, 8, 8)], [(2, 3, 2, 3, 3)]),
        Example({"size": 0}, [(2, 3, 4, 8, 8)], problem="size"),
        Example({}, [(2, 3)], problem="needs (N, C, D, H, W), got (N, 3)"),
    )

    def build(self, x: Volume) -> Call:
        return call(F.adaptive_avg_pool3d, x, self.size)


class AdaptiveMaxPool2d(_Adaptive):
    """Max pooling to a fixed size: cuts an image of any size into so many windows and keeps the
    largest value of each.

    Use it in place of AdaptiveAvgPool2d where it matters whether something is there, not how often.
    """

    keywords = (
        "nn.AdaptiveMaxPool2d",
        "adaptive max pooling",
        "max pooling to a size",
        "spatial pyramid pooling",
    )

    axes = 2
    examples = (
        Example({}, [(2, 3, 8, 8)], [(2, 3, 1, 1)]),
        Example({"size": [3, 1]}, [(2, 3, 8, 8)], [(2, 3, 3, 1)]),
        Example({"size": 0}, [(2, 3, 8, 8)], problem="size"),
        Example({}, [(2, 3)], problem="needs (N, C, H, W), got (N, 3)"),
    )

    def build(self, x: Image) -> Call:
        return call(F.adaptive_max_pool2d, x, self.size)


class AdaptiveMaxPool1d(_Adaptive):
    """Max pooling to a fixed size: cuts a signal of any length into so many windows and keeps the
    largest value of each.

    Use it in place of AdaptiveAvgPool1d where it matters whether something is there, not how often.
    """

    keywords = ("nn.AdaptiveMaxPool1d", "adaptive max pooling", "max pooling to a size")

    axes = 1
    examples = (
        Example({}, [(2, 3, 8)], [(2, 3, 1)]),
        Example({"size": 3}, [(2, 3, 8)], [(2, 3, 3)]),
        Example({"size": 0}, [(2, 3, 8)], problem="size"),
        Example({}, [(2, 3)], problem="needs (N, C, T), got (N, 3)"),
    )

    def build(self, x: Signal) -> Call:
        return call(F.adaptive_max_pool1d, x, self.size)


class AdaptiveMaxPool3d(_Adaptive):
    """Max pooling to a fixed size: cuts a volume of any size into so many windows and keeps the
    largest value of each.

    Use it in place of AdaptiveAvgPool3d where it matters whether something is there, not how often.
    """

    keywords = ("nn.AdaptiveMaxPool3d", "adaptive max pooling", "max pooling to a size")

    axes = 3
    examples = (
        Example({}, [(2, 3, 4, 8, 8)], [(2, 3, 1, 1, 1)]),
        Example({"size": [2, 3, 3]}, [(2, 3, 4, 8, 8)], [(2, 3, 2, 3, 3)]),
        Example({"size": 0}, [(2, 3, 4, 8, 8)], problem="size"),
        Example({}, [(2, 3)], problem="needs (N, C, D, H, W), got (N, 3)"),
    )

    def build(self, x: Volume) -> Call:
        return call(F.adaptive_max_pool3d, x, self.size)


class GlobalAvgPool2d(NodeType):
    """Global average pooling: the mean of each channel over the whole image; (N, C, H, W) becomes
    (N, C).

    Use it between the last convolution and the last Linear layer, in place of a Flatten: it needs
    far fewer weights after it, and any image size will do (Lin et al. 2013, arXiv 1312.4400).
    """

    keywords = (
        "global average pooling",
        "gap",
        "global pooling",
        "GlobalAveragePooling2D",
        "mean over height and width",
        "spatial mean",
    )
    examples = (
        Example({}, [(2, 3, 8, 8)], [(2, 3)]),
        Example({}, [(2, 3)], problem="needs (N, C, H, W), got (N, 3)"),
    )

    def build(self, x: Image) -> Call:
        return call(torch.mean, x, (2, 3))


class GlobalAvgPool1d(NodeType):
    """Global average pooling: the mean of each channel over the whole signal; (N, C, T) becomes
    (N, C).

    Use it between the last convolution and the last Linear layer: any length of signal will do.
    """

    keywords = (
        "global average pooling",
        "global pooling",
        "GlobalAveragePooling1D",
        "mean over time",
    )
    examples = (
        Example({}, [(2, 3, 8)], [(2, 3)]),
        Example({}, [(2, 3)], problem="needs (N, C, T), got (N, 3)"),
    )

    def build(self, x: Signal) -> Call:
        return call(torch.mean, x, 2)


class GlobalAvgPool3d(NodeType):
    """Global average pooling: the mean of each channel over the whole volume; (N, C, D, H, W)
    becomes (N, C).

    Use it between the last convolution and the last Linear layer: any size of volume will do.
    """

    keywords = ("global average pooling", "global pooling", "GlobalAveragePooling3D")
    examples = (
        Example({}, [(2, 3, 4, 8, 8)], [(2, 3)]),
        Example({}, [(2, 3)], problem="needs (N, C, D, H, W), got (N, 3)"),
    )

    def build(self, x: Volume) -> Call:
        return call(torch.mean, x, (2, 3, 4))


class GlobalMaxPool2d(NodeType):
    """Global max pooling: the largest value of each channel over the whole image; (N, C, H, W)
    becomes (N, C).

    Use it in place of GlobalAvgPool2d where one place that fits is enough, however small it is.
    """

    keywords = ("global max pooling", "global maximum", "GlobalMaxPooling2D")
    examples = (
        Example({}, [(2, 3, 8, 8)], [(2, 3)]),
        Example({}, [(2, 3)], problem="needs (N, C, H, W), got (N, 3)"),
    )

    def build(self, x: Image) -> Call:
        return call(torch.amax, x, (2, 3))


class GlobalMaxPool1d(NodeType):
    """Global max pooling: the largest value of each channel over the whole signal; (N, C, T)
    becomes (N, C).

    Use it where one place that fits is enough, such as a word in a text (Kim 2014,
    arXiv 1408.5882).
    """

    keywords = ("global max pooling", "max over time", "GlobalMaxPooling1D")
    examples = (
        Example({}, [(2, 3, 8)], [(2, 3)]),
        Example({}, [(2, 3)], problem="needs (N, C, T), got (N, 3)"),
    )

    def build(self, x: Signal) -> Call:
        return call(torch.amax, x, 2)


class GlobalMaxPool3d(NodeType):
    """Global max pooling: the largest value of each channel over the whole volume; (N, C, D, H, W)
    becomes (N, C).

    Use it in place of GlobalAvgPool3d where one place that fits is enough, however small it is.
    """

    keywords = ("global max pooling", "GlobalMaxPooling3D")
    examples = (
        Example({}, [(2, 3, 4, 8, 8)], [(2, 3)]),
        Example({}, [(2, 3)], problem="needs (N, C, D, H, W), got (N, 3)"),
    )

    def build(self, x: Volume) -> Call:
        return call(torch.amax, x, (2, 3, 4))
