"""The small table of values beside the mouse."""

from __future__ import annotations

import html

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QWidget

from app.monitor import palette
from app.monitor.readout import Reading, number, place
from app.monitor.series import Axis

DISTANCE = 14


class Hint(QLabel):
    """Lies over a plot, never under the mouse, and lets clicks through."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, objectName="readout")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setTextFormat(Qt.TextFormat.RichText)

    def point(self, axis: Axis, x: float, readings: list[Reading], mouse: QPoint) -> None:
        """Shows what the curves say at x, beside the mouse."""
        lines = "".join(_line(reading) for reading in readings)
        self.setText(f"<b>{place(axis, x)}</b><table>{lines}</table>")
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


def _line(reading: Reading) -> str:
    cells = [
        f'<td style="color:{reading.colour}">●</td>',
        f"<td>&nbsp;{html.escape(reading.label)}&nbsp;&nbsp;</td>",
        f'<td align="right"><b>{number(reading.value)}</b></td>',
    ]
    if reading.raw is not None:
        raw = f"&nbsp;&nbsp;raw {number(reading.raw)}"
        cells.append(f'<td align="right" style="color:{palette.MUTED}">{raw}</td>')
    return f"<tr>{''.join(cells)}</tr>"
