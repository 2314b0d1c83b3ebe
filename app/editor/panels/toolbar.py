"""The bar at the top: icons for files and edits, and the document's name."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import dearpygui.dearpygui as dpg

from app.editor.commands.shortcuts import hint
from app.editor.panels.panel import Panel
from app.editor.theme import style, theme
from app.editor.theme.icons import icon
from app.editor.theme.style import scale
from app.editor.theme.widgets import button, heading, icon_button, words
from graphs.document.document import MAIN

if TYPE_CHECKING:
    from app.editor.window.window import Editor

BUTTONS = (
    ("new", "file-plus"),
    ("open", "folder-open"),
    ("save", "floppy-disk"),
    ("", ""),
    ("undo", "arrow-counter-clockwise"),
    ("redo", "arrow-clockwise"),
    ("", ""),
    ("frame", "corners-out"),
    ("", ""),
    ("export", "export"),
    ("examples", "graduation-cap"),
    ("help", "question"),
)
"""Commands and their icons; an empty pair parts groups."""
TIPS = {"examples": "Open an example"}


class Toolbar(Panel):
    """Buttons for what has no better place."""

    padding = (12, 7)

    def __init__(self, editor: Editor) -> None:
        super().__init__(editor.window, "toolbar", scrolls=False)
        self._editor = editor
        self._shown: object = None
        with dpg.group(horizontal=True, parent=self.root):
            heading("Patchbay", editor.fonts, style.ACCENT)
            dpg.add_spacer(width=scale(4))
            for command, picture in BUTTONS:
                self._add(command, picture)
            dpg.add_spacer(width=scale(8))
            self._name = words("")
            self._trail = dpg.add_group(horizontal=True)
            self._note = words("", style.MUTED)

    def _add(self, command: str, picture: str) -> None:
        if not command:
            dpg.add_spacer(width=scale(10))
            return
        icon_button(
            picture,
            lambda: self._editor.actions.run(command),
            tip=TIPS.get(command) or hint(command),
            tag=f"toolbar/{command}",
        )

    def update(self) -> None:
        model = self._editor.model
        name, dirty, trail = self._editor.files.name, model.is_dirty, model.trail
        past, future = bool(model.past), bool(model.future)
        if (name, dirty, trail, past, future) == self._shown:
            return
        self._shown = (name, dirty, trail, past, future)
        self._show_trail(trail)
        dpg.set_value(self._name, name)
        dpg.set_value(self._note, "not saved yet" if dirty else "")
        dpg.set_viewport_title(f"{'● ' if dirty else ''}{name} — Patchbay")
        dpg.configure_item("toolbar/undo", enabled=past)
        dpg.configure_item("toolbar/redo", enabled=future)

    def _show_trail(self, trail: tuple[str, ...]) -> None:
        """The way from main to the block that is shown; each step leads back."""
        dpg.delete_item(self._trail, children_only=True)
        if trail == (MAIN,):
            return
        for index, name in enumerate(trail):
            words(icon("caret-right") if index else "", style.MUTED, parent=self._trail)
            back = partial(self._editor.follow, trail[: index + 1])
            tag = f"trail/{name}"
            item = button(name, back, tag=tag, parent=self._trail)
            dpg.bind_item_theme(item, theme.tab(index == len(trail) - 1))
        words("", parent=self._trail)
