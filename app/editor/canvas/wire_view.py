"""Draws one wire and the shape it carries, in canvas coordinates under the camera's transform."""

from __future__ import annotations

import math

import dearpygui.dearpygui as dpg

from app.editor.canvas.canvas_model import WireLook
from app.editor.canvas.geometry import along
from app.editor.theme import style
from app.editor.theme.style import Colour, faded
from app.editor.theme.text_width import width

TEXT_SIZE = 13.0
SMALLEST_TEXT = 6.5
THICKNESS = 2.2
SELECTED_THICKNESS = 4.0
ROOM = 44.0
"""How much longer than its text a wire is at least for the text to lie on it; else it lies above.
"""
LEAST_ROOM = -8.0
"""How much longer a wire is at least for its text to be shown at all."""
RAISED = 12.0


class WireView:
    """The draw items of a wire."""

    def __init__(self, parent: int | str, look: WireLook, zoom: float) -> None:
        self.look = look
        self._zoom = zoom
        self._root = dpg.add_draw_node(parent=parent)
        self._curve = dpg.draw_bezier_cubic(*look.curve, parent=self._root, segments=0)
        self._back = dpg.draw_rectangle((0, 0), (1, 1), parent=self._root)
        self._text = dpg.draw_text((0, 0), "", parent=self._root, color=style.TEXT)
        self._update()

    def show(self, look: WireLook) -> None:
        """Draw the wire anew when it looks different."""
        if look is not self.look and look != self.look:
            self.look = look
            self._update()

    def rescale(self, zoom: float) -> None:
        """Set what a transform does not scale."""
        self._zoom = zoom
        self._update()

    def remove(self) -> None:
        dpg.delete_item(self._root)

    def _update(self) -> None:
        (p1, p2, p3, p4), look = self.look.curve, self.look
        dpg.configure_item(
            self._curve,
            p1=p1,
            p2=p2,
            p3=p3,
            p4=p4,
            color=_colour(look),
            thickness=self._thickness,
        )
        self._update_text()

    @property
    def _thickness(self) -> float:
        base = SELECTED_THICKNESS if self.look.selected else THICKNESS
        return base * max(self._zoom, 0.4)

    def _update_text(self) -> None:
        room = self._room
        shown = room >= LEAST_ROOM and TEXT_SIZE * self._zoom >= SMALLEST_TEXT
        (x, y), w, h = along(self.look.curve, 0.5), width(self.look.text, TEXT_SIZE), TEXT_SIZE
        left_top = (x - w / 2, y - h / 2 - (RAISED if room < ROOM else 0))
        dpg.configure_item(
            self._text,
            pos=left_top,
            text=self.look.text,
            size=TEXT_SIZE * self._zoom,
            color=faded(style.TEXT, 60 if self.look.dim else 255),
            show=shown,
        )
        dpg.configure_item(
            self._back,
            pmin=(left_top[0] - 4, left_top[1] - 1),
            pmax=(left_top[0] + w + 4, left_top[1] + h + 1),
            fill=faded(style.BACKGROUND, 225),
            color=(0, 0, 0, 0),
            rounding=4 * self._zoom,
            show=shown,
        )

    @property
    def _room(self) -> float:
        """How much longer the wire is than its text."""
        curve = self.look.curve
        if not self.look.text:
            return -math.inf
        return math.dist(curve[0], curve[3]) - width(self.look.text, TEXT_SIZE)


def _colour(look: WireLook) -> Colour:
    if look.selected:
        return style.WHITE
    return faded(look.colour, 45 if look.dim else 215)
