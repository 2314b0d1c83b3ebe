"""What a node gives the parameters of its block: a field for each, the block's own value shown
while it is empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import dearpygui.dearpygui as dpg

from app.editor.inspector.forms import given_text, given_value, value_of
from app.editor.session.block_uses import defaults
from app.editor.session.session import Session
from app.editor.theme import style, theme
from app.editor.theme.style import scale
from app.editor.theme.text_width import width
from app.editor.theme.widgets import text_field, tooltip, words
from graphs.document.document import Node

if TYPE_CHECKING:
    from graphs.nodetypes.parameters import Parameter

LABEL_ROOM = 134
RESET_ROOM = 40


class Form(Protocol):
    """The form of a node, of which these rows are a part."""

    session: Session

    @property
    def node(self) -> Node:
        """The node as it is now."""

    def set(self, parameter: Parameter, value: Any) -> None:
        """Give the node another value of a parameter."""


class Values:
    """The rows of one parameter that gives values to names."""

    def __init__(self, fields: Form, parameter: Parameter) -> None:
        self._fields = fields
        self._parameter = parameter
        self._names: tuple[str, ...] = ()
        words(parameter.name.replace("_", " "), style.MUTED)
        tooltip(dpg.last_item(), parameter.help)
        self._rows = dpg.add_group(tag=f"inspector/{parameter.name}")

    def refresh(self, node: Node) -> None:
        """Show what the node gives."""
        session = self._fields.session
        own = defaults(session.document, session.library, node)
        given = self._given(node)
        names = tuple(dict.fromkeys((*own, *given)))
        if names != self._names or not dpg.get_item_children(self._rows, 1):
            self._names = names
            self._build(names)
        for name in names:
            tag = self._tag(name)
            dpg.configure_item(tag, hint=given_text(own.get(name, "the block has no such value")))
            if not dpg.is_item_active(tag):
                dpg.set_value(tag, given_text(given.get(name, "")))

    def _given(self, node: Node) -> dict[str, object]:
        value = value_of(node, self._parameter)
        return dict(value) if isinstance(value, dict) else {}

    def _build(self, names: tuple[str, ...]) -> None:
        dpg.delete_item(self._rows, children_only=True)
        if not names:
            words("The block has no parameters.", style.MUTED, parent=self._rows)
        for name in names:
            with dpg.group(horizontal=True, parent=self._rows):
                words(f"   {name}", style.MUTED)
                gap = scale(LABEL_ROOM) - round(width(f"   {name}", scale(theme.SIZE))) - scale(8)
                dpg.add_spacer(width=max(gap, 1))
                text_field(
                    tag=self._tag(name),
                    width=-scale(RESET_ROOM),
                    callback=lambda _s, text, name: self._typed(name, text),
                    user_data=name,
                )

    def _typed(self, name: str, text: str) -> None:
        given = self._given(self._fields.node)
        given.pop(name, None)
        if text.strip():
            given[name] = given_value(text)
        self._fields.set(self._parameter, given)

    def _tag(self, name: str) -> str:
        return f"inspector/{self._parameter.name}/{name}"
