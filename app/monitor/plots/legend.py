"""The legend above a plot, where it hides no curve: the runs in their colours, and their splits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import NamedTuple

import pyqtgraph
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QGraphicsSceneResizeEvent, QWidget

from app.monitor import theme
from app.monitor.data import colours
from app.monitor.plots.curves import Lines

LINE = 19
SAMPLE = 18
SPACE = 6
BETWEEN = 20
FONT = 12


class Word(NamedTuple):
    """A piece of the legend: a text at a place, and the curve that it stands for, if any."""

    place: QRectF
    text: str
    colour: str
    lines: Lines | None = None


class Legend(pyqtgraph.GraphicsWidget):
    """One group a run, in as many lines as its width needs. A click on a split hides its curve."""

    def __init__(self, take_height: Callable[[float], None]) -> None:
        super().__init__()
        self._take_height = take_height
        self._lines: list[Lines] = []
        self.words: list[Word] = []
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemClipsToShape)

    def set_lines(self, lines: Sequence[Lines]) -> None:
        self._lines = list(lines)
        self._flow()

    def resizeEvent(self, event: QGraphicsSceneResizeEvent) -> None:
        super().resizeEvent(event)
        self._flow()

    def _flow(self) -> None:
        """Finds a place for every word, and takes the height that they need."""
        self.words, pen = [], QPointF(0, 0)
        for run, group in groupby(self._lines, key=lambda lines: lines.curve.run):
            words = _group(run, list(group))
            width = words[-1].place.right()
            if pen.x() and pen.x() + width > self.size().width():
                pen = QPointF(0, pen.y() + LINE)
            self.words += [word._replace(place=word.place.translated(pen)) for word in words]
            pen.setX(pen.x() + width + BETWEEN)
        self._take_height(pen.y() + LINE + SPACE if self.words else 0.0)
        self.update()

    def paint(self, painter: QPainter, option: object, widget: QWidget | None = None) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for word in self.words:
            if word.lines:
                _paint_sample(painter, word)
            shown = word.lines is None or word.lines.visible
            painter.setPen(QColor(word.colour if shown else colours.LINE))
            painter.setFont(_font(word.lines is None))
            left = SAMPLE + SPACE if word.lines else 0
            place = word.place.adjusted(left, 0, 0, 0)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, word.text)

    def mouseClickEvent(self, event: pyqtgraph.GraphicsScene.mouseEvents.MouseClickEvent) -> None:
        for word in self.words:
            if word.lines and word.place.contains(event.pos()):
                word.lines.set_visible(not word.lines.visible)
                event.accept()
                self.update()


def _group(run: str, lines: list[Lines]) -> list[Word]:
    """The words of one run in one line, from the left edge on."""
    width = QFontMetricsF(_font(True)).horizontalAdvance(run)
    words = [Word(QRectF(0, 0, width, LINE), run, lines[0].curve.colour)]
    for each in lines:
        text = each.curve.split
        width = SAMPLE + SPACE + QFontMetricsF(_font(False)).horizontalAdvance(text)
        left = words[-1].place.right() + BETWEEN / 2
        words.append(Word(QRectF(left, 0, width, LINE), text, colours.TEXT, each))
    return words


def _font(strong: bool) -> QFont:
    return theme.font(FONT, strong)


def _paint_sample(painter: QPainter, word: Word) -> None:
    """A piece of the line, with a dot where its points have dots."""
    lines = word.lines
    assert lines is not None
    colour = QColor(lines.curve.colour if lines.visible else colours.LINE)
    middle = word.place.top() + LINE / 2
    painter.setPen(QPen(colour, lines.width))
    painter.drawLine(
        QPointF(word.place.left(), middle), QPointF(word.place.left() + SAMPLE, middle)
    )
    if lines.dotted:
        painter.setBrush(QColor(colours.PANEL))
        painter.drawEllipse(QPointF(word.place.left() + SAMPLE / 2, middle), 3, 3)
