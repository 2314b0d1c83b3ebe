"""The tabs under the canvas: problems, code, program."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import dearpygui.dearpygui as dpg

from app.editor.panels.code_panel import Code
from app.editor.panels.panel import Panel
from app.editor.panels.problems_panel import Problems
from app.editor.panels.program_panel import Program
from app.editor.theme import theme
from app.editor.theme.widgets import Item, button

if TYPE_CHECKING:
    from app.editor.window.window import Editor


class Bottom(Panel):
    """What there is to say about the document as a whole, a tab at a time."""

    padding = (10, 6)

    def __init__(self, editor: Editor) -> None:
        super().__init__(editor.window, "bottom", scrolls=False)
        self._tabs: dict[str, Item] = {}
        with dpg.group(horizontal=True, parent=self.root):
            for name in ("Problems", "Code", "Program"):
                self._tabs[name] = button(name, partial(self.show, name), tag=f"tab/{name}")
        self._bodies = {name: dpg.add_group(parent=self.root) for name in self._tabs}
        self.problems = Problems(editor, self._bodies["Problems"])
        self._parts: dict[str, Problems | Code | Program] = {
            "Problems": self.problems,
            "Code": Code(editor, self._bodies["Code"]),
            "Program": Program(editor, self._bodies["Program"]),
        }
        self._count = -1
        self.show("Problems")

    def show(self, name: str) -> None:
        """Bring a tab to the front."""
        self.shown = name
        for other, body in self._bodies.items():
            dpg.configure_item(body, show=other == name)
            dpg.bind_item_theme(self._tabs[other], theme.tab(other == name))

    def update(self) -> None:
        self._parts[self.shown].update()
        count = len(self.problems.all)
        if count != self._count:
            self._count = count
            label = f"Problems ({count})" if count else "Problems"
            dpg.configure_item(self._tabs["Problems"], label=label)
