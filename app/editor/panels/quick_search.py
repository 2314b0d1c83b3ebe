"""The quick search: a small list of node types at the mouse, for the keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dearpygui.dearpygui as dpg

from app.editor.canvas.geometry import Point
from app.editor.canvas.scene import Port
from app.editor.theme import style
from app.editor.theme.style import scale
from app.editor.theme.widgets import Item, text_field, words
from nodes.families import family_of
from nodes.search import ranked

if TYPE_CHECKING:
    from app.editor.window.window import Editor
    from graphs.nodetypes.node_type import NodeType

SHOWN = 12


class QuickSearch:
    """A popup that adds a node where it was opened, and wires it when it was opened by a wire."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self._at: Point = (0.0, 0.0)
        self._wire_from: Port | None = None
        self._found: list[type[NodeType]] = []
        self._marked = 0
        self._shown: object = None
        self._window: Item | None = None
        self._field: Item = 0
        self._list: Item = 0

    @property
    def is_open(self) -> bool:
        return self._window is not None and bool(dpg.is_item_shown(self._window))

    def open(self, at: Point, wire_from: Port | None = None) -> None:
        """Open at a point of the canvas; `wire_from` is the port of a wire let go there."""
        self.close()
        self._at, self._wire_from, self._marked, self._shown = at, wire_from, 0, None
        self._window = dpg.add_window(
            popup=True,
            no_title_bar=True,
            no_resize=True,
            autosize=True,
            pos=self._editor.canvas.on_window(at),
            min_size=(scale(290), scale(40)),
            tag="search",
        )
        hint = "Add and wire a node" if wire_from else "Add a node"
        self._field = text_field(
            tag="search/field", parent=self._window, hint=hint, width=scale(290)
        )
        self._list = dpg.add_group(parent=self._window)
        dpg.focus_item(self._field)
        self.update()

    def close(self) -> None:
        """Take the list away."""
        if self._window is not None:
            dpg.delete_item(self._window)
            self._window = None

    def update(self) -> None:
        """Show what the field finds."""
        if self._window is None:
            return
        query = dpg.get_value(self._field)
        state = (query, self._marked, len(self._editor.library))
        if state != self._shown:
            if self._shown and self._shown[0] != query:  # type: ignore[index]
                self._marked = 0
            self._shown = (query, self._marked, len(self._editor.library))
            self._found = [t for t in ranked(self._editor.library, query) if self._suits(t)][:SHOWN]
            self._fill()

    def step(self, by: int) -> None:
        """Move the mark up or down."""
        if self._found:
            self._marked = (self._marked + by) % len(self._found)

    def enter(self) -> None:
        """Add the type that is marked."""
        self.update()
        if self._found:
            self._choose(self._found[self._marked])

    def _suits(self, known: type[NodeType]) -> bool:
        """A wire that was let go can go into the type."""
        if self._wire_from is None:
            return True
        return bool(known.output_names() if self._wire_from.is_input else known.inputs())

    def _fill(self) -> None:
        dpg.delete_item(self._list, children_only=True)
        for index, known in enumerate(self._found):
            self._add_entry(index, known)
        if not self._found:
            text = "No node type is called that." if self._editor.library else "loading…"
            words(text, style.MUTED, parent=self._list)

    def _add_entry(self, index: int, known: type[NodeType]) -> None:
        with dpg.group(horizontal=True, parent=self._list):
            dpg.add_selectable(
                label=known.type_name(),
                tag=f"search/{known.type_name()}",
                default_value=index == self._marked,
                width=scale(160),
                callback=lambda: self._choose(known),
            )
            words(family_of(known).name, style.MUTED, wrap=-1)

    def _choose(self, known: type[NodeType]) -> None:
        self.close()
        self._editor.add_node(known.type_name(), self._at, self._wire_from)
