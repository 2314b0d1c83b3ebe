"""Shape: nodes that index, slice, split and shift tensors."""

from collections.abc import Mapping

import torch
from pydantic import PositiveInt, field_validator

from graphs.nodetypes.expressions import Call, Item, call
from graphs.nodetypes.node_type import BlockInterface, Example, Misfit, NodeType, axis_of
from graphs.nodetypes.outputs import Outputs
from graphs.nodetypes.parameters import Size
from graphs.nodetypes.tensor_kinds import Tensor
from graphs.nodetypes.time_dependence import Arriving, Treatment, alone, mixes
from graphs.runtime.layers.shapes import shifted
from nodes.layers.windows import Sizes

MOST_PARTS = 64
"""Outputs of a Split."""
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")


class Select(NodeType):
    """Indexes one place along an axis, which goes away.

    Use it for the first or last step of a sequence: (N, T, F) becomes (N, F).
    """

    keywords = (
        "torch.select",
        "indexing",
        "index",
        "take step",
        "last step",
        "first step",
        "cls output",
    )

    index: int = 0
    """Which place, from 0; -1 is the last."""
    dim: PositiveInt = 1
    """The axis that goes away; 1 is the steps of (N, T, F)."""

    examples = (
        Example({}, [(2, 7, 5)], [(2, 5)]),
        Example({"index": -1, "dim": 2}, [(2, 3, 8, 8)], [(2, 3, 8)]),
        Example({"index": 7}, [(2, 7, 5)], problem="axis 1 of (N, 7, 5) has no place 7"),
        Example({"dim": 2}, [(2, 7)], problem="there is no axis 2 in (N, 7)"),
    )

    def over_time(self, arriving: tuple[Arriving, ...]) -> Treatment:
        return "last" if self.index == -1 else mixes("dim")(self, arriving)

    def build(self, x: Tensor) -> Item:
        size = x.shape[axis_of(x, self.dim)]
        if not -size <= self.index < size:
            raise Misfit(f"axis {self.dim} of {x.meta.text} has no place {self.index}")
        return x[(*[slice(None)] * self.dim, self.index)]


class Slice(NodeType):
    """Slices a range of neighbouring places along an axis.

    Use it to drop the first or last steps of a sequence, or to take some of the features.
    """

    keywords = (
        "indexing",
        "narrow",
        "torch.narrow",
        "range",
        "crop",
        "sub-sequence",
        "truncate",
        "window",
    )

    start: int = 0
    """The first place that is kept, from 0; -1 is the last place there is."""
    end: int | None = None
    """The first place that is not kept any more; none keeps all to the end, and -1 drops the last.
    """
    dim: PositiveInt = 1
    """The axis; 1 is the steps of (N, T, F)."""

    over_time = mixes("dim")
    examples = (
        Example({"start": 1}, [(2, 7, 5)], [(2, 6, 5)]),
        Example({"end": -1, "dim": 2}, [(2, 7, 5)], [(2, 7, 4)]),
        Example({"start": 7}, [(2, 7, 5)], problem="nothing of axis 1 of (N, 7, 5) is left"),
        Example({"dim": 2}, [(2, 7)], problem="there is no axis 2 in (N, 7)"),
    )

    def build(self, x: Tensor) -> Item:
        size = x.shape[axis_of(x, self.dim)]
        part = slice(self.start or None, self.end)
        if not range(size)[part]:
            raise Misfit(f"nothing of axis {self.dim} of {x.meta.text} is left")
        return x[(*[slice(None)] * self.dim, part)]


class FirstSamples(NodeType):
    """Takes the first samples of a batch, where a few are enough.

    Use it before what takes long and is only looked at, such as samples that Generate draws for a
    probe: not all of a batch have to be drawn.
    """

    keywords = ("limit batch", "head", "first rows", "take", "subset of a batch")

    count: PositiveInt = 16
    """How many samples are taken; of a batch with fewer, all."""

    over_time = alone
    examples = (
        Example({"count": 2}, [(5, 3, 8, 8)], [(2, 3, 8, 8)]),
        Example({"count": 2}, [(5,)], [(2,)]),
        Example({"count": 0}, [(5, 7)], problem="count"),
    )

    def build(self, x: Tensor) -> Item:
        return x[(slice(self.count),)]


