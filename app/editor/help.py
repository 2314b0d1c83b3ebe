"""The window that lists keys and mouse gestures."""

from __future__ import annotations

import dearpygui.dearpygui as dpg

from app.editor import style
from app.editor.keys import MOUSE, SHORTCUTS
from app.editor.style import scale
from app.editor.widgets import button, words


def show_help() -> None:
    """Open the list of keys."""
    if dpg.does_item_exist("help"):
        dpg.delete_item("help")
    with dpg.window(
        label="Keys and mouse",
        tag="help",
        modal=True,
        no_resize=True,
        no_collapse=True,
        autosize=True,
        pos=(scale(420), scale(80)),
        on_close=lambda item: dpg.delete_item(item),
    ):
        with dpg.table(header_row=False, policy=dpg.mvTable_SizingFixedFit):
            dpg.add_table_column()
            dpg.add_table_column()
            for shortcut in SHORTCUTS:
                _row(" or ".join(shortcut.keys), shortcut.text)
            for gesture, meaning in MOUSE:
                _row(gesture, meaning)
        dpg.add_spacer(height=scale(6))
        button("Close", lambda: dpg.delete_item("help"))


def _row(left: str, right: str) -> None:
    with dpg.table_row():
        words(left, style.ACCENT)
        words(right)
