"""The list of problems: a click shows the node, a button repairs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dearpygui.dearpygui as dpg

from app.editor.canvas.hover import problem_text
from app.editor.canvas.node_captions import title_of
from app.editor.theme import style, theme
from app.editor.theme.icons import icon
from app.editor.theme.style import scale
from app.editor.theme.widgets import Item, button, words
from graphs.document.document import MAIN, Document

if TYPE_CHECKING:
    from app.editor.window.window import Editor
    from graphs.document.problems import Problem

MOST = 200
"""More problems than this are only counted."""


class Problems:
    """A tab with what is wrong."""

    def __init__(self, editor: Editor, parent: Item) -> None:
        self._editor = editor
        self._shown: object = None
        self._list = dpg.add_child_window(parent=parent, border=False, tag="problems")

    @property
    def all(self) -> tuple[Problem, ...]:
        """What the last check found."""
        checked = self._editor.model.checked
        return checked.problems if checked else ()

    def update(self) -> None:
        """List the problems of the last check."""
        model = self._editor.model
        state = (id(model.checked), bool(self._editor.library), bool(model.graph.nodes))
        if state != self._shown:
            self._shown = state
            self._fill()

    def _fill(self) -> None:
        dpg.delete_item(self._list, children_only=True)
        dpg.push_container_stack(self._list)
        for index, problem in enumerate(self.all[:MOST]):
            self._add(index, problem)
        if len(self.all) > MOST:
            words(f"… and {len(self.all) - MOST} more", style.MUTED)
        if not self.all:
            words(*self._all_well())
        dpg.pop_container_stack()

    def _all_well(self) -> tuple[str, style.Colour]:
        if self._editor.model.checked is None:
            return "Not checked yet: PyTorch is loading…", style.MUTED
        return (
            f"{icon('check-circle')}  No problems: this document can be trained.",
            style.GOOD,
        )

    def _add(self, index: int, problem: Problem) -> None:
        with dpg.group(horizontal=True):
            words(icon("x-circle"), style.ERROR)
            label = dpg.add_button(
                label=self._where(problem),
                tag=f"problems/{index}",
                callback=lambda: self._show(problem),
            )
            dpg.bind_item_theme(label, theme.flat())
            room = self._editor.bottom.area.width - scale(360)
            words(problem_text(problem), wrap=max(room, scale(200)) + scale(170))
            for number, fix in enumerate(problem.fixes):
                action = lambda fix=fix: self._editor.apply_fix(fix)  # noqa: E731
                button(fix.title, action, tag=f"problems/{index}/fix/{number}")

    def _show(self, problem: Problem) -> None:
        if problem.node:
            self._editor.jump_to(problem.node, problem.graph)
        elif problem.graph != self._editor.model.graph_name:
            self._editor.blocks.show(problem.graph)

    def _where(self, problem: Problem) -> str:
        return place_of(self._editor.model.document, problem)


def place_of(document: Document, problem: Problem) -> str:
    """Where something is wrong: `Conv2d.x`, in a block `Generator / Conv2d.x`."""
    graph = document.graphs.get(problem.graph)
    node = graph.nodes.get(problem.node) if graph and problem.node else None
    place = title_of(node) if node else ""
    if problem.port:
        place = f"{place}.{problem.port}"
    block = problem.graph if problem.graph != MAIN else ""
    return " / ".join(filter(None, (block, place))) or "Document"
