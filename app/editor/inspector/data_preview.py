"""What a data node gives, below its form: some samples, shapes, classes and ranges."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from typing import Any

import dearpygui.dearpygui as dpg

from app.editor.session.preview_process import Previewer
from app.editor.session.session import Session
from app.editor.theme import style, theme
from app.editor.theme.style import scale
from app.editor.theme.widgets import Item, icon_button, words
from graphs.document.document import MAIN

PICTURE = 42
"""Height and width of a picture, in pixels at scale 1."""
CURVE = 34
FEW_CLASSES = 12
CURVES = 4
ROWS = 5
WAITING = "Reading a few samples…"
PERIOD = 0.5
"""Seconds between two looks at the clock while one waits."""


class Preview:
    """Shows what the selected data node gives, as soon as it is known."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._previewer = Previewer(self._post)
        self._waits_for: str | None = None
        self._look_at = 0.0
        self._textures: list[Item] = []
        self._root: Item = 0
        self._shown: object = None
        self.answer: dict[str, Any] | None = None
        """What is shown."""

    def build(self, id: str) -> None:
        """Make room for a data node's preview in the panel that is being built."""
        self._shown = self.answer = None
        dpg.add_spacer(height=scale(6))
        with dpg.group(horizontal=True):
            words("Preview", style.MUTED)
            icon_button(
                "arrow-counter-clockwise",
                lambda: self._look_again(id),
                tip="Look at the files again",
                tag="inspector/preview/again",
            )
        self._root = dpg.add_group(tag="inspector/preview")

    def _post(self) -> None:
        """The previewer's thread has heard something."""
        self._session.inbox.post(lambda: self._session.tell("preview"))

    def _look_again(self, id: str) -> None:
        """The files may have changed."""
        self._previewer.forget()
        self.refresh(id)

    def refresh(self, id: str) -> None:
        """Show what is known now."""
        session = self._session
        self._waits_for = None
        if session.graph_name != MAIN or not session.is_checked:
            return
        answer = self._previewer.answer(session.document, id, session.folder)
        if answer is None:
            self._waits_for, self._look_at = id, time.monotonic() + PERIOD
        if self._shown != (id, answer):
            self._shown, self.answer = (id, answer), answer
            self._show(answer)

    def poll(self) -> None:
        """While an answer is waited for, see now and then whether it takes too long."""
        if self._waits_for and time.monotonic() > self._look_at:
            self.refresh(self._waits_for)

    def leave(self) -> None:
        """Another node is shown."""
        self._waits_for = None

    def close(self) -> None:
        """The window closes."""
        self._previewer.stop()

    def _show(self, answer: dict[str, Any] | None) -> None:
        dpg.delete_item(self._root, children_only=True)
        for texture in self._textures:
            dpg.delete_item(texture)
        self._textures.clear()
        dpg.push_container_stack(self._root)
        if answer is None:
            words(WAITING, style.MUTED)
        elif "error" in answer:
            words(answer["error"], style.ERROR)
        else:
            self._contents(answer)
        dpg.pop_container_stack()

    def _contents(self, answer: dict[str, Any]) -> None:
        words(", ".join(f"{size:,} {name}" for name, size in answer["splits"].items()))
        if answer["looked_at"]:
            words(f"Looked at the first {answer['looked_at']:,} to train on.", style.MUTED)
        for field in answer["fields"]:
            dpg.add_spacer(height=scale(2))
            low, high = field["range"]
            words(f"{field['name']}  {field['shape']}  {field['dtype']}")
            words(f"{low:.4g} to {high:.4g}", style.MUTED)
            if field["classes"]:
                self._classes(field["classes"])
            else:
                self._samples(field["samples"])

    def _classes(self, counts: list[int]) -> None:
        """How many there are of each class; of many classes, the fewest and the most."""
        if len(counts) <= FEW_CLASSES:
            words("   ".join(f"{number}: {count:,}" for number, count in enumerate(counts)))
        else:
            words(f"{len(counts)} classes, {min(counts):,} to {max(counts):,} samples in each")

    def _samples(self, samples: dict[str, Any]) -> None:
        shown: dict[str, Callable[[Any], None]] = {
            "images": self._images,
            "curves": self._curves,
            "texts": self._texts,
            "rows": self._rows,
        }
        for kind, values in samples.items():
            shown[kind](values)

    def _images(self, images: list[dict[str, Any]]) -> None:
        with dpg.group(horizontal=True, horizontal_spacing=scale(4)):
            for image in images:
                pixels = [byte / 255 for byte in base64.b64decode(image["pixels"])]
                with dpg.texture_registry():
                    texture = dpg.add_static_texture(image["width"], image["height"], pixels)
                self._textures.append(texture)
                size = scale(PICTURE) / max(image["width"], image["height"])
                width, height = round(image["width"] * size), round(image["height"] * size)
                dpg.add_image(texture, width=width, height=height)

    def _curves(self, curves: list[list[float]]) -> None:
        for curve in curves[:CURVES]:
            plot = dpg.add_simple_plot(default_value=curve, height=scale(CURVE), width=-1)
            dpg.bind_item_theme(plot, theme.flat())

    def _texts(self, texts: list[str]) -> None:
        for text in texts[:CURVES]:
            words("".join(letter if letter.isprintable() else " " for letter in text))

    def _rows(self, rows: list[list[str]]) -> None:
        with dpg.table(header_row=False, policy=dpg.mvTable_SizingStretchProp):
            for _ in rows[0]:
                dpg.add_table_column()
            for row in rows[:ROWS]:
                with dpg.table_row():
                    for cell in row:
                        words(cell)
