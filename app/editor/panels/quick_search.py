"""The quick search: a small list of node types at the mouse, for the keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dearpygui.dearpygui as dpg

from app.editor.canvas.geometry import Point
from app.editor.canvas.scene import Port
from app.editor.commands.commands import Commands
from app.editor.session.session import Part, Session
from app.editor.theme import style
from app.editor.theme.style import scale
from app.editor.theme.widgets import Item, text_field, words
from nodes.families import family_of
from nodes.search import ranked

if TYPE_CHECKING:
    from graphs.nodetypes.node_type import NodeType

SHOWN = 12
NAMES = 195
"""Pixels for the name of a node type; the longest has 25 letters."""


class QuickSearch:
    """A popup that adds a node where it was opened, and wires it when it was opened by a wire."""

    listens: frozenset[Part] = frozenset({"library"})

    def __init__(self, session: Session, commands: Commands) -> None:
        self._session, self._commands = session, commands
        self._at: Point = (0.0, 0.0)
        self._wire_from: Port | None = None
        self._found: list[type[NodeType]] = []
        self._marked = 0
        self._window: Item | None = None
        self._field: Item = 0
        self._list: Item = 0

    @property
    def is_open(self) -> bool:
        return self._window is not None and bool(dpg.is_item_shown(self._window))

    def open(self, at: Point, place: Point, wire_from: Port | None = None) -> None:
        """Open for a point of the canvas, at a place of the window; `wire_from` is the port of a
        wire let go there.
        """
        self.close()
        self._at, self._wire_from = at, wire_from
        self._window = dpg.add_window(
            popup=True,
            no_title_bar=True,
            no_resize=True,
            autosize=True,
            pos=[round(part) for part in place],
            min_size=(scale(340), scale(40)),
            tag="search",
        )
        hint = "Add and wire a node" if wire_from else "Add a node"
        self._field = text_field(
            tag="search/field",
            parent=self._window,
            hint=hint,
            width=scale(340),
            callback=lambda: self._typed(),
        )
        self._list = dpg.add_group(parent=self._window)
        dpg.focus_item(self._field)
        self._find()

    def close(self) -> None:
        """Take the list away."""
        if self._window is not None:
            dpg.delete_item(self._window)
            self._window = None

    def refresh(self, parts: frozenset[Part]) -> None:
        """The library is there: look again."""
        if self._window is not None:
            self._find()

    def _typed(self) -> None:
        """The field has changed; it does so too when Escape takes it away, with all around it."""
        if self._window is not None:
            self._find()

    def _find(self) -> None:
        """List what the field finds, the first of it marked."""
        found = ranked(self._session.library, dpg.get_value(self._field))
        self._found, self._marked = [t for t in found if self._suits(t)][:SHOWN], 0
        self._fill()

    def step(self, by: int) -> None:
        """Move the mark up or down."""
        if self._found:
            self._marked = (self._marked + by) % len(self._found)
            self._fill()

    def enter(self) -> None:
        """Add the type that is marked."""
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
            text = "No node type is called that." if self._session.library else "loading…"
            words(text, style.MUTED, parent=self._list)

    def _add_entry(self, index: int, known: type[NodeType]) -> None:
        with dpg.group(horizontal=True, parent=self._list):
            dpg.add_selectable(
                label=known.type_name(),
                tag=f"search/{known.type_name()}",
                default_value=index == self._marked,
                width=scale(NAMES),
                callback=lambda: self._choose(known),
            )
            words(family_of(known).name, style.MUTED, wrap=-1)

    def _choose(self, known: type[NodeType]) -> None:
        self.close()
        self._commands.run("add_type", known.type_name(), self._at, self._wire_from)
