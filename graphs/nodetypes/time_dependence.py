"""How node types treat the steps of a sequence, as each declares it: `over_time = alone`.

What is generated step by step need not be computed again from the start, if every node inside takes
each step on its own, or remembers what it needs of those before
(`graphs/check/incremental_decoding.py`).
"""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

Treatment = Literal["alone", "last", "remembers", "inside", "looks"]
"""Each step on its own; the last step alone; earlier ones too, which it remembers; as the blocks
that it holds do; or it looks at other steps and cannot remember them.
"""


class Arriving(NamedTuple):
    """What arrives at a port: how many axes it has, and which of them is time, if one is."""

    port: str
    rank: int
    time: int | None

    def runs_along(self, dim: int) -> bool:
        """Whether time is this axis, counted from the front or, below 0, from the end."""
        return self.time is not None and self.time == dim % self.rank


OverTime = Callable[[Any, tuple[Arriving, ...]], Treatment]
"""Says how a node treats the steps of what arrives."""


def looks(node: Any, arriving: tuple[Arriving, ...]) -> Treatment:
    """It looks at other steps: what is sound of a type that says nothing."""
    return "looks"


def alone(node: Any, arriving: tuple[Arriving, ...]) -> Treatment:
    """Each step is computed on its own, whichever axis is time."""
    return "alone"


def inside(node: Any, arriving: tuple[Arriving, ...]) -> Treatment:
    """As the blocks do that it holds."""
    return "inside"


def mixes(dim: int | str) -> OverTime:
    """It mixes the values along one axis, or along that which a parameter names, and no other."""

    def over_time(node: Any, arriving: tuple[Arriving, ...]) -> Treatment:
        axis = getattr(node, dim) if isinstance(dim, str) else dim
        return "looks" if any(value.runs_along(axis) for value in arriving) else "alone"

    return over_time


def mixes_from(first: str) -> OverTime:
    """It mixes all axes from that on which a parameter names."""

    def over_time(node: Any, arriving: tuple[Arriving, ...]) -> Treatment:
        start = getattr(node, first)
        return "alone" if all((value.time or 0) < start for value in arriving) else "looks"

    return over_time


def mixes_last(count: str) -> OverTime:
    """It mixes the last axes, as many as a parameter says."""

    def over_time(node: Any, arriving: tuple[Arriving, ...]) -> Treatment:
        ends = getattr(node, count)
        return "alone" if all((v.time or 0) < v.rank - ends for v in arriving) else "looks"

    return over_time


def remembers(axis: int) -> OverTime:
    """It looks back along one axis, and its module keeps what it needs of earlier steps."""

    def over_time(node: Any, arriving: tuple[Arriving, ...]) -> Treatment:
        return "remembers" if all(value.time in (None, axis) for value in arriving) else "looks"

    return over_time
