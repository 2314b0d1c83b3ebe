"""The lines of one curve on a plot, and the axes of a plot."""

from __future__ import annotations

import math
from typing import Any

import pyqtgraph
from PySide6.QtGui import QColor

from app.monitor.data import colours
from app.monitor.data.readout import Curve
from app.monitor.data.view_settings import ViewSettings, log_ticks

MOST_POINTS = 60
"""Epochs up to which each has a dot; more would run together."""
DOT = 6
DENSE = 5000
"""Points beyond which noise fills the plot, where smooth edges would cost time and show nothing."""
PALE = 0.38
"""How much of a run's colour its unsmoothed line has."""
AXIS_WIDTH = 54


class Lines:
    """What draws one curve: a main line, and under a smoothed one the pale raw line."""

    def __init__(self, plot: pyqtgraph.PlotItem, curve: Curve) -> None:
        self.curve = curve
        self._plot = plot
        self.raw = _line(plot, mixed(curve.colour), 0)
        self.main = _line(plot, QColor(curve.colour), 10 if curve.per_step else 20, self.width)

    @property
    def width(self) -> int:
        """Wide pens paint slowly, so only lines with few points have one."""
        return 1 if self.curve.per_step else 2

    @property
    def visible(self) -> bool:
        return bool(self.main.isVisible())

    @property
    def dotted(self) -> bool:
        """Each point has a dot, as long as there is room for them."""
        return self.main.opts["symbol"] is not None

    def set_visible(self, visible: bool) -> None:
        """A click on the legend hides a curve."""
        for line in (self.raw, self.main):
            line.setVisible(visible)

    def draw(self, view: ViewSettings) -> None:
        """Puts the numbers of the curve on the screen."""
        series = self.curve.series
        x, values = series.x(view.axis), series.values
        fine = len(values) <= DENSE
        if self.curve.per_step and view.smoothing > 0:
            self.raw.setData(x, values, antialias=fine)
            self.main.setData(x, series.smooth(view.smoothing), antialias=True)
        else:
            self.raw.setData([], [])
            self.main.setData(x, values, antialias=fine)
        if not self.curve.per_step:
            self._mark(len(values) <= MOST_POINTS)

    def set_log(self, log: bool) -> None:
        for line in (self.raw, self.main):
            line.setLogMode(False, log)

    def remove(self) -> None:
        for line in (self.raw, self.main):
            self._plot.removeItem(line)

    def _mark(self, dots: bool) -> None:
        if self.dotted != dots:
            self.main.setSymbol("o" if dots else None)
            self.main.setSymbolSize(DOT)
            self.main.setSymbolBrush(colours.PANEL)
            self.main.setSymbolPen(self.curve.colour)  # one pixel wide


def _line(
    plot: pyqtgraph.PlotItem, colour: QColor, height: int, width: int = 1
) -> pyqtgraph.PlotDataItem:
    line = pyqtgraph.PlotDataItem(
        pen=pyqtgraph.mkPen(colour, width=width), connect="finite", autoDownsampleFactor=2.0
    )
    line.setZValue(height)
    plot.addItem(line)
    line.setDownsampling(auto=True, method="peak")  # addItem would have switched both off
    line.setClipToView(True)
    return line


def mixed(colour: str) -> QColor:
    """A colour paled towards the ground of the plot. Opaque pens paint faster than clear ones."""
    over, under = QColor(colour), QColor(colours.PANEL)
    parts = zip(over.getRgb()[:3], under.getRgb()[:3], strict=True)
    return QColor(*(round(PALE * a + (1 - PALE) * b) for a, b in parts))


class NumberAxis(pyqtgraph.AxisItem):
    """An axis with plain numbers: no powers in the label, and 1-2-5 ticks on a log scale."""

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation, pen=colours.LINE, textPen=colours.MUTED, maxTickLength=-4)
        self.enableAutoSIPrefix(False)
        if orientation == "left":
            self.setWidth(AXIS_WIDTH)

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[Any]:
        if not self.logMode:
            return list(super().tickValues(minVal, maxVal, size))
        return [(1.0, log_ticks(*sorted((minVal, maxVal))))]

    def logTickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return [f"{10**value:.6g}" if math.isfinite(value) else "" for value in values]
