"""Normalisation and dropout: batch, layer, group and instance normalisation."""

from typing import Annotated

from pydantic import Field, PositiveFloat, PositiveInt
from torch import nn
from torch.nn import functional as F

from graphs.nodetypes.expressions import Call, call
from graphs.nodetypes.node_type import Example, Misfit, NodeType
from graphs.nodetypes.tensor_kinds import Channels, Image, Numbers, Signal, Tensor, Volume
from graphs.nodetypes.time_dependence import mixes, mixes_last
from nodes.layers.windows import Grid


class _BatchNorm(NodeType, base=True):
    """Normalises channels by the mean and variance of a batch."""

    momentum: Annotated[float, Field(gt=0, le=1)] = 0.1
    """How much of each batch goes into the running mean and variance, from 0 to 1; a small number
    smooths over many batches.
    """
    eps: PositiveFloat = 1e-5
    """A small number added to the variance, so that nothing is divided by zero."""
    affine: bool = True
    """Learn a scale and a shift for each channel."""
    track_running_stats: bool = True
    """Keep running averages for validation; else each batch is measured there too."""

    def _layer(self, layer: type[nn.Module], channels: int) -> Call:
        return call(
            layer,
            channels,
            momentum=self.momentum,
            eps=self.eps,
            affine=self.affine,
            track_running_stats=self.track_running_stats,
        )


class BatchNorm2d(_BatchNorm):
    """Batch normalisation: brings each channel to mean 0 and variance 1 over the batch, then
    applies a learned scale and shift.

    Use it after a convolution: deep networks then train faster and with larger learning rates. In
    validation it uses running averages in place of the batch's own (Ioffe and Szegedy 2015,
    arXiv 1502.03167).
    """

    keywords = (
        "nn.BatchNorm2d",
        "bn",
        "batch norm",
        "batchnorm",
        "batch normalisation",
        "running mean",
        "normalisation",
    )
    examples = (
        Example({}, [(2, 3, 8, 8)], [(2, 3, 8, 8)]),
        Example({"affine": False, "track_running_stats": False}, [(2, 3, 4, 4)], [(2, 3, 4, 4)]),
        Example({}, [(2, 16)], problem="needs (N, C, H, W), got (N, 16)"),
        Example({"momentum": 2}, [(2, 3, 8, 8)], problem="momentum"),
    )

    def build(self, x: Image) -> Call:
        return self._layer(nn.BatchNorm2d, x.channels)


class BatchNorm1d(_BatchNorm):
    """Batch normalisation: brings each feature to mean 0 and variance 1 over the batch, then
    applies a learned scale and shift.

    Use it after a Linear layer, (N, F), or a convolution of signals, (N, C, T), as BatchNorm2d
    after one of images. A sequence (N, T, F) needs a Permute before it.
    """

    keywords = ("nn.BatchNorm1d", "bn", "bn1d", "batch normalisation", "normalisation")
    over_time = mixes(1)
    examples = (
        Example({}, [(2, 16)], [(2, 16)]),
        Example({}, [(2, 3, 16)], [(2, 3, 16)]),
        Example({}, [(2, 3, 8, 8)], problem="needs (N, F) or (N, C, T), got (N, 3, 8, 8)"),
        Example({"momentum": 2}, [(2, 16)], problem="momentum"),
    )

    def build(self, x: Channels) -> Call:
        return self._layer(nn.BatchNorm1d, x.channels)


class BatchNorm3d(_BatchNorm):
    """Batch normalisation: brings each channel of volumes to mean 0 and variance 1 over the batch,
    then applies a learned scale and shift.

    Use it after Conv3d, as BatchNorm2d after Conv2d.
    """

    keywords = ("nn.BatchNorm3d", "bn", "bn3d", "batch normalisation", "normalisation")
    examples = (
        Example({}, [(2, 3, 4, 8, 8)], [(2, 3, 4, 8, 8)]),
        Example({}, [(2, 3, 8, 8)], problem="needs (N, C, D, H, W), got (N, 3, 8, 8)"),
    )

    def build(self, x: Volume) -> Call:
        return self._layer(nn.BatchNorm3d, x.channels)


