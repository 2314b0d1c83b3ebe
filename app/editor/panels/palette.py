"""The palette: every node type by family, with search. Drag one onto the canvas, or double click
it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import dearpygui.dearpygui as dpg

from app.editor.canvas.gestures import DropNode
from app.editor.canvas.node_captions import block_of, title_of
from app.editor.canvas.wiring_rules import new_node, shape_of_new
from app.editor.commands.add_nodes import add_made
from app.editor.panels.footer import counted
from app.editor.panels.panel import Panel
from app.editor.session.block_uses import USE, counted_uses, inside
from app.editor.theme import style
from app.editor.theme.icons import icon
from app.editor.theme.style import scale
from app.editor.theme.widgets import Item, text_field, tooltip, words
from graphs.document.document import Node
from nodes.families import FAMILIES
from nodes.search import by_family, ranked

if TYPE_CHECKING:
    from app.editor.window.window import Editor
    from graphs.nodetypes.node_type import NodeType

ABOUT_BLOCKS = (
    "Drag it onto the canvas to use it there. A right click opens, renames or deletes it. A block "
    "cannot be used inside itself."
)
DRAG = 4.0
"""A press on an entry that moves this many pixels carries the entry away."""


class Palette(Panel):
    """Node types to choose from."""

    def __init__(self, editor: Editor) -> None:
        super().__init__(editor.window, "palette", scrolls=False)
        self._editor = editor
        self._shown: object = None
        self._entries: dict[Item, Node] = {}
        self._pressed: Node | None = None
        self._pressed_at: Sequence[float] = (0.0, 0.0)
        self._search = text_field(
            tag="palette/search",
            parent=self.root,
            hint=f"{icon('magnifying-glass')}  Search nodes",
            width=-1,
        )
        tooltip(self._search, "Type to search; Enter adds the first that is found.")
        self._list = dpg.add_child_window(parent=self.root, border=False)

    def update(self) -> None:
        query = dpg.get_value(self._search)
        uses = counted_uses(self._editor.model.document, self._editor.library)
        state = (query, len(self._editor.library), uses, self._editor.model.trail)
        if state != self._shown:
            self._shown = state
            self._fill(query, uses)

    def press(self, button: int) -> None:
        """A mouse button went down, anywhere."""
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
                self._editor.menu.open(self._editor.blocks.menu_of_block(name))

    def drag(self) -> None:
        """The mouse moved; with an entry under the button it begins to carry a node."""
        if not dpg.is_mouse_button_down(dpg.mvMouseButton_Left):
            self._pressed = None
        if self._pressed and math.dist(dpg.get_mouse_pos(local=False), self._pressed_at) > DRAG:
            node = self._pressed
            shape = shape_of_new(self._editor.library, node)
            model = self._editor.model
            drop = DropNode(model.graph_name, model.graph, node, shape, f"Add {title_of(node)}")
            self._pressed = None
            self._editor.hand.begin_drop(drop)

    def double_click(self) -> None:
        """A double click on an entry adds it in the middle of the canvas."""
        for item, node in self._entries.items():
            if dpg.is_item_hovered(item):
                add_made(self._editor, node)

    def enter(self) -> None:
        """Enter in the search field adds the first that is found."""
        query = dpg.get_value(self._search)
        typing = dpg.is_item_active(self._search) or dpg.is_item_focused(self._search)
        if typing and query and (found := ranked(self._editor.library, query)):
            self._editor.add_node(found[0].type_name())

    def _fill(self, query: str, uses: Mapping[str, int]) -> None:
        dpg.delete_item(self._list, children_only=True)
        self._entries = {}
        dpg.push_container_stack(self._list)
        found = ranked(self._editor.library, query)
        blocks = {name: n for name, n in uses.items() if query.lower().strip() in name.lower()}
        if blocks and self._editor.library:
            self._add_blocks(blocks)
        if query.strip():
            self._add_types(found)
        else:
            self._add_families()
        if not self._editor.library:
            words("loading…", style.MUTED)
        elif not found and not blocks:
            words("No node type is called that.", style.MUTED)
        dpg.pop_container_stack()

    def _add_blocks(self, blocks: Mapping[str, int]) -> None:
        self._heading("BLOCKS OF THIS DOCUMENT", "Blocks")
        document, library = self._editor.model.document, self._editor.library
        around = set(self._editor.model.trail)
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
        dpg.bind_item_font(item, self._editor.fonts.small)
        return item

    def _add_families(self) -> None:
        abouts = {family.name: family.about for family in FAMILIES}
        for family, types in by_family(self._editor.library).items():
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
