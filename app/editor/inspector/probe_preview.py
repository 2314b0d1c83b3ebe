"""The newest pictures of the selected image probe, small; the monitor shows all of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import dearpygui.dearpygui as dpg

from app.editor.inspector.probe_thumbnails import Peek, Peeker
from app.editor.session.session import Session
from app.editor.theme import style
from app.editor.theme.style import scale
from app.editor.theme.widgets import Item, words

if TYPE_CHECKING:
    from app.runs.run_folder import Run

ROOM = 230
"""Pixels of the longer side."""


class ProbeView:
    """A picture below the form of a probe, for as long as the form is there."""

    def __init__(self, session: Session, node: str) -> None:
        self._session, self._node = session, node
        self._peeker: Peeker | None = None
        self._run: Run | None = None
        self._texture: Item = 0
        self._group = dpg.add_group(tag="inspector/probe")

    def refresh(self) -> None:
        """Follow the run of this document."""
        run = self._session.training.run
        if run != self._run:
            self.close()
            self._run = run
            self._peeker = Peeker(run, self._node, scale(ROOM), self._post(run)) if run else None

    def _post(self, run: Run) -> Callable[[Peek], None]:
        """For the thread: draw a picture, unless another run is followed by then."""
        return lambda peek: self._session.inbox.post(lambda: self._take(run, peek))

    def _take(self, run: Run, peek: Peek) -> None:
        if run is self._run:
            self._draw(peek)

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
