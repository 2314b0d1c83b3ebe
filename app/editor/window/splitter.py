"""The line between the canvas and the tabs under it, to be dragged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dearpygui.dearpygui as dpg

from app.editor.theme import style
from app.editor.theme.style import scale
from app.editor.window.layout import BOTTOM

if TYPE_CHECKING:
    from app.editor.window.window import Editor

REACH = 4.0
"""How near the mouse has to be to the line, in pixels."""
LEAST = 90


class Splitter:
    """Remembers how high the tabs are."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self.height = scale(BOTTOM)
        self._held = False
        self._layer = dpg.add_viewport_drawlist(front=True)

    @property
    def _is_near(self) -> bool:
        x, y = dpg.get_mouse_pos(local=False)
        area = self._editor.bottom.area
        return bool(area.x <= x < area.x + area.width and abs(y - area.y) <= scale(REACH))

    def press(self) -> bool:
        """The left button went down; True when the line is held now."""
        self._held = self._is_near and not self._editor.is_asking
        return self._held

    def move(self) -> None:
        """The mouse moved."""
        dpg.delete_item(self._layer, children_only=True)
        if self._held:
            area = self._editor.bottom.area
            height = area.y + area.height - dpg.get_mouse_pos(local=False)[1]
            self.height = max(int(height), scale(LEAST))
            self._editor.resize()
        if self._held or (self._is_near and not self._editor.is_asking):
            self._draw()

    def release(self) -> None:
        """The button went up."""
        self._held = False
        self.move()

    def _draw(self) -> None:
        area = self._editor.bottom.area
        a, b = (area.x, area.y - 1), (area.x + area.width, area.y - 1)
        dpg.draw_line(a, b, color=style.ACCENT, thickness=2, parent=self._layer)
