"""Shape: nodes that lay values out in another way, or take a part of them."""

import math

import torch
from pydantic import PositiveInt

from graphs.expressions import Call, Item, call
from graphs.kinds import Classes, Meta, Tensor
from graphs.node_type import Example, Misfit, NodeType, axis_of
from graphs.over_time import Arriving, Treatment, alone, mixes
from nodes.modules.shapes import one_hot


class Flatten(NodeType):
    """Lays all values of a sample in one row, so that a Linear layer can read an image.

    Use it between the last convolution, or the last attention, and the first Linear layer.
    """

    adapter = True
    start: PositiveInt = 1
    """The first axis that is laid out; 1 keeps the batch alone, 2 keeps channels too."""

    examples = (
        Example({}, [(2, 3, 8, 8)], [(2, 192)]),
        Example({}, [(2, 7, 5)], [(2, 35)]),
        Example({"start": 2}, [(2, 3, 8, 8)], [(2, 3, 64)]),
        Example({}, [(2,)], problem="at least two axes"),
        Example({"start": 3}, [(2, 3, 8)], problem="at least 4 axes, got (N, 3, 8)"),
    )

    def over_time(self, arriving: tuple[Arriving, ...]) -> Treatment:
        return "alone" if all((value.time or 0) < self.start for value in arriving) else "looks"

    def build(self, x: Tensor) -> Call:
        if len(x.shape) <= self.start:
            count = "two" if self.start == 1 else self.start + 1
            raise Misfit(f"needs at least {count} axes, got {x.meta.text}")
        return call(torch.flatten, x, self.start)


class Reshape(NodeType):
    """Lays the values of each sample out anew, in the same order.

    Use it to make an image of a vector, as a generator does.
    """

    shape: tuple[PositiveInt, ...] = (1, 8, 8)
    """The sizes of all axes but the batch; their product stays what it was."""

    examples = (
        Example({}, [(2, 64)], [(2, 1, 8, 8)]),
        Example({"shape": [3, 4]}, [(2, 2, 6)], [(2, 3, 4)]),
        Example({}, [(2, 60)], problem="60 values a sample do not fill 1 x 8 x 8"),
        Example({"shape": [0]}, [(2, 60)], problem="shape"),
    )

    def build(self, x: Tensor) -> Call:
        values = math.prod(x.shape[1:])
        if values != math.prod(self.shape):
            wanted = " x ".join(map(str, self.shape))
            raise Misfit(f"{values} values a sample do not fill {wanted}: change the shape")
        return call(torch.reshape, x, (x.batch, *self.shape))


class Permute(NodeType):
    """Puts the axes into another order.

    Use it between layers that want features last, (N, T, F), and those that want channels first,
    (N, C, T).
    """

    order: tuple[int, ...] = (0, 2, 1)
    """For each axis that leaves, which one that is now; 0 is the batch and stays first."""

    over_time = alone
    examples = (
        Example({}, [(2, 7, 5)], [(2, 5, 7)]),
        Example({"order": [0, 2, 3, 1]}, [(2, 3, 8, 4)], [(2, 8, 4, 3)]),
        Example({}, [(2, 3, 8, 8)], problem="needs each of the axes 0 to 3 once, got 0, 2, 1"),
        Example({"order": [1, 0]}, [(2, 3)], problem="the batch, axis 0, stays first"),
    )

    def build(self, x: Tensor) -> Call:
        if sorted(self.order) != list(range(len(x.shape))):
            got = ", ".join(map(str, self.order))
            raise Misfit(f"needs each of the axes 0 to {len(x.shape) - 1} once, got {got}")
        if self.order[0] != 0:
            raise Misfit("the batch, axis 0, stays first")
        return call(torch.permute, x, self.order)


class Squeeze(NodeType):
    """Takes an axis of size 1 away.

    Use it where one number is left of an axis, such as (N, 1) to (N,).
    """

    dim: int = -1
    """The axis that goes away; -1 is the last."""

    over_time = mixes("dim")
    examples = (
        Example({}, [(2, 5, 1)], [(2, 5)]),
        Example({"dim": 1}, [(2, 1, 8, 8)], [(2, 8, 8)]),
        Example({}, [(2, 5)], problem="axis -1 of (N, 5) has size 5: only size 1 can go away"),
        Example({"dim": 2}, [(2, 1)], problem="there is no axis 2 in (N, 1)"),
    )

    def build(self, x: Tensor) -> Call:
        size = x.shape[axis_of(x, self.dim)]
        if size != 1:
            text = f"axis {self.dim} of {x.meta.text} has size {size}"
            raise Misfit(f"{text}: only size 1 can go away")
        return call(torch.squeeze, x, self.dim)


class Select(NodeType):
    """Takes one place along an axis, which goes away.

    Use it for the first or last step of a sequence: (N, T, F) becomes (N, F).
    """

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
    """Takes neighbouring places along an axis.

    Use it to drop the first or last steps of a sequence, or to take some of the features.
    """

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


class Split(NodeType):
    """Cuts values into two halves along an axis.

    Use it where one layer gives two things at once, such as a mean and a deviation.
    """

    dim: int = 1
    """The axis that is halved: 1 is channels or features of (N, C, …); -1 is the last."""

    outputs = ("first", "second")
    over_time = mixes("dim")
    examples = (
        Example({}, [(2, 6)], [(2, 3), (2, 3)]),
        Example({"dim": -1}, [(2, 7, 4)], [(2, 7, 2), (2, 7, 2)]),
        Example({}, [(2, 5)], problem="axis 1 of (N, 5) has an odd size"),
        Example({"dim": 2}, [(2, 6)], problem="there is no axis 2 in (N, 6)"),
    )

    def build(self, x: Tensor) -> Call:
        if x.shape[axis_of(x, self.dim)] % 2:
            raise Misfit(f"axis {self.dim} of {x.meta.text} has an odd size")
        return call(torch.chunk, x, 2, self.dim)


class OneHot(NodeType):
    """Makes of each class a vector that is 1 at the class and 0 elsewhere.

    Use it to give labels or tokens to a layer that wants numbers, such as a generator that is told
    what to draw.
    """

    num_classes: PositiveInt = 10
    """How many classes there are; classes count from 0."""

    over_time = alone
    examples = (
        Example({}, [Meta((2,), "int64")], [(2, 10)]),
        Example({"num_classes": 3}, [Meta((2, 7), "int64")], [(2, 7, 3)]),
        Example({}, [(2, 7)], problem="needs whole numbers of any shape, got (N, 7) of float32"),
    )

    def build(self, labels: Classes) -> Call:
        return call(one_hot, labels, self.num_classes)
