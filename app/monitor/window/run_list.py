"""The list of runs: which there are, how they stand, which are shown and in what colour."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.monitor import theme
from app.monitor.data import colours
from app.monitor.data.run_summary import Summary
from app.monitor.data.run_watch import Watch
from app.runs.run_folder import Run

Index = QModelIndex | QPersistentModelIndex
RUN = Qt.ItemDataRole.UserRole
SUMMARY = RUN + 1
COLOUR = RUN + 2

HEIGHT = 50
BOX = 15
LEFT = 12
TEXT_LEFT = LEFT + BOX + 12
STATUS_COLOURS = {
    "starting": colours.ACCENT,
    "running": colours.GOOD,
    "paused": colours.WARNING,
    "dead": colours.ERROR,
    "failed": colours.ERROR,
    "unreadable": colours.ERROR,
    "deleted": colours.ERROR,
}
LIVE_DOT = 7


class RunModel(QAbstractListModel):
    """The runs of a watch as rows. Rows are told apart by their run, so a selection stays put."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[tuple[Run, Summary, str]] = []

    def sync(self, watch: Watch) -> None:
        """Takes over the runs, their state and their colours; "" is the colour of a hidden run."""
        colours = {run: shown.colour for run, shown in watch.shown.items()}
        rows = [(run, summary, colours.get(run, "")) for run, summary in watch.runs.items()]
        if [row[0] for row in rows] == [row[0] for row in self._rows]:
            self._rows = rows
            self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
        else:
            self.beginResetModel()
            self._rows = rows
            self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        run, summary, colour = self._rows[index.row()]
        values = {RUN: run, SUMMARY: summary, COLOUR: colour}
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{summary.title}, {summary.text}"
        if role == Qt.ItemDataRole.CheckStateRole:
            return Qt.CheckState.Checked if colour else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.ToolTipRole:
            return _tip(run, summary)
        return values.get(role)


def _tip(run: Run, summary: Summary) -> str:
    """Plain text: a title may hold anything, so no line may begin like a tag."""
    return "\n".join(filter(None, (f"Run {run.name}", str(run.path), summary.notice)))


class RunDelegate(QStyledItemDelegate):
    """Paints a run: its tick in its colour, its title and start, how it stands."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(160, HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        summary, colour = index.data(SUMMARY), index.data(COLOUR)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _paint_ground(painter, option, bool(colour))
        _paint_box(painter, option.rect, colour)
        _paint_words(painter, option, summary)
        painter.restore()


def _paint_ground(painter: QPainter, option: QStyleOptionViewItem, shown: bool) -> None:
    if shown:
        painter.fillRect(option.rect, QColor(colours.RAISED))
    states = QStyle.StateFlag
    if option.state & (states.State_MouseOver | states.State_HasFocus):
        painter.setPen(QPen(QColor(colours.LINE), 1))
        painter.drawRect(option.rect.adjusted(0, 0, -1, -1))


def _paint_box(painter: QPainter, rect: QRect, colour: str) -> None:
    box = QRect(rect.left() + LEFT, rect.top() + (HEIGHT - BOX) // 2, BOX, BOX)
    painter.setPen(QPen(QColor(colour or colours.MUTED), 1))
    painter.setBrush(QColor(colour) if colour else Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(box, 3, 3)
    if colour:
        painter.setPen(QPen(QColor(colours.BACKGROUND), 2))
        corners = [QPoint(3, 8), QPoint(6, 11), QPoint(12, 4)]
        painter.drawPolyline([box.topLeft() + corner for corner in corners])


def _paint_words(painter: QPainter, option: QStyleOptionViewItem, summary: Summary) -> None:
    words = option.rect.adjusted(TEXT_LEFT, 6, -10, -6)
    upper = QRect(words.topLeft(), QSize(words.width(), words.height() // 2))
    lower = upper.translated(0, words.height() // 2)
    painter.setPen(QColor(colours.MUTED))
    painter.drawText(upper, Qt.AlignmentFlag.AlignRight, summary.began)
    upper.setWidth(upper.width() - painter.fontMetrics().horizontalAdvance(summary.began) - 8)
    if summary.live:
        _paint_dot(painter, lower, STATUS_COLOURS[summary.status])
        lower.setLeft(lower.left() + LIVE_DOT + 6)
    painter.setPen(QColor(STATUS_COLOURS.get(summary.status, colours.MUTED)))
    _draw(painter, lower, summary.text)
    painter.setPen(QColor(colours.TEXT))
    painter.setFont(theme.font(strong=True))
    _draw(painter, upper, summary.title)


def _paint_dot(painter: QPainter, rect: QRect, colour: str) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    painter.drawEllipse(rect.left(), rect.top() + 5, LIVE_DOT, LIVE_DOT)


def _draw(painter: QPainter, rect: QRect, text: str) -> None:
    metrics = painter.fontMetrics()
    painter.drawText(rect, 0, metrics.elidedText(text, Qt.TextElideMode.ElideRight, rect.width()))


class RunList(QListView):
    """A click shows a run alone; a click on its box, or with Ctrl, or Space, shows it too."""

    toggled = Signal(object)
    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._model = RunModel()
        self.setModel(self._model)
        self.setItemDelegate(RunDelegate(self))
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QListView.SelectionMode.NoSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def sync(self, watch: Watch) -> None:
        self._model.sync(watch)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        if not index.isValid() or event.button() != Qt.MouseButton.LeftButton:
            return
        with_others = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        signal = self.toggled if with_others or event.position().x() < TEXT_LEFT else self.chosen
        signal.emit(index.data(RUN))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        if index.isValid() and event.key() == Qt.Key.Key_Space:
            self.toggled.emit(index.data(RUN))
        elif index.isValid() and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.chosen.emit(index.data(RUN))
        else:
            super().keyPressEvent(event)
