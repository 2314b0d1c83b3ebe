"""Small things that several panels need."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dearpygui.dearpygui as dpg

from app.editor.theme import style, theme
from app.editor.theme.icons import icon
from app.editor.theme.style import Colour, scale

Item = int | str
WRAP = -1
_fields: set[Item] = set()


def text_field(*, tag: Item = 0, **options: Any) -> Item:
    """A field to type into; while one is being typed into, keys are no shortcuts."""
    item: Item = dpg.add_input_text(tag=tag, **options)
    _fields.add(tag or item)
    return item


def keep_up(tag: str, value: object) -> None:
    """Show a value in a field, unless someone is typing into it."""
    if dpg.does_item_exist(tag) and not dpg.is_item_active(tag) and dpg.get_value(tag) != value:
        dpg.set_value(tag, value)


def is_typing() -> bool:
    """A field is being typed into."""
    gone = {item for item in _fields if not dpg.does_item_exist(item)}
    _fields.difference_update(gone)
    return any(dpg.is_item_active(item) for item in _fields)


def words(text: str, colour: Colour = style.TEXT, wrap: int = 0, **options: Any) -> Item:
    """A text, wrapped at so many pixels (0: at the panel's side)."""
    item: Item = dpg.add_text(text, color=colour, wrap=wrap, **options)
    return item


def heading(text: str, colour: Colour = style.TEXT) -> Item:
    """A panel's title."""
    item: Item = dpg.add_text(text, color=colour)
    dpg.bind_item_font(item, theme.fonts().bold)
    return item


def button(label: str, action: Callable[[], object], *, tip: str = "", **options: Any) -> Item:
    """A button that calls an action without arguments."""
    item: Item = dpg.add_button(label=label, callback=lambda: action(), **options)
    if tip:
        tooltip(item, tip)
    return item


def icon_button(name: str, action: Callable[[], object], *, tip: str = "", **options: Any) -> Item:
    """A flat button with an icon."""
    item = button(icon(name), action, tip=tip, **options)
    dpg.bind_item_theme(item, theme.flat())
    return item


def tooltip(item: Item, text: str, wrap: int = 320) -> None:
    """Words that appear when the mouse rests on an item.

    An item that is hidden has to have them hidden, too: Dear PyGui would show them with the item
    that was drawn before it.
    """
    with dpg.tooltip(item, delay=0.45, hide_on_activity=True, tag=tip_of(item)):
        dpg.add_text(text, wrap=scale(wrap))


def tip_of(item: Item) -> str:
    """The tag of an item's tooltip."""
    return f"{item}/tip"
