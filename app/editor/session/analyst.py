"""Asks the checker about the document whenever something has changed that it looks at. No GUI."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from app.editor.session.checker_thread import Failed, Found, Loaded, News, Printed
from app.editor.session.session import Part, Session
from graphs.document.document import Document

if TYPE_CHECKING:
    from graphs.check.results import Checked


class Asked(Protocol):
    """Who checks and prints. What comes of it arrives as news."""

    def ask(self, document: Document, folder: Path | None) -> None:
        """Check a document, soon."""

    def print(self, document: Document, folder: Path | None, checked: Checked) -> None:
        """Print the program of a checked document, soon."""


class Analyst:
    """Remembers what was asked last, so that a node that is moved asks nothing."""

    listens: frozenset[Part] = frozenset({"document", "file", "analysis", "source"})

    def __init__(self, session: Session, checker: Asked) -> None:
        self._session, self._checker = session, checker
        self._asked: object = None
        self._printing: object = None
        self._python_files: tuple[str, ...] = ()
        self._stamps: tuple[tuple[int, int], ...] = ()

    def refresh(self, parts: frozenset[Part]) -> None:
        """Some parts of the session have changed."""
        if "analysis" in parts:
            self._watch_python_files()
        if parts & {"document", "file"}:
            self._ask()
        if parts & {"analysis", "source"}:
            self._print()

    def poll(self) -> None:
        """See whether a Python file that the document names has changed on the disk."""
        if self._python_files and self._stamps != self._stamps_now():
            self._stamps = self._stamps_now()
            self._ask()

    def _ask(self) -> None:
        session = self._session
        question = session.document.content, session.folder, session.trusts, self._stamps
        if question != self._asked:
            self._asked = question
            self._checker.ask(session.document, session.folder)

    def _print(self) -> None:
        session, analysis = self._session, self._session.analysis
        if analysis and session.wants_source and self._printing is not analysis:
            self._printing = analysis
            self._checker.print(analysis.document, session.folder, analysis.checked)

    def _watch_python_files(self) -> None:
        checked = self._session.checked
        graphs = checked.graphs.values() if checked else ()
        types = (type_ for graph in graphs for type_ in graph.types.values())
        self._python_files = tuple({name: None for type_ in types for name in type_.python_files})

    def _stamps_now(self) -> tuple[tuple[int, int], ...]:
        folder = self._session.folder
        return tuple(_stamp(folder / name) for name in self._python_files) if folder else ()


def receive(session: Session, news: News) -> None:
    """Tell a session what its checker has found out."""
    if isinstance(news, Loaded):
        session.was_loaded(news.library, news.devices)
    elif isinstance(news, Found):
        session.was_checked(news.document, news.checked)
    elif isinstance(news, Printed):
        session.was_printed(news.document, news.source)
    elif isinstance(news, Failed):
        session.fail(news.text)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size
