"""Distributions: categorical, sampled from logits, and quantisation."""

from typing import Literal

from pydantic import NonNegativeFloat

from graphs.nodetypes.expressions import Call, call
from graphs.nodetypes.node_type import Example, Misfit, NodeType, axis_of
from graphs.nodetypes.tensor_kinds import Classes, Meta, Numbers
from graphs.nodetypes.time_dependence import alone, mixes
from graphs.runtime.measures import likelihoods
from nodes.probability.likelihoods import Levels, Likelihood


class CategoricalSample(NodeType):
    """Samples a class from logits, each with the probability of its softmax.

    Use it as the sampler of a cross-entropy: of the next token, of a pixel's level. The axis of the
    logits goes away; what leaves are integers. No gradient passes through.
    """

    keywords = (
        "sample",
        "multinomial",
        "torch.multinomial",
        "categorical",
        "draw a class",
        "sampling",
        "temperature",
        "gumbel-max",
        "torch.distributions.Categorical",
        "next token",
    )

    dim: int = -1
    """The axis of the logits: -1, the last, of (N, T, C); 1 of an image, (N, C, H, W)."""
    temperature: NonNegativeFloat = 1.0
    """Temperature: 0 takes the most probable class (argmax), 1 samples by the softmax, more is more
    random.
    """

    stops_gradient = True
    over_time = mixes("dim")
    examples = (
        Example({}, [(2, 7, 10)], [Meta((2, 7), "int64")]),
        Example({"dim": 1, "temperature": 0.5}, [(2, 5, 4, 4)], [Meta((2, 4, 4), "int64")]),
        Example({"temperature": 0}, [(2, 10)], [Meta((2,), "int64")]),
        Example({"dim": 4}, [(2, 10)], problem="there is no axis 4 in (N, 10)"),
    )

    def build(self, scores: Numbers) -> Call:
        axis_of(scores, self.dim)
        sample = likelihoods.categorical_sample
        return call(sample, scores, dim=self.dim, temperature=self.temperature)


class MuLawEncode(NodeType):
    """Mu-law companding: quantises sound from -1 to 1 to a few levels that lie closer where it is
    quiet; what leaves are classes from 0.

    Use it before a WaveNet, whose cross-entropy then says how well it predicts the next level (van
    den Oord et al. 2016, arXiv 1609.03499; ITU-T G.711). What is louder than 1 is clipped.
    """

    keywords = ("mu-law", "companding", "quantise audio", "wavenet", "torchaudio")

    levels: Levels = 256
    """How many classes there are."""

    over_time = alone
    examples = (
        Example({}, [(2, 16)], [Meta((2, 16), "int64")]),
        Example({"levels": 16}, [(2, 1, 16)], [Meta((2, 1, 16), "int64")]),
        Example({"levels": 1}, [(2, 16)], problem="levels"),
    )

    def build(self, wave: Numbers) -> Call:
        return call(likelihoods.mu_law_encode, wave, levels=self.levels)


class MuLawDecode(NodeType):
    """Inverse of mu-law companding: turns the classes of MuLawEncode back into sound from -1 to 1.

    Use it to hear what a WaveNet generated. To show classes to a network as numbers, use
    Dequantise.
    """

    keywords = ("mu-law", "expand audio", "wavenet", "torchaudio")

    levels: Levels = 256
    """How many classes there are."""

    over_time = alone
    examples = (
        Example({}, [Meta((2, 16), "int64")], [(2, 16)]),
        Example({}, [(2, 16)], problem="classes needs integers of any shape"),
    )

    def build(self, classes: Classes) -> Call:
        return call(likelihoods.mu_law_decode, classes, levels=self.levels)


class Quantise(NodeType):
    """Quantises values to a few levels at equal distances: what leaves are classes from 0.

    Use it where a network is to say how probable each level of a pixel or a measurement is, as
    PixelCNN does. What lies outside is clipped. Dequantise gives values back.
    """

    keywords = (
        "quantize",
        "discretize",
        "bin",
        "bucketize",
        "round to levels",
        "levels",
        "digitize",
    )

    levels: Levels = 17
    """How many classes there are."""
    low: float = 0.0
    """The number that is class 0."""
    high: float = 1.0
    """The number that is the last class."""

    over_time = alone
    examples = (
        Example({}, [(2, 8, 8)], [Meta((2, 8, 8), "int64")]),
        Example({"levels": 2, "low": -1}, [(2, 5)], [Meta((2, 5), "int64")]),
        Example({"levels": 1}, [(2, 5)], problem="levels"),
        Example({"low": 1}, [(2, 5)], problem="low has to be below high, got 1 and 1"),
    )

    def build(self, x: Numbers) -> Call:
        require_order(self.low, self.high)
        return call(likelihoods.quantise, x, levels=self.levels, low=self.low, high=self.high)


class Dequantise(NodeType):
    """Turns the classes of Quantise back into values.

    Use it to show or hear what a network generated level by level, and to show levels to a network.
    """

    keywords = ("dequantize", "levels to numbers", "bins to values")

    levels: Levels = 17
    """How many classes there are."""
    low: float = 0.0
    """The number that class 0 becomes."""
    high: float = 1.0
    """The number that the last class becomes."""

    over_time = alone
    examples = (
        Example({}, [Meta((2, 8, 8), "int64")], [(2, 8, 8)]),
        Example({"levels": 256, "low": -1}, [Meta((2, 16), "int64")], [(2, 16)]),
        Example({}, [(2, 16)], problem="classes needs integers of any shape"),
        Example({"high": -1}, [Meta((2, 5), "int64")], problem="low has to be below high"),
    )

    def build(self, classes: Classes) -> Call:
        require_order(self.low, self.high)
        return call(
            likelihoods.dequantise, classes, levels=self.levels, low=self.low, high=self.high
        )


def require_order(low: float, high: float) -> None:
    """Raises Misfit where the lowest number is not below the highest."""
    if low >= high:
        raise Misfit(f"low has to be below high, got {low:g} and {high:g}")


class CategoricalEntropy(Likelihood):
    """Entropy of the softmax of logits: 0 where the network is sure, log(C) where all C classes are
    equally probable.

    Use it, subtracted from a loss, as an entropy bonus against deciding too early, as in
    reinforcement learning; or to watch how sure a network is.
    """

    keywords = (
        "entropy",
        "entropy bonus",
        "uncertainty",
        "confidence",
        "policy entropy",
        "reinforcement learning",
    )

    dim: int = -1
    """The axis of the logits: -1, the last, of (N, T, C); 1 of an image, (N, C, H, W)."""
    per: Literal["sample", "value"] = "value"
    """The mean over all choices (value), or summed over those of each sample."""

    examples = (
        Example({}, [(2, 10)], [()]),
        Example({"dim": 1, "per": "sample", "unit": "bits"}, [(2, 5, 4, 4)], [()]),
        Example({"dim": 4}, [(2, 10)], problem="there is no axis 4 in (N, 10)"),
    )

    def build(self, scores: Numbers) -> Call:
        axis_of(scores, self.dim)
        return self.measured(call(likelihoods.categorical_entropy, scores, dim=self.dim))