class LayerNorm(NodeType):
    """Layer normalisation: brings the features of each step or sample to mean 0 and variance 1,
    then applies a learned scale and shift.

    Use it in Transformers and recurrent networks: it needs no other samples, so training and
    validation are alike (Ba et al. 2016, arXiv 1607.06450).
    """

    keywords = ("nn.LayerNorm", "ln", "layer normalisation", "normalisation", "transformer norm")

    eps: PositiveFloat = 1e-5
    """A small number added to the variance, so that nothing is divided by zero."""
    bias: bool = True
    """Learn a shift, beside the scale."""
    elementwise_affine: bool = True
    """Learn a scale, and a shift with bias; else the values keep mean 0 and variance 1."""
    axes: PositiveInt = 1
    """How many of the last axes are taken together: 1 is the features, 3 a whole image."""

    over_time = mixes_last("axes")
    examples = (
        Example({}, [(2, 16)], [(2, 16)]),
        Example({"eps": 1e-6, "bias": False}, [(2, 7, 16)], [(2, 7, 16)]),
        Example({"axes": 3}, [(2, 3, 8, 8)], [(2, 3, 8, 8)]),
        Example({"elementwise_affine": False}, [(2, 16)], [(2, 16)]),
        Example({"eps": 0}, [(2, 16)], problem="eps"),
        Example({"axes": 2}, [(2, 16)], problem="needs at least 3 axes, got (N, 16)"),
        Example({}, [(2,)], problem="needs at least two axes, got (N,)"),
    )

    def build(self, x: Numbers) -> Call:
        return call(
            nn.LayerNorm,
            _last_axes(x, self.axes),
            eps=self.eps,
            elementwise_affine=self.elementwise_affine,
            bias=self.bias,
        )


class RMSNorm(NodeType):
    """Root mean square normalisation: divides the features of each step or sample by their root
    mean square, then applies a learned scale.

    Use it in place of LayerNorm: it shifts nothing, costs less, and does as well in large language
    models (Zhang and Sennrich 2019, arXiv 1910.07467).
    """

    keywords = ("nn.RMSNorm", "rms norm", "root mean square norm", "llama", "normalisation")

    eps: PositiveFloat | None = None
    """A small number added to the mean square, so that nothing is divided by zero; none: the
    smallest that float32 tells from 0 beside 1.
    """
    elementwise_affine: bool = True
    """Learn a scale for each feature."""
    axes: PositiveInt = 1
    """How many of the last axes are taken together: 1 is the features."""

    over_time = mixes_last("axes")
    examples = (
        Example({}, [(2, 16)], [(2, 16)]),
        Example({}, [(2, 7, 16)], [(2, 7, 16)]),
        Example({"eps": 1e-6, "axes": 2, "elementwise_affine": False}, [(2, 7, 16)], [(2, 7, 16)]),
        Example({"eps": 0}, [(2, 16)], problem="eps"),
        Example({}, [(2,)], problem="needs at least two axes, got (N,)"),
    )

    def build(self, x: Numbers) -> Call:
        return call(
            nn.RMSNorm,
            _last_axes(x, self.axes),
            eps=self.eps,
            elementwise_affine=self.elementwise_affine,
        )


class GroupNorm(NodeType):
    """Group normalisation: brings groups of channels of each sample to mean 0 and variance 1, then
    applies a learned scale and shift to each channel.

    Use it in place of BatchNorm2d where batches are small (Wu and He 2018, arXiv 1803.08494).
    """

    keywords = ("nn.GroupNorm", "gn", "group normalisation", "normalisation")

    num_groups: PositiveInt = 8
    """How many groups the channels fall into; it must divide their number."""
    eps: PositiveFloat = 1e-5
    """A small number added to the variance, so that nothing is divided by zero."""
    affine: bool = True
    """Learn a scale and a shift for each channel."""

    examples = (
        Example({}, [(2, 32, 8, 8)], [(2, 32, 8, 8)]),
        Example({"num_groups": 1, "affine": False}, [(2, 3, 16)], [(2, 3, 16)]),
        Example({}, [(2, 3, 8, 8)], problem="8 groups do not divide 3 channels"),
        Example({}, [(2,)], problem="needs channels, got (N,)"),
    )

    def build(self, x: Numbers) -> Call:
        if len(x.shape) < 2:
            raise Misfit(f"needs channels, got {x.meta.text}")
        channels = x.shape[1]
        if channels % self.num_groups:
            fitting = max(n for n in range(1, self.num_groups + 1) if channels % n == 0)
            raise Misfit(
                f"{self.num_groups} groups do not divide {channels} channels: use {fitting}",
                use={"num_groups": fitting},
            )
        return call(nn.GroupNorm, self.num_groups, channels, eps=self.eps, affine=self.affine)


