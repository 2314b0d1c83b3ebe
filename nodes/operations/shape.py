"""Shape: nodes that reshape, permute and stack tensors."""

import math

import torch
from pydantic import PositiveInt, field_validator

from graphs.nodetypes.expressions import Call, call
from graphs.nodetypes.node_type import Example, Misfit, NodeType, axis_of
from graphs.nodetypes.tensor_kinds import Classes, Meta, Tensor
from graphs.nodetypes.time_dependence import alone, mixes, mixes_from
from graphs.runtime.layers.shapes import one_hot


class Flatten(NodeType):
    """Flattens the axes of each sample into one, so that a Linear layer can read an image.

    Use it between the last convolution, or the last attention, and the first Linear layer.
    """

    keywords = ("nn.Flatten", "torch.flatten", "ravel", "to vector")
    adapter = True
    start: PositiveInt = 1
    """The first axis that is laid out; 1 keeps the batch alone, 2 keeps channels too."""
    end: int = -1
    """The last axis that is laid out; -1 is the last there is."""

    over_time = mixes_from("start")
    examples = (
        Example({}, [(2, 3, 8, 8)], [(2, 192)]),
        Example({}, [(2, 7, 5)], [(2, 35)]),
        Example({"start": 2}, [(2, 3, 8, 8)], [(2, 3, 64)]),
        Example({"end": 2}, [(2, 3, 8, 4)], [(2, 24, 4)]),
        Example({}, [(2,)], problem="at least two axes"),
        Example({"start": 3}, [(2, 3, 8)], problem="at least 4 axes, got (N, 3, 8)"),
        Example({"start": 2, "end": 1}, [(2, 3, 8)], problem="axis 1 comes before axis 2"),
    )

    def build(self, x: Tensor) -> Call:
        if len(x.shape) <= self.start:
            count = "two" if self.start == 1 else self.start + 1
            raise Misfit(f"needs at least {count} axes, got {x.meta.text}")
        if axis_of(x, self.end) < self.start:
            raise Misfit(f"axis {self.end} comes before axis {self.start}", use={"end": -1})
        return call(torch.flatten, x, self.start, *([] if self.end == -1 else [self.end]))


