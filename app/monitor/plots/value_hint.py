"""The small table of values beside the mouse."""

from __future__ import annotations

import html
from itertools import groupby

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QWidget

from app.monitor.data.colours import MUTED
from app.monitor.data.readout import Reading, number, place
from app.runs.series import Axis

DISTANCE = 14
GAP = "&nbsp;" * 4


class Hint(QLabel):
    """Lies over a plot, never under the mouse, and lets clicks through."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, objectName="readout")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setTextFormat(Qt.TextFormat.RichText)

    def point(self, axis: Axis, x: float, readings: list[Reading], mouse: QPoint) -> None:
        """Shows what the curves say at x, beside the mouse."""
        self.setText(_table(place(axis, x), readings))
        self.adjustSize()
        self.move(self._beside(mouse))
        self.show()

    def _beside(self, mouse: QPoint) -> QPoint:
        """Right of the mouse and below it; left, or above, where there is no room."""
        room = self.parentWidget().size()
        x = _beside(mouse.x(), self.width(), room.width())
        return QPoint(x, _beside(mouse.y(), self.height(), room.height()))


def _beside(mouse: int, size: int, room: int) -> int:
    """Where something starts that stands behind the mouse, or before it, within the room."""
    behind, before = mouse + DISTANCE, mouse - DISTANCE - size
    if behind + size <= room or before < 0:
        return max(0, min(behind, room - size))
    return before


def _table(place: str, readings: list[Reading]) -> str:
    """One line a run, one column a split."""
    splits = list(dict.fromkeys(reading.split for reading in readings))
    heads = "".join(
        f'<td align="right" style="color:{MUTED}">{GAP}{split}</td>' for split in splits
    )
    lines = [f"<tr><td></td><td><b>{place}</b></td>{heads}</tr>"]
    for run, group in groupby(readings, key=lambda reading: reading.run):
        lines.append(_line(run, {reading.split: reading for reading in group}, splits))
    return f"<table>{''.join(lines)}</table>"


def _line(run: str, found: dict[str, Reading], splits: list[str]) -> str:
    colour = next(iter(found.values())).colour
    cells = [f'<td style="color:{colour}">●&nbsp;</td>', f"<td>{html.escape(run)}</td>"]
    cells += [f'<td align="right">{GAP}{_value(found.get(split))}</td>' for split in splits]
    return f"<tr>{''.join(cells)}</tr>"


def _value(reading: Reading | None) -> str:
    if reading is None:
        return ""
    raw = "" if reading.raw is None else f"raw {number(reading.raw)}&nbsp;&nbsp;"
    return f'<span style="color:{MUTED}">{raw}</span><b>{number(reading.value)}</b>'
