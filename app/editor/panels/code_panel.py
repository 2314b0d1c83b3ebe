"""The exported program, live: coloured, with the lines of the selected node lit."""

from __future__ import annotations

import dearpygui.dearpygui as dpg

from app.editor.panels.panel import Panel
from app.editor.session.session import Part
from app.editor.theme import style, theme
from app.editor.theme.area import Area
from app.editor.theme.highlight import Piece, lines_of, pieces
from app.editor.theme.icons import icon
from app.editor.theme.style import faded, hexed, scale
from app.editor.theme.widgets import button, words

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


class Code(Panel):
    """A tab that shows what Export writes. It is printed while the tab is in front."""

    tag = "code/panel"
    listens = frozenset({"document", "file", "analysis", "source", "graph", "selection"})
    padding = None
    scrolls = False

    def place(self, area: Area) -> None:
        """The tabs have taken a place; the code fills what they leave it."""
        self.area = area

    def build(self) -> None:
        self.source = ""
        """What is shown: the newest program that was printed."""
        self._lines: list[list[Piece]] = []
        self._lit: frozenset[int] = frozenset()
        self._in_sight: tuple[int, int] | None = None
        self._followed: frozenset[str] = frozenset()
        with dpg.group(horizontal=True):
            self._note = words("", style.MUTED, tag="code/note")
            self._buttons = [
                button(f"{icon('copy')} Copy", self._copy, tag="code/copy"),
                button(f"{icon('export')} Export…", self._write, tag="code/export"),
            ]
        self._scroll = dpg.add_child_window(border=False, horizontal_scrollbar=True, tag="code")
        dpg.bind_item_theme(self._scroll, theme.bare())
        self._list = dpg.add_drawlist(10, 10, parent=self._scroll)
        self._take("")

    def refresh(self, parts: frozenset[Part]) -> None:
        session = self._session
        if not session.source:
            session.want_source()
        is_old = session.analysis is not None and not session.problems and not session.source
        if session.source != self.source and not is_old:
            self._take(session.source)
        self._light()

    def _copy(self) -> None:
        self._commands.run("copy_text", self.source)

    def _write(self) -> None:
        self._commands.run("export")

    def _take(self, source: str) -> None:
        self.source = source
        self._lines = pieces(source) if source else []
        longest = max((len(line) for line in source.split("\n")), default=0)
        w = scale(GUTTER) + longest * self._column + scale(20)
        dpg.configure_item(self._list, width=int(w), height=max(len(self._lines), 1) * scale(LINE))
        self._in_sight = None
        self._say()

    def _say(self) -> None:
        if self.source:
            text = f"{len(self._lines)} lines of plain PyTorch, trained as they stand"
        else:
            text = "The program appears here when the document has no problems."
        dpg.set_value(self._note, text)
        for item in self._buttons:
            dpg.configure_item(item, show=bool(self.source))

    @property
    def _column(self) -> float:
        size = dpg.get_text_size("0" * 100, font=theme.fonts().mono)
        return size[0] / 100 if size and size[0] else scale(theme.CODE_SIZE) * COLUMN

    def _light(self) -> None:
        """Light the lines of the selected node; scroll to the first when another is selected."""
        id = self._session.selected_node
        node = self._session.graph.nodes[id] if id else None
        lit = lines_of(self.source, id, node) if self.source and id and node else frozenset()
        if lit != self._lit:
            self._lit, self._in_sight = lit, None
        if self._session.selection != self._followed:
            self._followed = self._session.selection
            if lit:
                top = max(min(lit) - self._lines_in_sight[1] // 3, 0)
                dpg.set_y_scroll(self._scroll, top * scale(LINE))

    @property
    def _lines_in_sight(self) -> tuple[int, int]:
        """The first line that the scroll bar leaves in sight, and how many there are."""
        first = int(dpg.get_y_scroll(self._scroll) // scale(LINE))
        return first, int(dpg.get_item_rect_size(self._scroll)[1]) // scale(LINE) + 2

    def poll(self) -> None:
        """Draw the lines in sight when they are others."""
        if self._in_sight != self._lines_in_sight:
            self._in_sight = first, count = self._lines_in_sight
            dpg.delete_item(self._list, children_only=True)
            for number in range(first, min(first + count, len(self._lines))):
                self._draw_line(number, number in self._lit)

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
        dpg.bind_item_font(item, theme.fonts().mono)
