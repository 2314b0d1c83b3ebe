"""Commands that a key, a button or a menu may give."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import dearpygui.dearpygui as dpg

from app.editor.canvas.auto_layout import arranged
from app.editor.session.editing_session import read_clip
from graphs.document.edits import Move

if TYPE_CHECKING:
    from app.editor.window.window import Editor

ZOOM_STEP = 1.25


class Actions:
    """Runs commands by name."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        model = editor.model
        self._table: dict[str, Callable[[], object]] = {
            "undo": model.undo,
            "redo": model.redo,
            "cut": self._cut,
            "copy": self._copy,
            "paste": self._paste,
            "duplicate": self._duplicate,
            "remove": model.remove_selected,
            "select_all": lambda: model.select(frozenset(model.graph.nodes)),
            "arrange": self._arrange,
            "frame": editor.canvas.frame,
            "zoom_in": lambda: self._zoom(ZOOM_STEP),
            "zoom_out": lambda: self._zoom(1 / ZOOM_STEP),
            "escape": self._escape,
        }

    def add(self, **commands: Callable[[], object]) -> None:
        """Let other parts of the window take commands."""
        self._table.update(commands)

    def run(self, command: str) -> None:
        """Do what a command says, unless a gesture or a question is in the way."""
        editor = self._editor
        if editor.hand.is_busy and command != "escape":
            return
        editor.model.stop_merging()
        self._table[command]()

    def _copy(self) -> None:
        if self._editor.model.selection:
            dpg.set_clipboard_text(self._editor.model.copied())

    def _cut(self) -> None:
        self._copy()
        self._editor.model.remove_selected()

    def _paste(self) -> None:
        text = dpg.get_clipboard_text()
        self._editor.attempt(lambda: self._editor.blocks.paste(read_clip(text), "Paste"))

    def _duplicate(self) -> None:
        model = self._editor.model
        if model.selection:
            self._editor.blocks.paste(read_clip(model.copied()), "Duplicate")

    def _arrange(self) -> None:
        positions = arranged(self._editor.canvas.picture.scene)
        if positions:
            graph = self._editor.model.graph_name
            self._editor.model.do(Move(graph=graph, positions=positions), title="Lay out")
            self._editor.canvas.frame()

    def _zoom(self, factor: float) -> None:
        canvas = self._editor.canvas
        middle = (canvas.size[0] / 2, canvas.size[1] / 2)
        at = canvas.mouse if canvas.is_hovered else middle
        canvas.look_from(canvas.camera.zoomed(at, factor))

    def _escape(self) -> None:
        if not self._editor.hand.cancel():
            self._editor.model.select()
