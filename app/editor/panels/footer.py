"""The line at the bottom: what was last done or went wrong, and where the document stands."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import dearpygui.dearpygui as dpg

from app.editor.panels.panel import Panel
from app.editor.theme import style
from app.editor.theme.style import Colour, scale
from app.editor.theme.widgets import words

if TYPE_CHECKING:
    from app.editor.window.window import Editor

STAYS = 12.0
"""For how many seconds a sentence stays."""


class Footer(Panel):
    """One sentence at a time, and the zoom."""

    padding = (12, 3)

    def __init__(self, editor: Editor) -> None:
        super().__init__(editor.window, "footer", scrolls=False)
        self._editor = editor
        self._until = 0.0
        self.text = ""
        self._said = words("", parent=self.root, pos=(scale(12), scale(2)))
        self._legend = words(
            "", style.ACCENT, parent=self.root, pos=(scale(12), scale(2)), tag="footer/legend"
        )
        self._right = words("", style.MUTED, parent=self.root)
        self._shown = ""

    def say(self, text: str, colour: Colour) -> None:
        """Show a sentence for a while."""
        self.text, self._until = text, time.monotonic() + STAYS
        dpg.set_value(self._said, text)
        dpg.configure_item(self._said, color=colour)

    def update(self) -> None:
        if self.text and time.monotonic() > self._until:
            self.say("", style.MUTED)
        self._update_legend()
        graph = self._editor.model.graph
        zoom = f"{self._editor.canvas.camera.zoom:.0%}"
        nodes, wires = counted(len(graph.nodes), "node"), counted(len(graph.wires), "wire")
        shown = f"{nodes}   {wires}   {zoom}"
        if shown != self._shown:
            self._shown = shown
            dpg.set_value(self._right, shown)
        x = self.area.width - scale(210)
        dpg.configure_item(self._right, pos=(x, scale(2)))

    def _update_legend(self) -> None:
        """What the colours of the canvas mean, while nothing else is to be said."""
        reach = self._editor.reach
        legend = reach.legend if reach and not self.text else ""
        if legend != dpg.get_value(self._legend):
            dpg.set_value(self._legend, legend)


def counted(number: int, word: str) -> str:
    """A number with its word: `1 node`, `2 nodes`."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"
