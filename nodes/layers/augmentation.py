"""Augmentation: samples are changed at random while training, between data and
network, so that it sees each one anew.
"""

import math
from typing import Annotated

from pydantic import Field, PositiveFloat, PositiveInt

from graphs.nodetypes.expressions import Apply, Call, call
from graphs.nodetypes.node_type import Example, Misfit, NodeType
from graphs.nodetypes.tensor_kinds import Image, Labels, Meta, Numbers, Signal
from graphs.runtime.layers import augmentation
from graphs.runtime.layers.augmentation import RandomPlace as RandomPlaceModule
from graphs.runtime.layers.spectra import Standardise as StandardiseModule
from graphs.runtime.layers.spectra import spectrogram

_IMAGE = (2, 3, 8, 8)


class RandomShift(NodeType):
    """Random translation: shifts each image at random while training, so that a network learns that
    places do not matter.

    Between pixels values are interpolated; what comes in from outside is 0. No gradient passes
    through.
    """

    keywords = (
        "data augmentation",
        "translate",
        "translation of images",
        "RandomAffine",
        "random shift",
        "jitter",
        "random crop",
        "augmentation",
    )
    stops_gradient = True
    pixels: Annotated[float, Field(gt=0, le=10_000)] = 2.0
    """How far an image moves at most, in pixels, in each direction."""

    examples = (
        Example({}, [_IMAGE], [_IMAGE]),
        Example({"pixels": 0}, [_IMAGE], problem="pixels"),
    )

    def build(self, image: Image) -> Call:
        return call(augmentation.RandomAffine, shift=self.pixels)


class RandomRotation(NodeType):
    """Random rotation and scaling of each image around its centre, while training.

    Between pixels values are interpolated; what comes in from outside is 0. No gradient passes
    through.
    """

    keywords = (
        "rotate",
        "rotation",
        "data augmentation",
        "torchvision.transforms.RandomRotation",
        "RandomAffine",
        "zoom",
        "augmentation",
    )
    stops_gradient = True
    degrees: Annotated[float, Field(ge=0, le=180)] = 15.0
    """How far an image is rotated at most, in degrees, to either side."""
    scale: Annotated[float, Field(ge=0, le=2)] = 0.0
    """How much an image grows or shrinks at most, as a logarithm: 0.1 is about 10 %."""

    examples = (
        Example({}, [_IMAGE], [_IMAGE]),
        Example({"degrees": 5, "scale": 0.1}, [_IMAGE], [_IMAGE]),
        Example({"degrees": 270}, [_IMAGE], problem="degrees"),
    )

    def build(self, image: Image) -> Call:
        return call(augmentation.RandomAffine, self.degrees, scale=self.scale)


class RandomFlip(NodeType):
    """Random horizontal flip: mirrors some images, left to right, while training.

    Use it for objects without a left and a right; not for letters and digits, which mean something
    else in a mirror.
    """

    keywords = (
        "horizontal flip",
        "mirror",
        "RandomHorizontalFlip",
        "data augmentation",
        "augmentation",
    )
    stops_gradient = True
    share: Annotated[float, Field(gt=0, le=1)] = 0.5
    """The share of images that is flipped, above 0 to 1."""

    examples = (
        Example({}, [_IMAGE], [_IMAGE]),
        Example({"share": 2}, [_IMAGE], problem="share"),
    )

    def build(self, image: Image) -> Call:
        return call(augmentation.RandomFlip, self.share)


class AugmentNoise(NodeType):
    """Adds Gaussian noise to samples of any shape while training, and nothing in validation.

    Use it against overfitting.
    """

    keywords = ("gaussian noise", "jitter", "data augmentation", "denoising", "augmentation")
    stops_gradient = True
    deviation: PositiveFloat = 0.1
    """How strong the noise is: its standard deviation, in units of the samples."""

    examples = (
        Example({}, [_IMAGE], [_IMAGE]),
        Example({"deviation": 1.0}, [(2, 5)], [(2, 5)]),
        Example({"deviation": 0}, [(2, 5)], problem="deviation"),
    )

    def build(self, x: Numbers) -> Call:
        return call(augmentation.AddNoise, self.deviation)


class CutOut(NodeType):
    """Cutout (random erasing): sets a square of each image to 0 while training, so that a network
    looks at all parts.

    The centre of the square is anywhere in the image, so it may reach over the edge (DeVries and
    Taylor 2017, arXiv 1708.04552).
    """

    keywords = (
        "random erasing",
        "RandomErasing",
        "occlusion",
        "mask a square",
        "data augmentation",
        "augmentation",
    )
    stops_gradient = True
    size: PositiveInt = 8
    """The side of the square, in pixels; what it covers is 0."""

    examples = (
        Example({"size": 3}, [_IMAGE], [_IMAGE]),
        Example({"size": 0}, [_IMAGE], problem="size"),
    )

    def build(self, image: Image) -> Call:
        return call(augmentation.CutOut, self.size)


