"""The list of problems: a click shows the node, a button repairs it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import dearpygui.dearpygui as dpg

from app.editor.panels.panel import Panel
from app.editor.session.session import Part
from app.editor.session.wording import place_of, problem_text
from app.editor.theme import style, theme
from app.editor.theme.area import Area
from app.editor.theme.icons import icon
from app.editor.theme.style import scale
from app.editor.theme.widgets import button, words

if TYPE_CHECKING:
    from graphs.document.problems import Problem

MOST = 200
"""More problems than this are only counted."""


class Problems(Panel):
    """A tab with what is wrong."""

    tag = "problems"
    listens = frozenset({"analysis", "document"})
    padding = None

    def place(self, area: Area) -> None:
        """The tabs have taken a place; the list fills what they leave it."""
        self.area = area

    def build(self) -> None:
        self._shown: object = None
        self.refresh(self.listens)

    def refresh(self, parts: frozenset[Part]) -> None:
        session = self._session
        places = tuple(place_of(session.document, p) for p in session.problems)
        state = (session.analysis is None, session.problems, places)
        if state != self._shown:
            self._shown = state
            dpg.delete_item(self.root, children_only=True)
            dpg.push_container_stack(self.root)
            self._fill(places)
            dpg.pop_container_stack()

    def _fill(self, places: tuple[str, ...]) -> None:
        problems = self._session.problems
        for index, problem in enumerate(problems[:MOST]):
            self._add(index, problem, places[index])
        if len(problems) > MOST:
            words(f"… and {len(problems) - MOST} more", style.MUTED)
        if self._session.analysis is None:
            words("Not checked yet: PyTorch is loading…", style.MUTED)
        elif not problems:
            well = f"{icon('check-circle')}  No problems: this document can be trained."
            words(well, style.GOOD)

    def _add(self, index: int, problem: Problem, place: str) -> None:
        show = partial(self._commands.run, "show_node", problem.node, problem.graph)
        with dpg.group(horizontal=True):
            words(icon("x-circle"), style.ERROR)
            item = button(place, show, tag=f"problems/{index}")
            dpg.bind_item_theme(item, theme.flat())
            room = self.area.width - scale(360)
            words(problem_text(problem), wrap=max(room, scale(200)) + scale(170))
            for number, fix in enumerate(problem.fixes):
                repair = partial(self._commands.run, "apply_fix", fix)
                button(fix.title, repair, tag=f"problems/{index}/fix/{number}")
