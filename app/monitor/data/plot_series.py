"""A series as it is plotted: NumPy, smoothing, the value under the mouse. Needs no window."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.runs.series import Axis, Buffer, Series

Array = NDArray[np.float64]


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


class PlotSeries(Series):
    """A series whose columns are NumPy arrays, smoothed as far as it was asked for."""

    def clear(self) -> None:
        """Forget every point. Arrays handed out before stay as they are."""
        super().clear()
        self._smoother = Smoother(0)
        self._smooth = Buffer()

    @property
    def values(self) -> Array:
        """What was logged. NaN and infinite values are gaps (NaN)."""
        return np.asarray(self.column("value"))

    def x(self, axis: Axis) -> Array:
        """Where the values stand on the x axis."""
        return np.asarray(self.column(axis))

    def smooth(self, weight: float) -> Array:
        """The values as a moving average: weight 0 changes nothing, 0.99 averages about 100."""
        if weight != self._smoother.weight:
            self._smoother, self._smooth = Smoother(weight), Buffer()
        self._smooth.extend(self._smoother.feed(self.values[len(self._smooth) :]))
        return np.asarray(self._smooth.view)

    def nearest(self, axis: Axis, x: float) -> int | None:
        """The index of the value closest to x, or None when x lies outside the curve."""
        places = self.x(axis)
        if not len(places) or not _within(places, x):
            return None
        right = int(np.clip(np.searchsorted(places, x), 0, len(places) - 1))
        left = max(right - 1, 0)
        return left if x - places[left] <= places[right] - x else right


def _within(places: Array, x: float) -> bool:
    """Whether x is on the curve, or at most one usual distance between its points beyond it."""
    margin = (places[-1] - places[0]) / max(len(places) - 1, 1) or 1.0
    return bool(places[0] - margin <= x <= places[-1] + margin)
