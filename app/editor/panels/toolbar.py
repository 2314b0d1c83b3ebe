"""The bar at the top: icons for files and edits, and the document's name."""

from __future__ import annotations

from functools import partial

import dearpygui.dearpygui as dpg

from app.editor.panels.panel import Panel
from app.editor.session.session import Part
from app.editor.theme import style, theme
from app.editor.theme.icons import icon
from app.editor.theme.style import scale
from app.editor.theme.widgets import button, heading, icon_button, words
from graphs.document.document import MAIN

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


class Toolbar(Panel):
    """Buttons for what has no better place."""

    tag = "toolbar"
    listens = frozenset({"document", "file", "graph"})
    padding = (12, 7)
    scrolls = False

    def build(self) -> None:
        self._trail_shown: tuple[str, ...] = ()
        with dpg.group(horizontal=True):
            heading("Patchbay", style.ACCENT)
            dpg.add_spacer(width=scale(4))
            for command, picture in BUTTONS:
                self._add(command, picture)
            dpg.add_spacer(width=scale(8))
            self._name = words("", tag="toolbar/name")
            self._trail = dpg.add_group(horizontal=True)
            self._note = words("", style.MUTED, tag="toolbar/note")

    def _add(self, command: str, picture: str) -> None:
        if not command:
            dpg.add_spacer(width=scale(10))
            return
        icon_button(
            picture,
            lambda: self._commands.run(command),
            tip=self._commands.titled(command),
            tag=f"toolbar/{command}",
        )

    def refresh(self, parts: frozenset[Part]) -> None:
        session = self._session
        if session.trail != self._trail_shown:
            self._trail_shown = session.trail
            self._show_trail(session.trail)
        dpg.set_value(self._name, session.name)
        dpg.set_value(self._note, "not saved yet" if session.history.is_dirty else "")
        for command in filter(None, (command for command, _ in BUTTONS)):
            enabled = self._commands.is_enabled(command)
            dpg.configure_item(f"toolbar/{command}", enabled=enabled)

    def _show_trail(self, trail: tuple[str, ...]) -> None:
        """The way from main to the block that is shown; each step leads back."""
        dpg.delete_item(self._trail, children_only=True)
        if trail == (MAIN,):
            return
        for index, name in enumerate(trail):
            words(icon("caret-right") if index else "", style.MUTED, parent=self._trail)
            back = partial(self._commands.run, "follow", trail[: index + 1])
            item = button(name, back, tag=f"trail/{name}", parent=self._trail)
            dpg.bind_item_theme(item, theme.tab(index == len(trail) - 1))
        words("", parent=self._trail)
