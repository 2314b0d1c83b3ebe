"""What stands at the mouse: the value of every curve near one place of the x axis."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from app.monitor.data.plot_series import PlotSeries
from app.monitor.data.view_settings import ViewSettings
from app.runs.series import Axis


class Reading(NamedTuple):
    """The value of one curve; `raw` is the value before smoothing, None without smoothing."""

    run: str
    split: str
    colour: str
    value: float
    raw: float | None


class Curve(NamedTuple):
    """A series as it is drawn: its words, its colour, and whether it has a value at every step."""

    run: str
    split: str
    colour: str
    series: PlotSeries
    per_step: bool


def read(
    curves: Iterable[Curve], view: ViewSettings, x: float
) -> tuple[float, list[Reading]] | None:
    """The nearest place with a value, and what all curves say there; None beside all of them."""
    found = [
        (curve, index)
        for curve in curves
        if (index := curve.series.nearest(view.axis, x)) is not None
    ]
    if not found:
        return None
    places = [float(curve.series.x(view.axis)[index]) for curve, index in found]
    return min(places, key=lambda place: abs(place - x)), [
        _reading(*pair, view.smoothing) for pair in found
    ]


def _reading(curve: Curve, index: int, smoothing: float) -> Reading:
    raw = float(curve.series.values[index])
    if not curve.per_step or smoothing == 0:
        return Reading(*curve[:3], raw, None)
    return Reading(*curve[:3], float(curve.series.smooth(smoothing)[index]), raw)


def number(value: float) -> str:
    """A value in few characters: 0.9722, 12.35, 1.2e-07."""
    return "gap" if value != value else f"{value:.4g}"


def place(axis: Axis, x: float) -> str:
    """A place on the x axis in words: `step 120`, `epoch 3.25`, `12.5 s`."""
    if axis == "time":
        return f"{x:.1f} s"
    return f"step {x:.0f}" if axis == "step" else f"epoch {x:.2f}".rstrip("0").rstrip(".")
