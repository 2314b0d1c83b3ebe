"""How curves are looked at, and where the ticks of a log axis stand. Needs no window."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from app.runs.series import Axis

LIMIT = 300.0
"""Decades beyond which a double has no numbers to show."""
MOST_SMOOTHING = 60


@dataclass(frozen=True)
class ViewSettings:
    """What a person chose for all plots."""

    axis: Axis = "step"
    log: bool = False
    smoothing: float = 0.9


def smoothing_at(position: int) -> float:
    """The weight at a place of the slider: 20 places for each nine, so 0.9, 0.99 and 0.999."""
    return round(1 - 10 ** (-position / 20), 4)


def position_of(smoothing: float) -> int:
    """The place of the slider for a weight."""
    return min(MOST_SMOOTHING, round(-20 * math.log10(max(1 - smoothing, 1e-9))))


def log_range(low: float, high: float, log: bool) -> tuple[float, float] | None:
    """The same y range after the log axis was switched on or off; None where there is none."""
    if not log:
        return 10 ** min(low, LIMIT), 10 ** min(high, LIMIT)
    return (math.log10(low), math.log10(high)) if 0 < low < high else None


def log_ticks(low: float, high: float) -> list[float]:
    """Round numbers between 10**low and 10**high, as powers of ten: three to eight of them."""
    low, high = max(low, -LIMIT), min(high, LIMIT)
    if high - low < 1:
        return _even_ticks(10**low, 10**high)
    steps = (1, 2, 5) if high - low < 3 else (1,)
    stride = max(1, math.ceil((high - low) / 8))
    decades = range(stride * math.floor(low / stride), math.ceil(high) + 1, stride)
    ticks = [decade + math.log10(step) for decade in decades for step in steps]
    return [tick for tick in ticks if low <= tick <= high]


def _even_ticks(low: float, high: float) -> list[float]:
    """Evenly spaced round numbers, for less than a decade."""
    rough = (high - low) / 5
    if rough <= 0:
        return []
    size = 10 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough)
    numbers = np.arange(math.ceil(low / step), math.floor(high / step) + 1) * step
    return [math.log10(number) for number in numbers if number > 0]
