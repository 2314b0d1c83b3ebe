"""The line between the canvas and the tabs under it, to be dragged."""

from __future__ import annotations

from collections.abc import Callable

import dearpygui.dearpygui as dpg

from app.editor.theme import style
from app.editor.theme.area import Area
from app.editor.theme.style import scale
from app.editor.window.layout import BOTTOM

REACH = 4.0
"""How near the mouse has to be to the line, in pixels."""
LEAST = 90


class Splitter:
    """Remembers how high the tabs are. `dragged` is called when they are to be higher or lower;
    nothing can be dragged while `is_asking`.
    """

    def __init__(self, dragged: Callable[[], object], is_asking: Callable[[], bool]) -> None:
        self._dragged, self._is_asking = dragged, is_asking
        self.area = Area(0, 0, 100, 100)
        """Of the tabs."""
        self.height = scale(BOTTOM)
        self._held = self._shows = False
        self._layer = dpg.add_viewport_drawlist(front=True)

    @property
    def _is_near(self) -> bool:
        x, y = dpg.get_mouse_pos(local=False)
        area = self.area
        near = area.x <= x < area.x + area.width and abs(y - area.y) <= scale(REACH)
        return bool(near) and not self._is_asking()

    def press(self) -> bool:
        """The left button went down; True when the line is held now."""
        self._held = self._is_near
        return self._held

    def move(self) -> None:
        """The mouse moved."""
        if self._held:
            height = self.area.y + self.area.height - dpg.get_mouse_pos(local=False)[1]
            self.height = max(int(height), scale(LEAST))
            self._dragged()
        shows = self._held or self._is_near
        if shows or self._shows:
            dpg.delete_item(self._layer, children_only=True)
        if shows:
            self._draw()
        self._shows = shows

    def release(self) -> None:
        """A button went up."""
        self._held = False
        self.move()

    def _draw(self) -> None:
        area = self.area
        a, b = (area.x, area.y - 1), (area.x + area.width, area.y - 1)
        dpg.draw_line(a, b, color=style.ACCENT, thickness=2, parent=self._layer)