class _InstanceNorm(NodeType, base=True):
    """Shifts and scales each channel of each sample by itself."""

    eps: PositiveFloat = 1e-5
    """A small number added to the variance, so that nothing is divided by zero."""
    affine: bool = False
    """Learn a scale and a shift for each channel."""

    def _layer(self, layer: type[nn.Module], x: Grid) -> Call:
        if all(size == 1 for size in x.shape[2:]):
            raise Misfit(f"needs more than one value a channel, got {x.meta.text}")
        return call(layer, x.channels, eps=self.eps, affine=self.affine)


class InstanceNorm2d(_InstanceNorm):
    """Instance normalisation: brings each channel of each image to mean 0 and variance 1, by
    itself.

    Use it for style transfer and image translation: brightness and contrast of the source go away
    (Ulyanov et al. 2016, arXiv 1607.08022).
    """

    keywords = (
        "nn.InstanceNorm2d",
        "instance norm",
        "instance normalisation",
        "contrast normalisation",
        "style transfer",
        "normalisation",
    )
    examples = (
        Example({}, [(2, 3, 8, 8)], [(2, 3, 8, 8)]),
        Example({"affine": True}, [(2, 3, 8, 8)], [(2, 3, 8, 8)]),
        Example(
            {}, [(2, 3, 1, 1)], problem="needs more than one value a channel, got (N, 3, 1, 1)"
        ),
        Example({}, [(2, 16)], problem="needs (N, C, H, W), got (N, 16)"),
    )

    def build(self, x: Image) -> Call:
        return self._layer(nn.InstanceNorm2d, x)


class InstanceNorm1d(_InstanceNorm):
    """Instance normalisation: brings each channel of each signal to mean 0 and variance 1, by
    itself.

    Use it where loudness and level of a signal should not matter.
    """

    keywords = ("nn.InstanceNorm1d", "instance normalisation", "normalisation")
    examples = (
        Example({}, [(2, 3, 16)], [(2, 3, 16)]),
        Example({}, [(2, 16)], problem="needs (N, C, T), got (N, 16)"),
    )

    def build(self, x: Signal) -> Call:
        return self._layer(nn.InstanceNorm1d, x)


class InstanceNorm3d(_InstanceNorm):
    """Instance normalisation: brings each channel of each volume to mean 0 and variance 1, by
    itself.

    Use it in networks for scans, where batches are of one or two (nnU-Net, arXiv 1809.10486).
    """

    keywords = ("nn.InstanceNorm3d", "instance normalisation", "nnu-net", "normalisation")
    examples = (
        Example({}, [(2, 3, 4, 8, 8)], [(2, 3, 4, 8, 8)]),
        Example({}, [(2, 3, 8, 8)], problem="needs (N, C, D, H, W), got (N, 3, 8, 8)"),
    )

    def build(self, x: Volume) -> Call:
        return self._layer(nn.InstanceNorm3d, x)


class LocalResponseNorm(NodeType):
    """Local response normalisation: makes a value small where those of neighbouring channels at its
    place are large.

    Use it to rebuild AlexNet and other networks of its time; newer ones use BatchNorm2d (Krizhevsky
    et al. 2012).
    """

    keywords = (
        "nn.LocalResponseNorm",
        "lrn",
        "local response normalisation",
        "alexnet",
        "lateral inhibition",
    )

    size: PositiveInt = 5
    """How many neighbouring channels are looked at."""
    alpha: PositiveFloat = 1e-4
    """How strongly they count."""
    beta: PositiveFloat = 0.75
    """The power to which their sum is raised."""
    k: PositiveFloat = 1.0
    """What is added to their sum; AlexNet has 2."""

    examples = (
        Example({}, [(2, 8, 4, 4)], [(2, 8, 4, 4)]),
        Example({"size": 3, "k": 2.0}, [(2, 8, 16)], [(2, 8, 16)]),
        Example({}, [(2, 16)], problem="needs channels and one more axis, got (N, 16)"),
        Example({"size": 0}, [(2, 8, 4, 4)], problem="size"),
    )

    def build(self, x: Numbers) -> Call:
        if len(x.shape) < 3:
            raise Misfit(f"needs channels and one more axis, got {x.meta.text}")
        return call(F.local_response_norm, x, self.size, alpha=self.alpha, beta=self.beta, k=self.k)


def _last_axes(x: Tensor, count: int) -> int | tuple[int, ...]:
    """The sizes of the last axes, as torch's norms take them."""
    if len(x.shape) <= count:
        needed = "two" if count == 1 else count + 1
        raise Misfit(f"needs at least {needed} axes, got {x.meta.text}")
    return x.shape[-1] if count == 1 else x.shape[-count:]
