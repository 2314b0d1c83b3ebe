"""Series: what a run logged under one name, as columns that grow. No NumPy, for which the editor's
first frame does not wait; whoever has it reads the columns in place.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from app.runs.records import Row

Axis = Literal["step", "epoch", "time"]
"""What the x axis counts: updates, passes over the training data, or seconds since the start."""
FIRST_CAPACITY = 1024


class Key(NamedTuple):
    """Which series of a run: a logged name in a split."""

    name: str
    split: str


class Point(NamedTuple):
    """One logged value and when it was logged. `time` is in seconds."""

    step: float
    epoch: float
    time: float
    value: float


Tables = dict[Key, "array[float]"]
"""Points of several series, each end to end: step, epoch, time, value, step, …"""


def tables(rows: Iterable[Row]) -> Tables:
    """The rows of metrics by series. Values that are not finite are NaN."""
    found: Tables = {}
    for row in rows:
        for name, value in row.values.items():
            point = Point(row.step, row.epoch, row.time, value if math.isfinite(value) else NAN)
            found.setdefault(Key(name, row.split), array("d")).extend(point)
    return found


NAN = math.nan


class Buffer:
    """Numbers that arrive at the end. A full array doubles, so an append costs little."""

    def __init__(self) -> None:
        self._array = array("d", bytes(8 * FIRST_CAPACITY))
        self._length = 0

    def __len__(self) -> int:
        return self._length

    @property
    def view(self) -> memoryview:
        """The numbers so far, as doubles. A later append may leave it behind, never change it."""
        return memoryview(self._array)[: self._length]

    def extend(self, numbers: Iterable[float]) -> None:
        """Append numbers."""
        new = numbers if isinstance(numbers, array) else array("d", numbers)
        end = self._length + len(new)
        if end > len(self._array):
            self._grow(end)
        memoryview(self._array)[self._length : end] = memoryview(new)
        self._length = end

    def _grow(self, length: int) -> None:
        grown = array("d", bytes(8 * max(length, 2 * len(self._array))))
        memoryview(grown)[: self._length] = self.view
        self._array = grown


class Series:
    """One name in one split of one run: columns step, epoch, time and value."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget every point. Views handed out before stay as they are."""
        self._columns = {name: Buffer() for name in Point._fields}

    def __len__(self) -> int:
        return len(self._columns["value"])

    def column(self, name: str) -> memoryview:
        """The numbers of a field of Point, in the order in which they were logged."""
        return self._columns[name].view

    def extend(self, points: array[float]) -> None:
        """Append points that lie end to end, later than those before."""
        for place, name in enumerate(Point._fields):
            self._columns[name].extend(points[place :: len(Point._fields)])

    def points(self) -> Iterator[Point]:
        """Every logged value, in order."""
        return map(Point, *(self.column(name).tolist() for name in Point._fields))

    def thinned(self, axis: Axis, count: int) -> list[tuple[float, float]]:
        """At most `count` finite values and where they stand on an axis, evenly chosen; the newest
        is among them.
        """
        stride = -(-len(self) // count) or 1
        xs, ys = (self.column(name)[::-stride].tolist() for name in (axis, "value"))
        return [(x, y) for x, y in zip(xs, ys, strict=True) if not math.isnan(y)][::-1]
