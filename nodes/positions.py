"""Positions: what tells the steps of a sequence apart, for layers that know nothing of order."""

import operator

from pydantic import PositiveInt

from graphs.expressions import Call, call
from graphs.kinds import Sequence
from graphs.node_type import Example, Misfit, NodeType
from nodes.modules import sequences


class SinusoidalPositions(NodeType):
    """Adds to each step sines and cosines of its position, from short waves to long ones.

    Use it before attention: it learns nothing, and takes sequences of any length (Vaswani et al.
    2017, arXiv 1706.03762).
    """

    examples = (
        Example({}, [(2, 7, 32)], [(2, 7, 32)]),
        Example({}, [(2, 7, 5)], [(2, 7, 5)]),
        Example({}, [(2, 7)], problem="needs (N, T, F), got (N, 7)"),
    )

    def build(self, x: Sequence) -> Call:
        return call(operator.add, x, call(sequences.sinusoidal_positions, x))


class LearnedPositions(NodeType):
    """Adds to each step a learned vector, one for each position.

    Use it before attention where no sequence is longer than those seen in training, as in GPT-2 and
    in Transformers that see images.
    """

    length: PositiveInt | None = None
    """How many positions there are; none is as many as the sequence has steps."""

    examples = (
        Example({}, [(2, 7, 32)], [(2, 7, 32)]),
        Example({"length": 16}, [(2, 7, 5)], [(2, 7, 5)]),
        Example({"length": 5}, [(2, 7, 5)], problem="5 positions are too few for 7 steps"),
        Example({}, [(2, 7)], problem="needs (N, T, F), got (N, 7)"),
    )

    def build(self, x: Sequence) -> Call:
        steps = x.shape[1]
        if self.length is not None and self.length < steps:
            raise Misfit(
                f"{self.length} positions are too few for {steps} steps", use={"length": steps}
            )
        return call(sequences.LearnedPositions, self.length or steps, x.features)


class ClassToken(NodeType):
    """Puts a learned step before a sequence, for attention to gather in it what the whole is about.

    Use it before the positions of a Transformer that classifies, and read step 0 with Select at its
    end (Devlin et al. 2018, arXiv 1810.04805).
    """

    examples = (
        Example({}, [(2, 7, 32)], [(2, 8, 32)]),
        Example({}, [(2, 7)], problem="needs (N, T, F), got (N, 7)"),
    )

    def build(self, x: Sequence) -> Call:
        return call(sequences.ClassToken, x.features)
