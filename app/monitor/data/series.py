"""The numbers of one curve: growing columns, smoothing, values under the mouse. Needs no window."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Axis = Literal["step", "epoch", "time"]
"""What the x axis counts: updates, passes over the training data, or seconds since the start."""
Array = NDArray[np.float64]

FIRST_CAPACITY = 1024


class Point(NamedTuple):
    """One logged value and when it was logged. `time` is in seconds."""

    step: float
    epoch: float
    time: float
    value: float


class Buffer:
    """Numbers that arrive at the end. A full array doubles, so an append costs little."""

    def __init__(self) -> None:
        self._array: Array = np.empty(FIRST_CAPACITY)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    @property
    def view(self) -> Array:
        """The numbers so far. A later append may leave this view behind, never change it."""
        return self._array[: self._length]

    def extend(self, numbers: ArrayLike) -> None:
        new = np.asarray(numbers, dtype=np.float64)
        end = self._length + len(new)
        if end > len(self._array):
            self._grow(end)
        self._array[self._length : end] = new
        self._length = end

    def _grow(self, length: int) -> None:
        array = np.empty(max(length, 2 * len(self._array)))
        array[: self._length] = self.view
        self._array = array


class Smoother:
    """An exponential moving average that does not start at zero (bias correction, as in Adam).

    After the finite values v_1 … v_n it is sum(w**(n-i) * v_i) / sum(w**(n-i)). Values that are
    not finite leave a gap and do not count. It keeps its state: new values cost only themselves.
    """

    def __init__(self, weight: float) -> None:
        self.weight = weight
        self._sum = 0.0
        self._norm = 0.0

    def feed(self, values: Array) -> Array:
        """The average after each of the values, which follow those fed before."""
        finite = np.isfinite(values)
        smooth = np.full(len(values), np.nan)
        kept = values[finite]
        if self.weight == 0:
            smooth[finite] = kept
        else:
            smooth[finite] = np.concatenate([self._block(part) for part in self._blocks(kept)])
        return smooth

    def _blocks(self, values: Array) -> list[Array]:
        """Pieces short enough that `weight ** -length` stays far from overflow."""
        length = max(1, int(200 / -np.log10(self.weight)))
        return [values[i : i + length] for i in range(0, max(1, len(values)), length)]

    def _block(self, values: Array) -> Array:
        powers = self.weight ** np.arange(1.0, len(values) + 1)
        sums = powers * (self._sum + np.cumsum(values / powers))
        norms = powers * (self._norm + np.cumsum(1 / powers))
        if len(values):
            self._sum, self._norm = float(sums[-1]), float(norms[-1])
        return sums / norms


class Series:
    """One name in one split of one run: columns step, epoch, time and value."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forgets every point. Arrays handed out before stay as they are."""
        self._columns = {name: Buffer() for name in Point._fields}
        self._smoother = Smoother(0)
        self._smooth = Buffer()

    def __len__(self) -> int:
        return len(self._columns["value"])

    @property
    def values(self) -> Array:
        """What was logged. NaN and infinite values are gaps (NaN)."""
        return self._columns["value"].view

    def x(self, axis: Axis) -> Array:
        """Where the values stand on the x axis."""
        return self._columns[axis].view

    def extend(self, points: ArrayLike) -> None:
        """Appends points: a table with the columns of Point, later than those before."""
        table = np.array(points, dtype=np.float64).reshape(-1, len(Point._fields))
        table[~np.isfinite(table[:, 3]), 3] = np.nan
        for column, name in enumerate(Point._fields):
            self._columns[name].extend(table[:, column])

    def smooth(self, weight: float) -> Array:
        """The values as a moving average: weight 0 changes nothing, 0.99 averages about 100."""
        if weight != self._smoother.weight:
            self._smoother, self._smooth = Smoother(weight), Buffer()
        self._smooth.extend(self._smoother.feed(self.values[len(self._smooth) :]))
        return self._smooth.view

    def nearest(self, axis: Axis, x: float) -> int | None:
        """The index of the value closest to x, or None when x lies outside the curve."""
        places = self.x(axis)
        if not len(places) or not _within(places, x):
            return None
        right = int(np.clip(np.searchsorted(places, x), 0, len(places) - 1))
        left = max(right - 1, 0)
        return left if x - places[left] <= places[right] - x else right

    def rows(self) -> Iterator[Point]:
        """Every logged value, in order."""
        columns = (self._columns[name].view.tolist() for name in Point._fields)
        return map(Point, *columns)


def _within(places: Array, x: float) -> bool:
    """Whether x is on the curve, or at most one usual distance between its points beyond it."""
    margin = (places[-1] - places[0]) / max(len(places) - 1, 1) or 1.0
    return bool(places[0] - margin <= x <= places[-1] + margin)
