"""The exported program, live: coloured, with the lines of the selected node lit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dearpygui.dearpygui as dpg

from app.editor.theme import style, theme
from app.editor.theme.highlight import Piece, lines_of, pieces
from app.editor.theme.icons import icon
from app.editor.theme.style import faded, hexed, scale
from app.editor.theme.widgets import Item, button, words

if TYPE_CHECKING:
    from app.editor.window.window import Editor

LINE = 20
COLUMN = 0.6 / 1.32
"""How wide a character of the mono font is, as part of the font's size."""
GUTTER = 46
COLOURS = {
    "plain": style.TEXT,
    "keyword": hexed("#c792ea"),
    "string": hexed("#a5cf8a"),
    "comment": hexed("#7d8696"),
    "number": hexed("#f2a56b"),
    "name": hexed("#7fc1f2"),
}


class Code:
    """A tab that shows what Export writes."""

    def __init__(self, editor: Editor, parent: Item) -> None:
        self._editor = editor
        self._source = ""
        self._lines: list[list[Piece]] = []
        self._shown: object = None
        self._followed: object = None
        with dpg.group(horizontal=True, parent=parent):
            self._note = words("", style.MUTED)
            copy = f"{icon('copy')} Copy"
            self._copy = button(copy, lambda: dpg.set_clipboard_text(self._source), tag="code/copy")
            self._export = button(f"{icon('export')} Export…", lambda: editor.actions.run("export"))
        self._scroll = dpg.add_child_window(
            parent=parent, border=False, horizontal_scrollbar=True, tag="code"
        )
        dpg.bind_item_theme(self._scroll, theme.bare())
        self._list = dpg.add_drawlist(10, 10, parent=self._scroll)

    def update(self) -> None:
        """Show the newest program, and what of it is in sight."""
        if self._editor.source != self._source:
            self._take(self._editor.source)
        self._say()
        self._draw_in_sight()

    def _take(self, source: str) -> None:
        self._source = source
        self._lines = pieces(source) if source else []
        longest = max((len(line) for line in source.split("\n")), default=0)
        w = scale(GUTTER) + longest * self._column + scale(20)
        dpg.configure_item(self._list, width=int(w), height=max(len(self._lines), 1) * scale(LINE))
        self._shown = None

    def _say(self) -> None:
        if self._source:
            text = f"{len(self._lines)} lines of plain PyTorch, trained as they stand"
        else:
            text = "The program appears here when the document has no problems."
        if dpg.get_value(self._note) != text:
            dpg.set_value(self._note, text)
        for item in (self._copy, self._export):
            dpg.configure_item(item, show=bool(self._source))

    @property
    def _column(self) -> float:
        size = dpg.get_text_size("0" * 100, font=self._editor.fonts.mono)
        return size[0] / 100 if size and size[0] else scale(theme.CODE_SIZE) * COLUMN

    def _draw_in_sight(self) -> None:
        count = dpg.get_item_rect_size(self._scroll)[1] // scale(LINE) + 2
        lit = self._lit()
        self._follow(lit, count)
        first = int(dpg.get_y_scroll(self._scroll) // scale(LINE))
        state = (self._source, first, count, lit)
        if state != self._shown:
            self._shown = state
            dpg.delete_item(self._list, children_only=True)
            for number in range(first, min(first + count, len(self._lines))):
                self._draw_line(number, number in lit)

    def _follow(self, lit: frozenset[int], count: int) -> None:
        """When another node is selected, scroll to its first line."""
        selection = self._editor.model.selection
        if selection != self._followed:
            self._followed = selection
            if lit:
                dpg.set_y_scroll(self._scroll, max(min(lit) - count // 3, 0) * scale(LINE))

    def _lit(self) -> frozenset[int]:
        model = self._editor.model
        if not self._source or len(model.selection) != 1:
            return frozenset()
        (id,) = model.selection
        return lines_of(self._source, id, model.graph.nodes[id])

    def _draw_line(self, number: int, lit: bool) -> None:
        y, size = number * scale(LINE), scale(theme.CODE_SIZE)
        if lit:
            right = dpg.get_item_width(self._list)
            area = (0, y), (max(right, 4000), y + scale(LINE))
            fill = faded(style.ACCENT, 45)
            dpg.draw_rectangle(*area, fill=fill, color=(0, 0, 0, 0), parent=self._list)
        self._text(scale(4), y, f"{number + 1:>4}", faded(style.MUTED, 130), size)
        for piece in self._lines[number]:
            x = scale(GUTTER) + piece.column * self._column
            self._text(x, y, piece.text, COLOURS[piece.role], size)

    def _text(self, x: float, y: float, text: str, colour: style.Colour, size: int) -> None:
        item = dpg.draw_text((x, y + 1), text, size=size, color=colour, parent=self._list)
        dpg.bind_item_font(item, self._editor.fonts.mono)
