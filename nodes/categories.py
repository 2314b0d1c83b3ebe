"""Distributions: values as classes, drawn from scores."""

from typing import Literal

from pydantic import NonNegativeFloat

from graphs.expressions import Call, call
from graphs.kinds import Classes, Meta, Numbers
from graphs.node_type import Example, NodeType, axis_of
from graphs.over_time import alone, mixes
from nodes.likelihoods import Levels, _Likelihood
from nodes.modules import likelihoods


class CategoricalSample(NodeType):
    """Draws a class from the scores of a network, each with the probability of its softmax.

    Use it as the sampler of a cross-entropy: of the next token, of a pixel's level. The axis of the
    scores goes away; what leaves are whole numbers. Nothing learns from what is drawn.
    """

    dim: int = -1
    """The axis of the scores: -1, the last, of (N, T, C); 1 of an image, (N, C, H, W)."""
    temperature: NonNegativeFloat = 1.0
    """How freely it draws: 0 takes the best, 1 goes by the scores, more is wilder."""

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
    """Rounds sound from -1 to 1 to a few levels that lie closer where it is quiet, as telephones
    do: what leaves are classes from 0.

    Use it before a WaveNet, whose cross-entropy then says how well it foretells the next level (van
    den Oord et al. 2016, arXiv 1609.03499; ITU-T G.711). What is louder than 1 is cut.
    """

    levels: Levels = 256
    """How many classes there are."""
    evenly: bool = False
    """The levels are as far apart as they are numbered: for pixels, and for values that a network
    draws on the scale of the levels."""

    over_time = alone
    examples = (
        Example({}, [(2, 16)], [Meta((2, 16), "int64")]),
        Example({"levels": 16}, [(2, 1, 16)], [Meta((2, 1, 16), "int64")]),
        Example({"evenly": True}, [(2, 16)], [Meta((2, 16), "int64")]),
        Example({"levels": 1}, [(2, 16)], problem="levels"),
    )

    def build(self, wave: Numbers) -> Call:
        options = {"evenly": True} if self.evenly else {}
        return call(likelihoods.mu_law_encode, wave, levels=self.levels, **options)


class MuLawDecode(NodeType):
    """Turns the classes of MuLawEncode back into sound from -1 to 1.

    Use it to hear what a WaveNet drew; and, with `evenly`, to show classes to a network as numbers.
    """

    levels: Levels = 256
    """How many classes there are."""
    evenly: bool = False
    """Leave the levels as far apart as they are numbered, from -1 to 1: what a network reads."""

    over_time = alone
    examples = (
        Example({}, [Meta((2, 16), "int64")], [(2, 16)]),
        Example({"evenly": True}, [Meta((2, 16), "int64")], [(2, 16)]),
        Example({}, [(2, 16)], problem="classes needs whole numbers of any shape"),
    )

    def build(self, classes: Classes) -> Call:
        options = {"evenly": True} if self.evenly else {}
        return call(likelihoods.mu_law_decode, classes, levels=self.levels, **options)


class CategoricalEntropy(_Likelihood):
    """How undecided the scores of a network are: the entropy of their softmax, from 0 where it is
    sure to log(C) where all C classes are alike.

    Use it, subtracted from a loss, to keep a network from deciding too early, as in reinforcement
    learning; or to watch how sure it is.
    """

    dim: int = -1
    """The axis of the scores: -1, the last, of (N, T, C); 1 of an image, (N, C, H, W)."""
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
