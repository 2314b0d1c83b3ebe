"""Plots as files: one picture of one or all of them, as pixels or as lines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pyqtgraph import PlotDataItem, ViewBox, arrayToQPath
from PySide6.QtCore import QBuffer, QIODevice, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen
from PySide6.QtSvg import QSvgGenerator

from app.monitor import theme
from app.monitor.data import colours
from app.monitor.data.plot_series import Array
from app.monitor.plots.curves import DOT
from app.monitor.plots.plot import Plot

SHARPNESS = 2
"""Pixels of a PNG for each pixel of the window, so that it prints well."""
FONTS = b'font-family="Inter, Helvetica, Arial, sans-serif"'
"""What a drawing names instead of our own font, which nobody else has."""
TITLE = 34
GAP = 8


def png(plots: Sequence[Plot]) -> bytes:
    """The plots as they stand in the window, at twice its sharpness."""
    image = QImage(_size(plots) * SHARPNESS, QImage.Format.Format_RGB32)
    image.fill(QColor(colours.PANEL))
    painter = QPainter(image)
    painter.scale(SHARPNESS, SHARPNESS)
    _paint(painter, plots)
    painter.end()
    buffer = _buffer()
    image.save(buffer, "PNG")
    return bytes(buffer.data().data())


def svg(plots: Sequence[Plot]) -> bytes:
    """The plots as lines and letters, for print and for drawing programs."""
    buffer = _buffer()
    generator = QSvgGenerator(QSvgGenerator.SvgVersion.Svg11)  # the other version cannot clip
    generator.setOutputDevice(buffer)
    generator.setResolution(plots[0].canvas.logicalDpiX())  # else axes would be drawn smaller
    generator.setSize(_size(plots))
    generator.setViewBox(QRectF(0, 0, _size(plots).width(), _size(plots).height()))
    generator.setTitle(", ".join(plot.name for plot in plots))
    painter = QPainter(generator)
    painter.fillRect(QRectF(0, 0, 1e5, 1e5), QColor(colours.PANEL))
    _paint(painter, plots)
    painter.end()
    own_font = f'font-family="{theme.FAMILY}"'.encode()
    return bytes(buffer.data().data()).replace(own_font, FONTS)


def _buffer() -> QBuffer:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    return buffer


def _columns(plots: Sequence[Plot]) -> int:
    return min(2, len(plots))


def _cell(plots: Sequence[Plot]) -> QSize:
    """Room for the largest plot and its title."""
    width = max(plot.canvas.width() for plot in plots)
    return QSize(width, max(plot.canvas.height() for plot in plots) + TITLE)


def _size(plots: Sequence[Plot]) -> QSize:
    columns, cell = _columns(plots), _cell(plots)
    rows = -(-len(plots) // columns)
    return QSize(columns * (cell.width() + GAP), rows * (cell.height() + GAP))


def _paint(painter: QPainter, plots: Sequence[Plot]) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    columns, cell = _columns(plots), _cell(plots)
    for index, plot in enumerate(plots):
        row, column = divmod(index, columns)
        x, y = column * (cell.width() + GAP), row * (cell.height() + GAP)
        _paint_title(painter, plot, QRectF(x + TITLE / 2, y, cell.width(), TITLE))
        _paint_plot(painter, plot, x, y + TITLE)


def _paint_title(painter: QPainter, plot: Plot, place: QRectF) -> None:
    painter.setFont(theme.font(15, True))
    painter.setPen(QColor(colours.TEXT))
    painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, plot.name)


def _paint_plot(painter: QPainter, plot: Plot, x: float, y: float) -> None:
    """Axes and legend as on the screen; the curves by hand, without pyqtgraph's scaled pens.

    Those lean on a rule of SVG (non-scaling strokes) that many drawing programs do not know.
    """
    plot.hide_readout()
    lines = [line for each in plot.lines.values() for line in (each.raw, each.main)]
    for line in lines:
        line.setOpacity(0)
    source = plot.item.sceneBoundingRect()
    plot.canvas.scene().render(painter, QRectF(x, y, source.width(), source.height()), source)
    for line in lines:
        line.setOpacity(1)
    painter.save()
    painter.translate(x - source.x(), y - source.y())
    painter.setClipRect(plot.box.sceneBoundingRect())
    for line in sorted(lines, key=lambda line: line.zValue()):
        _paint_line(painter, plot.box, line)
    painter.restore()


def _paint_line(painter: QPainter, box: ViewBox, line: PlotDataItem) -> None:
    x, y = line.getData()
    if x is None or not line.isVisible():
        return
    (left, right), (bottom, top) = box.viewRange()
    place = box.sceneBoundingRect()
    x = place.left() + (x - left) / (right - left) * place.width()
    y = place.bottom() - (y - bottom) / (top - bottom) * place.height()
    pen = line.opts["pen"]
    painter.setPen(QPen(pen.color(), pen.widthF()))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(arrayToQPath(x, y, connect="finite"))
    if line.opts["symbol"]:
        _paint_dots(painter, x, y)


def _paint_dots(painter: QPainter, x: Array, y: Array) -> None:
    painter.setPen(QPen(painter.pen().color(), 1))
    painter.setBrush(QColor(colours.PANEL))
    for i in np.flatnonzero(np.isfinite(y)):
        painter.drawEllipse(QPointF(x[i], y[i]), DOT / 2, DOT / 2)
