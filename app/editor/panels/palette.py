"""The palette: every node type by family, with search. Drag one onto the canvas, or double click
it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import dearpygui.dearpygui as dpg

from app.editor.canvas.wiring_rules import new_node
from app.editor.panels.panel import Panel
from app.editor.session.block_uses import USE, counted_uses, inside
from app.editor.session.session import Part
from app.editor.session.wording import block_of, counted
from app.editor.theme import style, theme
from app.editor.theme.icons import icon
from app.editor.theme.style import scale
from app.editor.theme.widgets import Item, text_field, tooltip, words
from graphs.document.document import Node
from nodes.families import FAMILIES
from nodes.search import by_family, ranked

if TYPE_CHECKING:
    from graphs.nodetypes.node_type import NodeType

ABOUT_BLOCKS = (
    "Drag it onto the canvas to use it there. A right click opens, renames or deletes it. A block "
    "cannot be used inside itself."
)
DRAG = 4.0
"""A press on an entry that moves this many pixels carries the entry away."""


class Palette(Panel):
    """Node types to choose from."""

    tag = "palette"
    listens = frozenset({"library", "document", "graph"})
    scrolls = False

    def build(self) -> None:
        self._shown: object = None
        self._entries: dict[Item, Node] = {}
        self._pressed: Node | None = None
        self._pressed_at: Sequence[float] = (0.0, 0.0)
        self._search = text_field(
            tag="palette/search",
            hint=f"{icon('magnifying-glass')}  Search nodes",
            width=-1,
            callback=lambda: self._show(),
        )
        tooltip(self._search, "Type to search; Enter adds the first that is found.")
        self._list = dpg.add_child_window(border=False)
        self._show()

    def refresh(self, parts: frozenset[Part]) -> None:
        self._show()

    def _show(self) -> None:
        """List what the search finds, where that has changed."""
        session, query = self._session, dpg.get_value(self._search)
        uses = counted_uses(session.document, session.library)
        state = (query, session.library, uses, session.trail)
        if state != self._shown:
            self._shown = state
            self._fill(query, uses)

    def press(self, button: int) -> None:
        if button == dpg.mvMouseButton_Right:
            self._open_menu()
        if button != dpg.mvMouseButton_Left:
            return
        self._pressed_at = dpg.get_mouse_pos(local=False)
        self._pressed = next(
            (node for item, node in self._entries.items() if dpg.is_item_hovered(item)), None
        )

    def _open_menu(self) -> None:
        for item, node in self._entries.items():
            if dpg.is_item_hovered(item) and (name := block_of(node)):
                self._commands.run("menu_of_block", name)

    def move(self) -> None:
        """With an entry under the button the mouse begins to carry a node."""
        if not dpg.is_mouse_button_down(dpg.mvMouseButton_Left):
            self._pressed = None
        if self._pressed and math.dist(dpg.get_mouse_pos(local=False), self._pressed_at) > DRAG:
            node, self._pressed = self._pressed, None
            self._commands.run("carry", node)

    def double_click(self) -> None:
        """A double click on an entry adds it in the middle of the canvas."""
        for item, node in self._entries.items():
            if dpg.is_item_hovered(item):
                self._commands.run("add_node", node)

    def enter(self) -> None:
        """Enter in the search field adds the first that is found."""
        query = dpg.get_value(self._search)
        typing = dpg.is_item_active(self._search) or dpg.is_item_focused(self._search)
        if typing and query and (found := ranked(self._session.library, query)):
            self._commands.run("add_type", found[0].type_name())

    def _fill(self, query: str, uses: Mapping[str, int]) -> None:
        dpg.delete_item(self._list, children_only=True)
        self._entries = {}
        dpg.push_container_stack(self._list)
        found = ranked(self._session.library, query)
        blocks = {name: n for name, n in uses.items() if query.lower().strip() in name.lower()}
        if blocks and self._session.library:
            self._add_blocks(blocks)
        if query.strip():
            self._add_types(found)
        else:
            self._add_families()
        if not self._session.library:
            words("loading…", style.MUTED)
        elif not found and not blocks:
            words("No node type is called that.", style.MUTED)
        dpg.pop_container_stack()

    def _add_blocks(self, blocks: Mapping[str, int]) -> None:
        self._heading("BLOCKS OF THIS DOCUMENT", "Blocks")
        document, library = self._session.document, self._session.library
        around = set(self._session.trail)
        for name, count in blocks.items():
            said = counted(count, "use") if count else "not used"
            node = new_node(library[USE], block=name)
            entry = self._add_entry(f"block/{name}", f"{name}   ({said})", ABOUT_BLOCKS, node)
            if name in around or around & inside(document, library, name):
                dpg.configure_item(entry, enabled=False)
                del self._entries[entry]
        dpg.add_spacer(height=scale(4))

    def _heading(self, text: str, family: str) -> Item:
        item: Item = dpg.add_text(text, color=style.lightened(style.family_colour(family)))
        dpg.bind_item_font(item, theme.fonts().small)
        return item

    def _add_families(self) -> None:
        abouts = {family.name: family.about for family in FAMILIES}
        for family, types in by_family(self._session.library).items():
            tooltip(self._heading(family.upper(), family), abouts[family])
            self._add_types(types)

    def _add_types(self, types: Sequence[type[NodeType]]) -> None:
        for known in types:
            name = known.type_name()
            self._add_entry(name, name, known.help(), new_node(known))
        dpg.add_spacer(height=scale(4))

    def _add_entry(self, tag: str, label: str, about: str, node: Node) -> Item:
        entry: Item = dpg.add_selectable(
            label=f"   {label}",
            tag=f"palette/{tag}",
            callback=lambda item: dpg.set_value(item, False),
        )
        tooltip(entry, about)
        self._entries[entry] = node
        return entry
