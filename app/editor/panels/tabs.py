"""The tabs under the canvas: problems, code, program."""

from __future__ import annotations

from functools import partial

import dearpygui.dearpygui as dpg

from app.editor.panels.code_panel import Code
from app.editor.panels.panel import Panel
from app.editor.panels.problems_panel import Problems
from app.editor.panels.program_panel import ProgramPanel
from app.editor.session.session import Part
from app.editor.theme import theme
from app.editor.theme.area import Area
from app.editor.theme.widgets import Item, button

PANELS: dict[str, type[Panel]] = {"Problems": Problems, "Code": Code, "Program": ProgramPanel}


class Tabs(Panel):
    """What there is to say about the document as a whole, a tab at a time."""

    tag = "bottom"
    listens = frozenset[Part]({"analysis"}).union(*(panel.listens for panel in PANELS.values()))
    padding = (10, 6)
    scrolls = False

    def build(self) -> None:
        self._stale: dict[str, frozenset[Part]] = dict.fromkeys(PANELS, frozenset())
        """What has changed of the parts that a tab shows, while another is in front."""
        self._buttons: dict[str, Item] = {}
        with dpg.group(horizontal=True):
            for name in PANELS:
                self._buttons[name] = button(name, partial(self.show, name), tag=f"tab/{name}")
        self._bodies = {name: dpg.add_group(parent=self.root) for name in PANELS}
        self._panels = {
            name: kind(self._session, self._commands, self._bodies[name])
            for name, kind in PANELS.items()
        }
        self.show("Problems")

    def place(self, area: Area) -> None:
        super().place(area)
        for panel in self._panels.values():
            panel.place(area)

    def show(self, name: str) -> None:
        """Bring a tab to the front."""
        self.shown = name
        for other, body in self._bodies.items():
            dpg.configure_item(body, show=other == name)
            dpg.bind_item_theme(self._buttons[other], theme.tab(other == name))
        self._refresh_shown()

    def refresh(self, parts: frozenset[Part]) -> None:
        for name, panel in self._panels.items():
            self._stale[name] |= parts & panel.listens
        self._refresh_shown()
        count = len(self._session.problems)
        label = f"Problems ({count})" if count else "Problems"
        dpg.configure_item(self._buttons["Problems"], label=label)

    def _refresh_shown(self) -> None:
        """Show what has changed in the tab in front; the others wait until somebody looks."""
        name = self.shown
        parts, self._stale[name] = self._stale[name], frozenset()
        if parts:
            self._panels[name].refresh(parts)

    def poll(self) -> None:
        self._panels[self.shown].poll()
