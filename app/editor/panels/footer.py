"""The line at the bottom: what was last done or went wrong, and where the document stands."""

from __future__ import annotations

import time

import dearpygui.dearpygui as dpg

from app.editor.panels.panel import Panel
from app.editor.session.session import Part
from app.editor.session.wording import counted
from app.editor.theme import style
from app.editor.theme.area import Area
from app.editor.theme.style import Colour, scale
from app.editor.theme.widgets import words

STAYS = 12.0
"""For how many seconds a sentence stays."""


class Footer(Panel):
    """One sentence at a time, and the zoom."""

    tag = "footer"
    listens = frozenset({"document", "graph", "selection", "camera", "analysis", "failure"})
    padding = (12, 3)
    scrolls = False

    def build(self) -> None:
        self._until = 0.0
        self.text = ""
        """What is said at the moment."""
        place = (scale(12), scale(2))
        self._said = words("", pos=place)
        self._legend = words("", style.ACCENT, pos=place, tag="footer/legend")
        self._right = words("", style.MUTED, tag="footer/counts")

    def place(self, area: Area) -> None:
        super().place(area)
        dpg.configure_item(self._right, pos=(area.width - scale(210), scale(2)))

    def say(self, text: str, colour: Colour) -> None:
        """Show a sentence for a while."""
        self.text, self._until = text, time.monotonic() + STAYS
        dpg.set_value(self._said, text)
        dpg.configure_item(self._said, color=colour)
        self._show_legend()

    def poll(self) -> None:
        if self.text and time.monotonic() > self._until:
            self.say("", style.MUTED)

    def refresh(self, parts: frozenset[Part]) -> None:
        graph = self._session.graph
        nodes, wires = counted(len(graph.nodes), "node"), counted(len(graph.wires), "wire")
        dpg.set_value(self._right, f"{nodes}   {wires}   {self._session.zoom:.0%}")
        self._show_legend()
        if "failure" in parts:
            self.say(self._session.failure, style.ERROR)

    def _show_legend(self) -> None:
        """What the colours of the canvas mean, while nothing else is to be said."""
        reach = self._session.reach
        dpg.set_value(self._legend, reach.legend if reach and not self.text else "")
