"""Pooling and resizing: max and average pooling."""

from collections.abc import Callable
from typing import Any, ClassVar

from pydantic import JsonValue, field_validator
from torch.nn import functional as F

from graphs.nodetypes.expressions import Call, call
from graphs.nodetypes.node_type import Example, Misfit, NodeType
from graphs.nodetypes.parameters import Margin, Size
from graphs.nodetypes.tensor_kinds import Image, Signal, Volume
from nodes.layers.windows import Grid, Sizes, each, fitting, in_words, shortest


class _Pooling(NodeType, base=True):
    """A pooling along so many axes."""

    axes: ClassVar[int]
    kernel_size: Size = 2
    """Size of each window, in pixels or steps: one number, or one for each axis."""
    stride: Size | None = None
    """Stride: how far the window moves at a time; none is its own size, so that windows do not
    overlap.
    """
    padding: Margin = 0
    """How much is put at each side, at most half a window: zeros for a mean, and minus infinity for
    a maximum, which no window ever keeps.
    """
    ceil_mode: bool = False
    """Let a last window reach over the end, in place of leaving out what does not fill one."""

    @field_validator("kernel_size", "stride", "padding")
    @classmethod
    def _for_each_axis(cls, value: Sizes | None) -> Sizes | None:
        return fitting(value, cls.axes)

    def _pooled(self, function: Callable[..., Any], x: Grid, **options: Any) -> Call:
        self._require_fit(x)
        if self.stride not in (None, self.kernel_size):
            options["stride"] = self.stride
        if self.padding:
            options["padding"] = self.padding
        if self.ceil_mode:
            options["ceil_mode"] = True
        return call(function, x, self.kernel_size, **options)

    def _require_fit(self, x: Grid) -> None:
        windows, around = each(self.kernel_size, self.axes), each(self.padding, self.axes)
        if any(more > window // 2 for more, window in zip(around, windows, strict=True)):
            raise Misfit(
                f"padding {in_words(self.padding)} is more than half a window of "
                f"{in_words(self.kernel_size)}: make it smaller",
                use={"padding": _document(shortest([window // 2 for window in windows]))},
            )
        sizes = x.shape[2:]
        fitted = [min(pair) for pair in zip(windows, sizes, strict=True)]
        places = zip(windows, sizes, around, strict=True)
        if any(window > size + 2 * more for window, size, more in places):
            a_title = "an image" if self.axes == 2 else f"a {x.title}"
            raise Misfit(
                f"a window of {in_words(self.kernel_size)} does not fit into {a_title} of "
                f"{in_words(sizes)}: make it smaller",
                use={"kernel_size": _document(shortest(fitted))},
            )


class MaxPool2d(_Pooling):
    """Max pooling: keeps the largest value of each small window, so that the image shrinks and
    small shifts matter less.

    Use it between convolutions, so that later ones have a larger receptive field at less cost.
    """

    keywords = (
        "nn.MaxPool2d",
        "max pool",
        "max pooling",
        "pool",
        "pooling",
        "downsample",
        "subsampling",
    )

    axes = 2
    examples = (
        Example({}, [(2, 3, 8, 8)], [(2, 3, 4, 4)]),
        Example({"kernel_size": 3}, [(2, 3, 8, 8)], [(2, 3, 2, 2)]),
        Example({"kernel_size": 3, "stride": 2, "padding": 1}, [(2, 3, 8, 8)], [(2, 3, 4, 4)]),
        Example({"kernel_size": [1, 4]}, [(2, 3, 8, 8)], [(2, 3, 8, 2)]),
        Example({"kernel_size": 9}, [(2, 3, 8, 8)], problem="a window of 9 does not fit"),
        Example(
            {"padding": 2}, [(2, 3, 8, 8)], problem="padding 2 is more than half a window of 2"
        ),
        Example({"kernel_size": [2]}, [(2, 3, 8, 8)], problem="needs one number, or 2 of them"),
        Example({}, [(2, 3)], problem="needs (N, C, H, W), got (N, 3)"),
    )

    def build(self, x: Image) -> Call:
        return self._pooled(F.max_pool2d, x)


class MaxPool1d(_Pooling):
    """Max pooling: keeps the largest value of each short window of a signal, so that it shrinks.

    Use it between convolutions of sound and other signals, so that later ones have a larger
    receptive field at less cost.
    """

    keywords = ("nn.MaxPool1d", "max pooling", "pooling", "downsample")

    axes = 1
    examples = (
        Example({}, [(2, 3, 8)], [(2, 3, 4)]),
        Example({"kernel_size": 3, "ceil_mode": True}, [(2, 3, 8)], [(2, 3, 3)]),
        Example({"kernel_size": 9}, [(2, 3, 8)], problem="a window of 9 does not fit"),
        Example({}, [(2, 3)], problem="needs (N, C, T), got (N, 3)"),
    )

    def build(self, x: Signal) -> Call:
        return self._pooled(F.max_pool1d, x)


class MaxPool3d(_Pooling):
    """Max pooling: keeps the largest value of each small window of a volume, so that it shrinks.

    Use it between three-dimensional convolutions, as MaxPool2d between those of images.
    """

    keywords = ("nn.MaxPool3d", "max pooling", "pooling", "downsample")

    axes = 3
    examples = (
        Example({}, [(2, 3, 4, 8, 8)], [(2, 3, 2, 4, 4)]),
        Example({"kernel_size": [1, 2, 2]}, [(2, 3, 4, 8, 8)], [(2, 3, 4, 4, 4)]),
        Example({"kernel_size": 5}, [(2, 3, 4, 8, 8)], problem="does not fit into a volume of 4"),
    )

    def build(self, x: Volume) -> Call:
        return self._pooled(F.max_pool3d, x)


class _Averaging(_Pooling, base=True):
    """A pooling by means."""

    count_include_pad: bool = True
    """Let zeros of the padding count in a mean, in place of the mean of what was there alone."""

    def _mean(self, function: Callable[..., Any], x: Grid) -> Call:
        given = {} if self.count_include_pad else {"count_include_pad": False}
        return self._pooled(function, x, **given)


class AvgPool2d(_Averaging):
    """Average pooling: puts the mean of each small window in its place, so that the image shrinks.

    Use it where every pixel should count, as between the dense blocks of a DenseNet.
    """

    keywords = (
        "nn.AvgPool2d",
        "average pooling",
        "mean pooling",
        "pooling",
        "downsample",
        "shrink image",
        "blur",
    )

    axes = 2
    examples = (
        Example({}, [(2, 3, 8, 8)], [(2, 3, 4, 4)]),
        Example({"kernel_size": 3, "stride": 1, "padding": 1}, [(2, 3, 8, 8)], [(2, 3, 8, 8)]),
        Example(
            {"kernel_size": [1, 3], "padding": [0, 1], "count_include_pad": False},
            [(2, 3, 8, 8)],
            [(2, 3, 8, 3)],
        ),
        Example({"kernel_size": 9}, [(2, 3, 8, 8)], problem="a window of 9 does not fit"),
        Example({}, [(2, 3)], problem="needs (N, C, H, W), got (N, 3)"),
    )

    def build(self, x: Image) -> Call:
        return self._mean(F.avg_pool2d, x)


class AvgPool1d(_Averaging):
    """Average pooling: puts the mean of each short window of a signal in its place, so that it
    shrinks.

    Use it to make a signal coarser where every step should count.
    """

    keywords = (
        "nn.AvgPool1d",
        "average pooling",
        "mean pooling",
        "pooling",
        "downsample",
        "moving average",
    )

    axes = 1
    examples = (
        Example({}, [(2, 3, 8)], [(2, 3, 4)]),
        Example({"kernel_size": 3, "stride": 1, "padding": 1}, [(2, 3, 8)], [(2, 3, 8)]),
        Example({"kernel_size": 9}, [(2, 3, 8)], problem="a window of 9 does not fit"),
    )

    def build(self, x: Signal) -> Call:
        return self._mean(F.avg_pool1d, x)


class AvgPool3d(_Averaging):
    """Average pooling: puts the mean of each small window of a volume in its place, so that it
    shrinks.

    Use it where every place of a scan or film should count.
    """

    keywords = ("nn.AvgPool3d", "average pooling", "mean pooling", "pooling", "downsample")

    axes = 3
    examples = (
        Example({}, [(2, 3, 4, 8, 8)], [(2, 3, 2, 4, 4)]),
        Example({"kernel_size": 5}, [(2, 3, 4, 8, 8)], problem="does not fit into a volume of 4"),
    )

    def build(self, x: Volume) -> Call:
        return self._mean(F.avg_pool3d, x)


def _document(sizes: Sizes) -> JsonValue:
    """Sizes as a document holds them."""
    return sizes if isinstance(sizes, int) else [*sizes]