class Reshape(NodeType):
    """Reshapes each sample: the same values in the same order, in axes of other sizes.

    Use it to make an image of a vector, as a generator does.
    """

    keywords = (
        "view",
        "torch.reshape",
        "nn.Unflatten",
        "unflatten",
        "rearrange",
        "einops",
        "to image",
    )

    shape: tuple[int, ...] = (1, 8, 8)
    """The sizes of all axes but the batch; their product stays what it was. One of them may be -1:
    what is left.
    """

    examples = (
        Example({}, [(2, 64)], [(2, 1, 8, 8)]),
        Example({"shape": [3, 4]}, [(2, 2, 6)], [(2, 3, 4)]),
        Example({"shape": [3, -1]}, [(2, 2, 6)], [(2, 3, 4)]),
        Example({}, [(2, 60)], problem="60 values a sample do not fill 1 x 8 x 8"),
        Example({"shape": [7, -1]}, [(2, 60)], problem="60 values a sample do not fill 7 x -1"),
        Example({"shape": [0]}, [(2, 60)], problem="shape: sizes are above 0, or one is -1"),
        Example({"shape": [-1, -1]}, [(2, 60)], problem="shape: sizes are above 0, or one is -1"),
    )

    @field_validator("shape")
    @classmethod
    def _at_most_one_is_left(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if value.count(-1) > 1 or any(size < 1 and size != -1 for size in value):
            raise ValueError("sizes are above 0, or one is -1")
        return value

    def build(self, x: Tensor) -> Call:
        values, filled = math.prod(x.shape[1:]), math.prod(size for size in self.shape if size > 0)
        if values % filled if -1 in self.shape else values != filled:
            wanted = " x ".join(map(str, self.shape))
            raise Misfit(f"{values} values a sample do not fill {wanted}: change the shape")
        return call(torch.reshape, x, (x.batch, *self.shape))


class Permute(NodeType):
    """Permutes the axes: puts them into another order, as a transpose does.

    Use it between layers that want features last, (N, T, F), and those that want channels first,
    (N, C, T).
    """

    keywords = (
        "torch.permute",
        "transpose",
        "swap axes",
        "swapaxes",
        "movedim",
        "rearrange",
        "channels first",
        "channels last",
        "einops",
        "dimension order",
    )

    order: tuple[int, ...] = (0, 2, 1)
    """For each axis of the result, which axis of the input it is; 0 is the batch and stays first.
    """

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
    """Removes an axis of size 1.

    Use it where one number is left of an axis, such as (N, 1) to (N,).
    """

    keywords = ("torch.squeeze", "remove dimension", "drop axis", "remove axis")

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


class Unsqueeze(NodeType):
    """Inserts an axis of size 1.

    Use it to make a step of a vector, (N, F) to (N, 1, F), or before an Expand.
    """

    keywords = ("torch.unsqueeze", "expand_dims", "add dimension", "newaxis", "new axis")

    dim: int = 1
    """Where the new axis stands, from 1; -1 puts it last."""

    over_time = alone
    examples = (
        Example({}, [(2, 5)], [(2, 1, 5)]),
        Example({"dim": -1}, [(2, 5)], [(2, 5, 1)]),
        Example({"dim": 3}, [(2, 5)], problem="a new axis of (N, 5) stands at 1 to 2, or at -1"),
        Example({"dim": 0}, [(2, 5)], problem="a new axis of (N, 5) stands at 1 to 2, or at -1"),
    )

    def build(self, x: Tensor) -> Call:
        last = len(x.shape)
        if not 1 <= self.dim <= last and self.dim != -1:
            raise Misfit(
                f"a new axis of {x.meta.text} stands at 1 to {last}, or at -1", use={"dim": -1}
            )
        return call(torch.unsqueeze, x, self.dim)


class Expand(NodeType):
    """Broadcasts along axes of size 1: repeats values without copying them.

    Use it to give every step, or every pixel, the same vector: Unsqueeze it first, (N, F) to
    (N, 1, F), then expand to (N, T, F).
    """

    keywords = (
        "torch.Tensor.expand",
        "broadcast",
        "broadcast_to",
        "broadcasting",
        "tile",
        "repeat values",
        "RepeatVector",
    )

    sizes: tuple[int, ...] = (8, -1)
    """The sizes of all axes but the batch; -1 leaves an axis as it is."""

    examples = (
        Example({}, [(2, 1, 5)], [(2, 8, 5)]),
        Example({"sizes": [-1, 4, 4]}, [(2, 3, 1, 1)], [(2, 3, 4, 4)]),
        Example(
            {}, [(2, 3, 5)], problem="axis 1 of (N, 3, 5) has size 3: only size 1 can become 8"
        ),
        Example({}, [(2, 5)], problem="needs 1 sizes for (N, 5), got 2"),
        Example({"sizes": [0, 1]}, [(2, 1, 5)], problem="sizes: sizes are above 0, or -1"),
    )

    @field_validator("sizes")
    @classmethod
    def _are_sizes(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if any(size < 1 and size != -1 for size in value):
            raise ValueError("sizes are above 0, or -1")
        return value

    def build(self, x: Tensor) -> Call:
        inner = x.shape[1:]
        if len(inner) != len(self.sizes):
            raise Misfit(f"needs {len(inner)} sizes for {x.meta.text}, got {len(self.sizes)}")
        for axis, (size, wanted) in enumerate(zip(inner, self.sizes, strict=True), 1):
            if wanted not in (-1, size) and size != 1:
                text = f"axis {axis} of {x.meta.text} has size {size}"
                raise Misfit(f"{text}: only size 1 can become {wanted}")
        return call(torch.broadcast_to, x, (x.batch, *self.sizes))


class Stack(NodeType):
    """Stacks tensors of equal shape along a new axis.

    Use it to make a sequence of vectors, (N, F) and (N, F) to (N, 2, F). Concat joins along an axis
    that is there already.
    """

    keywords = ("torch.stack", "new axis", "combine", "make a sequence")

    dim: int = 1
    """Where the new axis stands, from 1; -1 puts it last."""

    over_time = alone
    examples = (
        Example({}, [(2, 5), (2, 5)], [(2, 2, 5)]),
        Example({"dim": -1}, [(2, 5), (2, 5), (2, 5)], [(2, 5, 3)]),
        Example({}, [(2, 5), (2, 4)], problem="needs equal shapes, got (N, 5) and (N, 4)"),
        Example({"dim": 3}, [(2, 5)], problem="a new axis of (N, 5) stands at 1 to 2, or at -1"),
    )

    def build(self, *values: Tensor) -> Call:
        if len({value.shape for value in values}) > 1:
            shapes = " and ".join(value.meta.text for value in values)
            raise Misfit(f"needs equal shapes, got {shapes}")
        last = len(values[0].shape)
        if not 1 <= self.dim <= last and self.dim != -1:
            text = values[0].meta.text
            raise Misfit(f"a new axis of {text} stands at 1 to {last}, or at -1", use={"dim": -1})
        return call(torch.stack, list(values), self.dim)


class OneHot(NodeType):
    """One-hot encoding: makes of each class a vector that is 1 at the class and 0 elsewhere.

    Use it to give labels or tokens to a layer that wants real numbers, such as a conditional
    generator that is told what to draw.
    """

    keywords = (
        "one-hot",
        "one hot encoding",
        "F.one_hot",
        "to_categorical",
        "indicator vector",
        "dummy variables",
        "labels to vectors",
    )

    num_classes: PositiveInt = 10
    """How many classes there are; classes count from 0."""

    over_time = alone
    examples = (
        Example({}, [Meta((2,), "int64")], [(2, 10)]),
        Example({"num_classes": 3}, [Meta((2, 7), "int64")], [(2, 7, 3)]),
        Example({}, [(2, 7)], problem="needs integers of any shape, got (N, 7) of float32"),
    )

    def build(self, labels: Classes) -> Call:
        return call(one_hot, labels, self.num_classes)
