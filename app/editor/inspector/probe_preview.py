"""The newest pictures of the selected image probe, small; the monitor shows all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dearpygui.dearpygui as dpg

from app.editor.canvas.probe_thumbnails import Peek, Peeker
from app.editor.theme import style
from app.editor.theme.style import scale
from app.editor.theme.widgets import Item, words

if TYPE_CHECKING:
    from app.editor.window.window import Editor
    from app.runs.run_folder import Run

ROOM = 230
"""Pixels of the longer side."""


class ProbeView:
    """A picture below the form of a probe, for as long as the form is there."""

    def __init__(self, editor: Editor, node: str) -> None:
        self._editor, self._node = editor, node
        self._peeker: Peeker | None = None
        self._run: Run | None = None
        self._texture: Item = 0
        self._group = dpg.add_group(tag="inspector/probe")

    def update(self) -> None:
        """Follow the run of this document, and draw what is new."""
        run = self._editor.run_controls.run
        if run != self._run:
            self.close()
            self._run = run
            self._peeker = Peeker(run, self._node, scale(ROOM)) if run else None
        if self._peeker and self._peeker.peeks:
            self._draw(self._peeker.peeks.popleft())
            self._editor.wake()

    def close(self) -> None:
        """Take the picture away, and look no more."""
        if self._peeker:
            self._peeker.stop()
        self._peeker = self._run = None
        self._clear()

    def _clear(self) -> None:
        if dpg.does_item_exist(self._group):
            dpg.delete_item(self._group, children_only=True)
        if self._texture:
            dpg.delete_item(self._texture)
        self._texture = 0

    def _draw(self, peek: Peek) -> None:
        self._clear()
        with dpg.texture_registry():
            self._texture = dpg.add_static_texture(peek.width, peek.height, peek.pixels)
        words(f"after step {peek.step:,}", style.MUTED, parent=self._group)
        dpg.add_image(self._texture, parent=self._group, tag="inspector/probe/image")
