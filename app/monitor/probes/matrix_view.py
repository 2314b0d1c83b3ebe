"""A confusion matrix with its numbers: a row for each right class, a column for each guess."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QToolTip, QWidget

from app.monitor import theme
from app.monitor.data import colours, probe_values
from app.monitor.probes.probe_views import ProbeView, Rows
from app.runs.probe_snapshots import Options, Parts

MARGIN = 8
LARGEST_CELL = 44
SMALLEST_NUMBER = 17
"""Pixels of the smallest cell that has room for a number."""
WIDEST_NAME = 90


class MatrixView(ProbeView):
    """The matrix under the share that was right."""

    height = 330

    def __init__(self) -> None:
        super().__init__()
        self.words = QLabel(objectName="muted")
        self.words.setContentsMargins(12, 0, 8, 0)
        self.cells = Cells()
        self.column.addWidget(self.words)
        self.column.addWidget(self.cells, 1)

    def show_parts(self, parts: Parts, options: Options) -> None:
        counts = probe_values.matrix(parts)
        self.cells.counts = counts
        self.cells.names = probe_values.class_names(options, len(counts))
        right, total = int(counts.trace()), int(counts.sum())
        share = f" ({right / total:.1%})" if total else ""
        self.words.setText(f"{right:,} of {total:,} right{share}")
        self.cells.update()

    def rows(self) -> Rows:
        names = self.cells.names[: len(self.cells.counts)]
        table = zip(names, self.cells.counts.tolist(), strict=True)
        return ("right class", *names), [(name, *row) for name, row in table]


class Cells(QWidget):
    """Paints the cells, brighter the larger their share of their row."""

    def __init__(self) -> None:
        super().__init__()
        self.counts = np.zeros((1, 1), dtype=np.int64)
        self.names = ["0"]
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_words(painter)
        sums = np.maximum(self.counts.sum(1, keepdims=True), 1)
        shares = self.counts / sums
        size = self._cell()
        painter.setFont(theme.font(12 if size >= 22 else 10))
        for (row, column), share in np.ndenumerate(shares):
            self._paint_cell(painter, row, column, float(share))
        painter.end()

    def _paint_cell(self, painter: QPainter, row: int, column: int, share: float) -> None:
        place = self._place(row, column)
        ground, full = QColor(colours.BACKGROUND), QColor(_full(row == column))
        painter.fillRect(place, _between(ground, full, share**0.5))
        count = int(self.counts[row, column])
        if count and self._cell() >= SMALLEST_NUMBER:
            painter.setPen(QColor(colours.BACKGROUND if share > 0.4 else colours.TEXT))
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, f"{count}")

    def _paint_words(self, painter: QPainter) -> None:
        """The names of the classes, on the left the right ones, above the guesses."""
        painter.setPen(QColor(colours.MUTED))
        painter.setFont(theme.font(12))
        origin, line = self._origin(), self._line()
        painter.drawText(QRectF(origin.x(), 0, self.width() - origin.x(), line), 0, "taken for →")
        painter.drawText(QRectF(MARGIN, line, origin.x() - MARGIN, line), 0, "right ↓")
        if self._cell() < line * 0.75:
            return
        metrics = painter.fontMetrics()
        for place, name in enumerate(self.names[: len(self.counts)]):
            left = QRectF(MARGIN, self._place(place, 0).y(), origin.x() - MARGIN - 6, self._cell())
            text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(left.width()))
            flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(left, flags, text)
            above = QRectF(self._place(0, place).x(), line, self._cell(), line)
            text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(self._cell()))
            painter.drawText(above, Qt.AlignmentFlag.AlignCenter, text)

    def event(self, event: QEvent) -> bool:
        """Says in words what the cell under the mouse counts."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            text = self.words_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    def words_at(self, place: QPointF) -> str:
        """What a cell counts; nothing beside the cells."""
        offset = (place - self._origin()) / self._cell()
        row, column, count = int(offset.y() // 1), int(offset.x() // 1), len(self.counts)
        if not (0 <= row < count and 0 <= column < count):
            return ""
        found, total = int(self.counts[row, column]), int(self.counts[row].sum())
        return f"{self.names[row]} taken for {self.names[column]}: {found:,} of {total:,}"

    # -- places

    def _line(self) -> int:
        return self.fontMetrics().height() + 2

    def _origin(self) -> QPointF:
        """Where the first cell begins."""
        metrics = self.fontMetrics()
        widest = max(map(metrics.horizontalAdvance, [*self.names[: len(self.counts)], "right ↓"]))
        return QPointF(MARGIN + min(widest, WIDEST_NAME) + 8, 2 * self._line())

    def _cell(self) -> float:
        """The side of a cell."""
        origin = self._origin()
        room = min(self.width() - origin.x() - MARGIN, self.height() - origin.y() - 4)
        return float(max(1.0, min(LARGEST_CELL, room / len(self.counts))))

    def _place(self, row: int, column: int) -> QRectF:
        size, origin = self._cell(), self._origin()
        gap = 1.0 if size > 6 else 0.0
        x, y = origin.x() + column * size, origin.y() + row * size
        return QRectF(x, y, size - gap, size - gap)


def _full(right: bool) -> str:
    """What was right in one colour, mistakes in another."""
    return colours.ACCENT if right else colours.WARNING


def _between(first: QColor, second: QColor, share: float) -> QColor:
    pairs = zip(first.getRgb()[:3], second.getRgb()[:3], strict=True)
    return QColor(*(round(a + (b - a) * share) for a, b in pairs))
