"""A whole window that is on no screen: its loop is turned by the test."""

from collections import Counter
from pathlib import Path

import dearpygui.dearpygui as dpg

from app.editor.session.session import Session
from app.editor.window.window import Window
from graphs.check.results import Checked
from graphs.document.document import Document


class CountingChecker:
    """Counts what it is asked, and checks nothing."""

    def __init__(self) -> None:
        self.checks = 0
        self.prints = 0

    def ask(self, document: Document, folder: Path | None) -> None:
        self.checks += 1

    def print(self, document: Document, folder: Path | None, checked: Checked) -> None:
        self.prints += 1


class OffScreen:
    """A window with its panels; `refreshed` counts who was told of a change."""

    def __init__(self, session: Session) -> None:
        self.checker = CountingChecker()
        self.window = Window(session, self.checker)
        self.refreshed: Counter[str] = Counter()
        for listener in self.window._listeners:
            self._count(listener)
        self.window.begin()
        self.settle()

    def _count(self, listener: object) -> None:
        name, refresh = type(listener).__name__, listener.refresh  # type: ignore[attr-defined]

        def counted(parts: frozenset[str]) -> None:
            self.refreshed[name] += 1
            refresh(parts)

        listener.refresh = counted  # type: ignore[attr-defined]

    def settle(self) -> None:
        """Turn the loop until nothing is left to be shown, and count from zero."""
        for _ in range(3):
            self.window.frame()
        self.refreshed.clear()


def items() -> set[int]:
    """Every widget and drawing that there is."""
    return set(dpg.get_all_items())
