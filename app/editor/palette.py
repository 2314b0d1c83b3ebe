"""The palette: every node type by family, with search. Drag one onto the canvas, or double click
it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import dearpygui.dearpygui as dpg

from app.editor import style, theme
from app.editor.board import new_node, shape_of_new
from app.editor.gestures import DropNode
from app.editor.library_search import by_family, ranked
from app.editor.panel import Panel
from app.editor.style import scale
from app.editor.widgets import Item, text_field, tooltip, words

if TYPE_CHECKING:
    from app.editor.window import Editor
    from graphs.node_type import NodeType

DRAG = 4.0
"""A press on an entry that moves this many pixels carries the entry away."""


class Palette(Panel):
    """Node types to choose from."""

    def __init__(self, editor: Editor) -> None:
        super().__init__(editor.window, "palette", scrolls=False)
        self._editor = editor
        self._shown: object = None
        self._entries: dict[Item, type[NodeType]] = {}
        self._pressed: type[NodeType] | None = None
        self._pressed_at: Sequence[float] = (0.0, 0.0)
        self._search = text_field(
            tag="palette/search",
            parent=self.root,
            hint=f"{theme.icon('magnifying-glass')}  Search nodes",
            width=-1,
        )
        tooltip(self._search, "Type to search; Enter adds the first that is found.")
        self._list = dpg.add_child_window(parent=self.root, border=False)

    def update(self) -> None:
        query = dpg.get_value(self._search)
        state = (query, len(self._editor.library))
        if state != self._shown:
            self._shown = state
            self._fill(query)

    def press(self) -> None:
        """The left mouse button went down, anywhere."""
        self._pressed_at = dpg.get_mouse_pos(local=False)
        self._pressed = next(
            (known for item, known in self._entries.items() if dpg.is_item_hovered(item)), None
        )

    def drag(self) -> None:
        """The mouse moved; with an entry under the button it begins to carry a node."""
        if not dpg.is_mouse_button_down(dpg.mvMouseButton_Left):
            self._pressed = None
        if self._pressed and math.dist(dpg.get_mouse_pos(local=False), self._pressed_at) > DRAG:
            node = new_node(self._pressed)
            shape = shape_of_new(self._editor.library, node)
            model = self._editor.model
            drop = DropNode(model.graph_name, model.graph, node, shape, f"Add {node.type}")
            self._pressed = None
            self._editor.hand.begin_drop(drop)

    def double_click(self) -> None:
        """A double click on an entry adds it in the middle of the canvas."""
        for item, known in self._entries.items():
            if dpg.is_item_hovered(item):
                self._editor.add_node(known.type_name())

    def enter(self) -> None:
        """Enter in the search field adds the first that is found."""
        query = dpg.get_value(self._search)
        typing = dpg.is_item_active(self._search) or dpg.is_item_focused(self._search)
        if typing and query and (found := ranked(self._editor.library, query)):
            self._editor.add_node(found[0].type_name())

    def _fill(self, query: str) -> None:
        dpg.delete_item(self._list, children_only=True)
        self._entries = {}
        dpg.push_container_stack(self._list)
        families = by_family(self._editor.library, query)
        for family, types in families.items():
            self._add_family(family, types)
        if not self._editor.library:
            words("loading…", style.MUTED)
        elif not families:
            words("No node type is called that.", style.MUTED)
        dpg.pop_container_stack()

    def _add_family(self, family: str, types: list[type[NodeType]]) -> None:
        colour = style.lightened(style.family_colour(family))
        item = dpg.add_text(family.split(" and ")[0].upper(), color=colour)
        dpg.bind_item_font(item, self._editor.fonts.small)
        for known in types:
            self._add_entry(known)
        dpg.add_spacer(height=scale(4))

    def _add_entry(self, known: type[NodeType]) -> None:
        name = known.type_name()
        entry = dpg.add_selectable(
            label=f"   {name}",
            tag=f"palette/{name}",
            callback=lambda item: dpg.set_value(item, False),
        )
        tooltip(entry, known.help())
        self._entries[entry] = known
