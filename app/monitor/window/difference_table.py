"""The table under the plots: results of the shown runs, and only those settings that differ."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.monitor.data.comparison import Difference, differences
from app.monitor.data.readout import number
from app.monitor.data.run_watch import Watch

ALIKE = "Their settings and their documents are the same."
ROW = 26
SWATCH = 10
FRAME = 16


class DifferenceTable(QWidget):
    """Runs as columns. It is there only while two runs or more are shown."""

    def __init__(self) -> None:
        super().__init__(objectName="card")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.table = QTableWidget()
        self.alike = QLabel(ALIKE, objectName="muted")
        self._drawn: object = None
        self._set_up_table()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.addWidget(QLabel("How these runs differ", objectName="heading"))
        layout.addWidget(self.table, 1)
        layout.addWidget(self.alike)
        self.hide()

    def sync(self, watch: Watch) -> None:
        """Compares the runs that are shown."""
        self.setVisible(len(watch.shown) > 1)
        told = [shown.settings.values for shown in watch.shown.values() if shown.settings]
        lines = differences(told) if len(told) == len(watch.shown) else []
        heads = [(name, watch.shown[run].colour) for run, name in watch.names().items()]
        drawn = (heads, results := _results(watch), lines)
        if drawn != self._drawn and len(watch.shown) > 1:
            self._drawn = drawn
            self.alike.setVisible(not lines and all(told))
            self._fill(heads, results + lines)

    def _set_up_table(self) -> None:
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.table.setShowGrid(False)
        self.table.setIconSize(QSize(SWATCH, SWATCH))
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(ROW)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        header.setFixedHeight(ROW)

    def _fill(self, heads: list[tuple[str, str]], lines: list[Difference]) -> None:
        self.table.clear()
        self.table.setColumnCount(1 + len(heads))
        self.table.setRowCount(len(lines))
        self.table.setHorizontalHeaderItem(0, QTableWidgetItem(""))
        for column, (name, colour) in enumerate(heads, 1):
            self.table.setHorizontalHeaderItem(column, QTableWidgetItem(swatch(colour), f" {name}"))
        for row, line in enumerate(lines):
            for column, text in enumerate((line.name, *line.values)):
                self.table.setItem(row, column, QTableWidgetItem(text))
        self.table.setMaximumHeight(ROW * (len(lines) + 1) + FRAME)


def _results(watch: Watch) -> list[Difference]:
    """The best value of each loss and metric so far, whether it differs or not."""
    best = [watch.runs[run].best if run in watch.runs else {} for run in watch.shown]
    names = dict.fromkeys(name for values in best for name in values)
    return [
        Difference(f"best {name}", tuple(number(v[name]) if name in v else "–" for v in best))
        for name in names
    ]


def swatch(colour: str) -> QIcon:
    """A small square of the colour of a run."""
    picture = QPixmap(SWATCH, SWATCH)
    picture.fill(QColor(colour))
    return QIcon(picture)
