"""Arithmetic: reductions, which make one value, or a few, of those along an axis."""

from typing import Any

import torch
from pydantic import PositiveInt

from graphs.nodetypes.expressions import Call, call
from graphs.nodetypes.node_type import Example, Misfit, NodeType, axis_of
from graphs.nodetypes.tensor_kinds import Meta, Numbers, is_symbolic
from graphs.nodetypes.time_dependence import mixes


class _Reduction(NodeType, base=True):
    """One axis goes away."""

    dim: int = 1
    """The axis that goes away: 1 is the steps of (N, T, F); -1 is the last."""
    keep: bool = False
    """Keep the axis, with size 1."""

    over_time = mixes("dim")
    examples = (
        Example({}, [(2, 7, 5)], [(2, 5)]),
        Example({"dim": -1, "keep": True}, [(2, 7, 5)], [(2, 7, 1)]),
        Example({"dim": 3}, [(2, 7, 5)], problem="there is no axis 3 in (N, 7, 5)"),
    )

    def reduced(self, function: Any, x: Numbers) -> Call:
        """The call of a function of torch over the axis."""
        axis_of(x, self.dim)
        return call(function, x, self.dim, **({"keepdim": True} if self.keep else {}))


class Mean(_Reduction):
    """Mean along one axis, which goes away.

    Use it to pool a sequence, (N, T, F) to (N, F), whatever its length.
    """

    keywords = (
        "torch.mean",
        "average",
        "reduce mean",
        "mean over time",
        "mean pooling of a sequence",
    )

    def build(self, x: Numbers) -> Call:
        return self.reduced(torch.mean, x)


class Sum(_Reduction):
    """Sum along one axis, which goes away.

    Use it to add up weighted parts, as attention does with what it looked at.
    """

    keywords = ("torch.sum", "reduce sum", "add up", "total")

    def build(self, x: Numbers) -> Call:
        return self.reduced(torch.sum, x)


class Max(_Reduction):
    """Maximum along one axis, which goes away.

    Use it where it matters whether something occurs at all, not how often: the strongest response
    of a filter over all steps. The gradient goes to the largest value alone.
    """

    keywords = ("torch.max", "torch.amax", "maximum", "reduce max", "max over time")

    def build(self, x: Numbers) -> Call:
        return self.reduced(torch.amax, x)


class Min(_Reduction):
    """Minimum along one axis, which goes away.

    Use it for the nearest of several distances. The gradient goes to the smallest value alone.
    """

    keywords = ("torch.min", "torch.amin", "minimum", "reduce min")

    def build(self, x: Numbers) -> Call:
        return self.reduced(torch.amin, x)


class LogSumExp(_Reduction):
    """Log-sum-exp along one axis, which goes away: the logarithm of the sum of exponentials, a soft
    maximum.

    Use it to add up probabilities that are given as logarithms, such as those of a mixture's
    components; it is computed so that nothing overflows.
    """

    keywords = ("torch.logsumexp", "log sum exp", "soft maximum", "free energy")

    def build(self, x: Numbers) -> Call:
        return self.reduced(torch.logsumexp, x)


class TopK(NodeType):
    """The k largest values along one axis and their indices, as an argmax and a sort give; or the k
    smallest.

    Use it to choose: the experts that a token goes to, the keys that are looked at, the place of a
    memory that is used least. `values` are in order, the most extreme first; `places` are indices
    from 0, of which OneHot makes vectors. A gradient reaches the values that were chosen, and no
    others.
    """

    keywords = (
        "torch.topk",
        "argmax",
        "argmin",
        "top k",
        "sort",
        "largest",
        "best",
        "mixture of experts",
        "indices of the largest",
    )

    k: PositiveInt = 1
    """How many are taken."""
    dim: int = -1
    """The axis along which they are chosen: -1 is the last, the features."""
    largest: bool = True
    """The largest values, or else the smallest."""

    over_time = mixes("dim")
    outputs = ("values", "places")
    examples = (
        Example({}, [(2, 5)], [(2, 1), Meta((2, 1), "int64")]),
        Example(
            {"k": 3, "dim": 1, "largest": False},
            [(2, 7, 5)],
            [(2, 3, 5), Meta((2, 3, 5), "int64")],
        ),
        Example({"k": 6}, [(2, 5)], problem="k is 6, and axis -1 of (N, 5) has 5 places"),
        Example({"dim": 3}, [(2, 7, 5)], problem="there is no axis 3 in (N, 7, 5)"),
    )

    def build(self, x: Numbers) -> Call:
        size = x.shape[axis_of(x, self.dim)]
        if not is_symbolic(size) and self.k > size:
            text = f"k is {self.k}, and axis {self.dim} of {x.meta.text} has {size} places"
            raise Misfit(text, use={"k": size})
        return call(torch.topk, x, self.k, self.dim, **({} if self.largest else {"largest": False}))
