"""The journal: every edit, appended to a file beside the document, so that a crash loses nothing.
No GUI.

The document's own file is never touched by it. A journal begins with the document that the edits
apply to; a line is one edit, undo or redo; a last line that is cut is left out. It goes away when
the document is saved or closed.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from app.editor.session.history import Change, History
from app.runs.locks import Lock, LockedError
from graphs.document.document import Document
from graphs.document.edits import Edit, EditError
from graphs.system.user_dirs import home

_EDITS: TypeAdapter[tuple[Edit, ...]] = TypeAdapter(tuple[Edit, ...])
LARGEST = 256 * 2**20
UNSAVED = "unsaved-"


class JournalError(ValueError):
    """A journal that cannot be used; its text is one sentence."""


class Journal:
    """Writes down what happens to one document, from the moment it is made."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._lock: Lock | None = None
        self.path: Path | None = None
        """The journal's file; None when another editor keeps it."""
        self._base = history.document
        self._written = False
        history.listeners.append(self._note)
        self.begin()

    def begin(self) -> None:
        """Keep the journal of the document that is edited now, from its present state on."""
        self._release()
        self.path = _take_place(self._history.path)
        self._lock = _locked(self.path) if self.path else None
        self._base, self._written = self._history.document, False

    def left_behind(self) -> Path | None:
        """The journal of an editor that crashed on this document; None when there is none worth
        it.
        """
        if self._history.path:
            found = [self.path] if self.path and not self._written else []
        else:
            found = [place for place in _unsaved() if not _is_kept(place)]
        return next((place for place in found if place.is_file() and recover(place).past), None)

    def adopt(self, journal: Path) -> None:
        """Go on in a journal that was left behind, whose edits have been taken over."""
        self._release()
        self.path, self._lock, self._written = journal, _locked(journal), True

    def discard(self) -> None:
        """The document is saved, or its changes are not wanted: forget them."""
        if self.path and self._written:
            self.path.unlink(missing_ok=True)
        self._base, self._written = self._history.document, False

    def close(self) -> None:
        """The document is closed in order."""
        self.discard()
        self._release()

    def _release(self) -> None:
        if self._lock and self.path:
            self._lock.release()
            self._lock = None
            if self.path.name.startswith(UNSAVED):  # its name is used but once
                _lock_path(self.path).unlink(missing_ok=True)

    def _note(self, change: Change) -> None:
        if self.path is None or change.what == "load":
            return
        if not self._written:
            self._start_file()
        self._append(_line(change))

    def _start_file(self) -> None:
        assert self.path
        path = self._history.path
        head = {
            "patchbay_journal": 1,
            "path": str(path.absolute()) if path else None,
            "document": self._base.model_dump(mode="json"),
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.is_file():  # left behind and neither recovered nor discarded
            self.path.replace(self.path.with_name(self.path.name + ".old"))
        self.path.write_text(json.dumps(head) + "\n", encoding="utf-8")
        self._written = True

    def _append(self, line: dict[str, Any]) -> None:
        assert self.path
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def _line(change: Change) -> dict[str, Any]:
    if change.what != "do":
        return {"what": change.what}
    edits = [edit.model_dump(mode="json") for edit in change.edits]
    line: dict[str, Any] = {"what": "do", "edits": edits, "title": change.title}
    if change.merge is not None:
        line |= {"merge": change.merge, "merged": change.merged}
    return line


def recover(journal: Path) -> History:
    """The document of a journal with all its edits, undone one by one. Raises JournalError."""
    lines = _lines(journal)
    try:
        head = lines[0]
        document = Document.model_validate(head["document"])
        history = History(document, Path(head["path"]) if head["path"] else None)
    except (IndexError, KeyError, TypeError, ValidationError) as error:
        raise JournalError(f"{journal} is no journal of ours, so nothing was recovered.") from error
    for line in lines[1:]:
        if not _replay(history, line):
            break
    return history


def _replay(history: History, line: dict[str, Any]) -> bool:
    """Do what a line says; False when it does not fit: no line after it can be trusted."""
    try:
        if line["what"] == "undo":
            return history.undo()
        if line["what"] == "redo":
            return history.redo()
        if not line.get("merged"):
            history.stop_merging()
        edits = _EDITS.validate_python(line["edits"])
        history.do(*edits, title=str(line["title"]), merge=line.get("merge"))
    except (KeyError, TypeError, ValidationError, EditError):
        return False
    return True


def journal_path(path: Path) -> Path:
    """Where the journal of a document lies: beside it, or with our own files when that folder is
    closed.
    """
    path = path.absolute()
    if os.access(path.parent, os.W_OK):
        return path.parent / f".{path.name}.journal"
    return _folder() / f"{_hash(path)}-{path.name}.journal"


def _take_place(path: Path | None) -> Path | None:
    wanted = (
        journal_path(path)
        if path
        else _folder() / f"{UNSAVED}{os.getpid()}-{time.time_ns()}.journal"
    )
    return None if _is_kept(wanted) else wanted


def _locked(journal: Path) -> Lock:
    place = _lock_path(journal)
    place.parent.mkdir(parents=True, exist_ok=True)
    return Lock(place)


def _is_kept(journal: Path) -> bool:
    """A living editor keeps this journal."""
    place = _lock_path(journal)
    if not place.is_file():
        return False
    try:
        Lock(place, patience=0).release()
    except LockedError:
        return True
    return False


def _lock_path(journal: Path) -> Path:
    return _folder() / "locks" / f"{_hash(journal)}.lock"


def _hash(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:16]


def _folder() -> Path:
    return home() / "journals"


def _unsaved() -> list[Path]:
    return sorted(_folder().glob(f"{UNSAVED}*.journal"), key=lambda p: p.name, reverse=True)


def _lines(journal: Path) -> list[Any]:
    try:
        if journal.stat().st_size > LARGEST:
            raise JournalError(f"{journal} is too large to be read.")
        text = journal.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise JournalError(f"{journal} cannot be read: {error.strerror}.") from error
    return list(_whole(text))


def _whole(text: str) -> Any:
    for line in text.split("\n"):
        try:
            yield json.loads(line)
        except ValueError:
            return
