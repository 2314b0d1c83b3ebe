"""What helps who does not know the window yet: the list of keys and mouse gestures."""

from __future__ import annotations

import dearpygui.dearpygui as dpg

from app.editor.commands.shortcuts import MOUSE, SHORTCUTS
from app.editor.theme import style
from app.editor.theme.widgets import Item, words
from app.editor.window.dialogs import Dialogs

WIDTH = 780
WELCOME = (
    ("Drag a node from the palette, or press Tab", style.TEXT),
    ("Start with data; end with a loss and an optimizer", style.MUTED),
)
"""What an empty canvas says."""


def show_help(dialogs: Dialogs) -> None:
    """Open the list."""
    dialogs.show("Keys and mouse", _fill, WIDTH)


def _fill(window: Item) -> None:
    with dpg.table(header_row=False, parent=window, policy=dpg.mvTable_SizingFixedFit):
        dpg.add_table_column()
        dpg.add_table_column()
        for shortcut in SHORTCUTS:
            _row(" or ".join(shortcut.keys), shortcut.text)
        for gesture, meaning in MOUSE:
            _row(gesture, meaning)


def _row(left: str, right: str) -> None:
    with dpg.table_row():
        words(left, style.ACCENT, wrap=-1)
        words(right, wrap=-1)
