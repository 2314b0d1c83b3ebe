"""A part of the window with a place of its own."""

from __future__ import annotations

import dearpygui.dearpygui as dpg

from app.editor.theme import theme
from app.editor.theme.widgets import Item
from app.editor.window.layout import Area


class Panel:
    """A child window; subclasses fill it and keep it up to date."""

    padding = (12, 10)

    def __init__(self, parent: Item, tag: str, scrolls: bool = True) -> None:
        self.root: Item = dpg.add_child_window(
            parent=parent,
            tag=tag,
            border=False,
            no_scrollbar=not scrolls,
            no_scroll_with_mouse=not scrolls,
            always_use_window_padding=True,
        )
        dpg.bind_item_theme(self.root, theme.panel(*self.padding))
        self.area = Area(0, 0, 100, 100)

    def place(self, area: Area) -> None:
        """Put the panel into the window."""
        self.area = area
        dpg.configure_item(self.root, pos=(area.x, area.y), width=area.width, height=area.height)

    def update(self) -> None:
        """Show what is true now; called between frames, so it does nothing when nothing changed."""