class RandomPlace(NodeType):
    """Lays each image at a random place on a larger canvas of zeros: a test of translation
    invariance.

    While training the place is a new one each time; in validation it is as random, but the same at
    each look, so that epochs can be compared.
    """

    keywords = (
        "canvas",
        "random position",
        "translation invariance",
        "cluttered mnist",
        "random crop",
        "augmentation",
    )

    height: PositiveInt = 16
    """How many rows of pixels the canvas has."""
    width: PositiveInt = 16
    """How many columns of pixels it has."""

    examples = (
        Example({}, [_IMAGE], [(2, 3, 16, 16)]),
        Example({"height": 8, "width": 20}, [_IMAGE], [(2, 3, 8, 20)]),
        Example({"height": 0}, [_IMAGE], problem="height"),
        Example({"width": 7}, [_IMAGE], problem="8 x 8 is larger than the canvas, 16 x 7"),
    )

    def build(self, image: Image) -> Call:
        height, width = image.shape[2:]
        if height > self.height or width > self.width:
            text = f"an image of {height} x {width} is larger than the canvas, "
            fits = {"height": max(height, self.height), "width": max(width, self.width)}
            raise Misfit(f"{text}{self.height} x {self.width}: make it larger", use=fits)
        return call(RandomPlaceModule, self.height, self.width)


class MixUp(NodeType):
    """MixUp: blends each sample with another of the batch while training, and their labels in the
    same proportions.

    `mixed` goes to the network, `target`, (N, C), are soft labels: how much of each class there is.
    Wire it to a loss that takes them, such as KLDivergence after a LogSoftmax. In validation
    nothing is mixed (Zhang et al. 2017, arXiv 1710.09412).
    """

    keywords = (
        "mixup",
        "cutmix",
        "blend samples",
        "soft labels",
        "data augmentation",
        "augmentation",
        "torchvision.transforms.v2.MixUp",
    )
    stops_gradient = True
    num_classes: PositiveInt = 10
    """How many classes there are."""
    strength: PositiveFloat = 0.2
    """How far samples are mixed, the alpha of the paper: near 0 most are left almost whole; at 1
    every share of the other sample, from 0 to 1, is equally likely.
    """

    outputs = ("mixed", "target")
    examples = (
        Example({"num_classes": 3}, [_IMAGE, Meta((2,), "int64")], [_IMAGE, (2, 3)]),
        Example({"strength": 0}, [_IMAGE, Meta((2,), "int64")], problem="strength"),
    )

    def build(self, x: Numbers, label: Labels) -> Apply:
        return call(augmentation.MixUp, self.num_classes, self.strength)(x, label)


class Standardise(NodeType):
    """Standardisation: subtracts a mean from each channel and divides by a standard deviation.

    With none given, each sample is brought to mean 0 and standard deviation 1 by itself.
    """

    keywords = (
        "normalize",
        "transforms.Normalize",
        "mean and std",
        "z-score",
        "standard scaler",
        "rescale",
        "preprocessing",
        "whitening",
    )

    mean: tuple[float, ...] = ()
    """What is subtracted, one number for each channel or one for all."""
    deviation: tuple[PositiveFloat, ...] = ()
    """What each channel is divided by, one number for each or one for all."""

    examples = (
        Example({}, [_IMAGE], [_IMAGE]),
        Example({"mean": [0.5], "deviation": [0.25]}, [_IMAGE], [_IMAGE]),
        Example({"mean": [0.1, 0.2, 0.3], "deviation": [1, 1, 2]}, [(2, 3, 9)], [(2, 3, 9)]),
        Example(
            {"mean": [0.1, 0.2], "deviation": [1, 1]},
            [_IMAGE],
            problem="needs as many numbers as there are channels, got 2 and 3",
        ),
        Example({"mean": [0.1]}, [_IMAGE], problem="give mean and deviation, or neither"),
    )

    def build(self, x: Numbers) -> Call:
        if bool(self.mean) != bool(self.deviation):
            raise Misfit("give mean and deviation, or neither")
        channels = x.shape[1] if len(x.shape) > 1 else 0
        for values in (self.mean, self.deviation):
            if len(values) > 1 and len(values) != channels:
                text = f"needs as many numbers as there are channels, got {len(values)}"
                raise Misfit(f"{text} and {channels}")
        return call(StandardiseModule, list(self.mean), list(self.deviation))


class Spectrogram(NodeType):
    """Magnitude spectrogram (short-time Fourier transform): (N, 1, T) becomes an image of frequency
    over time.

    Overlapping windows are turned into magnitudes of frequencies; a logarithm makes quiet parts
    visible. The result is (N, 1, window // 2 + 1, 1 + T // hop).
    """

    keywords = (
        "stft",
        "short-time fourier transform",
        "torchaudio",
        "fft",
        "mel",
        "mel spectrogram",
        "audio features",
        "mfcc",
        "frequency",
    )

    window: Annotated[int, Field(ge=4, le=65_536)] = 256
    """How many samples of the wave one window has: the more, the finer the frequency and the
    coarser the time.
    """
    hop: PositiveInt = 128
    """How many samples of the wave lie between the beginnings of two windows."""
    logarithm: bool = True
    """Take the natural logarithm of 0.001 + magnitude."""

    examples = (
        Example({}, [(2, 1, 1000)], [(2, 1, 129, 8)]),
        Example({"window": 16, "hop": 4, "logarithm": False}, [(2, 1, 50)], [(2, 1, 9, 13)]),
        Example({}, [(2, 2, 1000)], problem="needs one channel, got 2"),
        Example({}, [(2, 1, 100)], problem="window is 256, and there are 100 values"),
    )

    def build(self, wave: Signal) -> Call:
        if wave.channels != 1:
            raise Misfit(f"needs one channel, got {wave.channels}")
        if wave.shape[2] <= self.window // 2:
            text = f"window is {self.window}, and there are {wave.shape[2]} values: make it smaller"
            raise Misfit(text, use={"window": max(4, 2 ** int(math.log2(wave.shape[2])) // 2)})
        return call(spectrogram, wave, self.window, self.hop, self.logarithm)