class Split(NodeType):
    """Splits a tensor into parts along an axis, each with an output of its own.

    Use it where one layer gives several things at once, such as a mean and a log-variance.
    """

    keywords = (
        "torch.split",
        "torch.chunk",
        "chunk",
        "unbind",
        "several outputs",
        "divide channels",
        "mean and log variance",
    )

    parts: Size = 2
    """How many equal parts there are; or the size of each part, such as 4, 4, 8."""
    dim: int = 1
    """The axis that is cut: 1 is channels or features of (N, C, …); -1 is the last."""

    outputs = ("first", "second")
    over_time = mixes("dim")
    examples = (
        Example({}, [(2, 6)], [(2, 3), (2, 3)]),
        Example({"dim": -1}, [(2, 7, 4)], [(2, 7, 2), (2, 7, 2)]),
        Example({"parts": 3}, [(2, 6, 4, 4)], [(2, 2, 4, 4)] * 3),
        Example({"parts": [1, 5]}, [(2, 6)], [(2, 1), (2, 5)]),
        Example({"parts": 9, "dim": 2}, [(2, 3, 9)], [(2, 3, 1)] * 9),
        Example({}, [(2, 5)], problem="axis 1 of (N, 5) has size 5: 2 equal parts do not fill it"),
        Example({"parts": [2, 2]}, [(2, 6)], problem="has size 6: parts of 2 and 2 do not fill it"),
        Example({"parts": 65}, [(2, 65)], problem="parts: there are at most 64 parts"),
        Example({"parts": [6]}, [(2, 6)], problem="needs at least two parts"),
        Example({"dim": 2}, [(2, 6)], problem="there is no axis 2 in (N, 6)"),
    )

    @field_validator("parts")
    @classmethod
    def _are_few(cls, value: Sizes) -> Sizes:
        if (value if isinstance(value, int) else len(value)) > MOST_PARTS:
            raise ValueError(f"there are at most {MOST_PARTS} parts")
        return value

    def results(self, blocks: Mapping[str, BlockInterface]) -> Outputs:
        count = self.parts if isinstance(self.parts, int) else len(self.parts)
        later = (f"part_{number + 1}" for number in range(len(_ORDINALS), count))
        return (*_ORDINALS[:count], *later)

    def build(self, x: Tensor) -> Call:
        size = x.shape[axis_of(x, self.dim)]
        text = f"axis {self.dim} of {x.meta.text} has size {size}"
        if self.parts == 1 or self.parts == (size,):
            raise Misfit("needs at least two parts", use={"parts": 2})
        if isinstance(self.parts, int):
            if size % self.parts:
                raise Misfit(f"{text}: {self.parts} equal parts do not fill it")
            return call(torch.chunk, x, self.parts, self.dim)
        if sum(self.parts) != size:
            parts = " and ".join(map(str, self.parts))
            raise Misfit(f"{text}: parts of {parts} do not fill it")
        return call(torch.split, x, list(self.parts), self.dim)


class Shift(NodeType):
    """Shifts a sequence in time: each step takes the place of a later one, the first are 0.

    Use it for teacher forcing: a network then sees at each step what was right at the step before,
    such as the last token or the last label. Steps that are moved over the end are lost.
    """

    keywords = (
        "torch.roll",
        "roll",
        "lag",
        "delay",
        "time shift",
        "teacher forcing",
        "right shift",
        "previous step",
    )

    steps: int = 1
    """How many steps later everything comes; -1 is one step earlier, and shows the future."""
    dim: PositiveInt = 1
    """The axis that is time: 1 for (N, T, F) and (N, T), 2 for a signal (N, C, T)."""

    examples = (
        Example({}, [(2, 7, 5)], [(2, 7, 5)]),
        Example({"steps": -2, "dim": 2}, [(2, 3, 7)], [(2, 3, 7)]),
        Example(
            {"steps": 7}, [(2, 7, 5)], problem="axis 1 of (N, 7, 5) has 7 steps: nothing is left"
        ),
        Example({"dim": 2}, [(2, 7)], problem="there is no axis 2 in (N, 7)"),
    )

    def build(self, x: Tensor) -> Call:
        size = x.shape[axis_of(x, self.dim)]
        if abs(self.steps) >= size:
            raise Misfit(f"axis {self.dim} of {x.meta.text} has {size} steps: nothing is left")
        return call(shifted, x, self.steps, dim=self.dim)
