"""The document being edited and its past: edits, undo, the file it is saved in. No GUI.

Every change of the document goes through `do`, `undo`, `redo`, `load` or `adopt`; whoever keeps a
journal listens there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from graphs.document.document import Document
from graphs.document.edits import Edit, EditError, apply
from graphs.document.validation_faults import first_fault


@dataclass(frozen=True)
class Step:
    """One thing that undo takes back."""

    title: str
    before: Document
    after: Document
    merge: str | None = None


@dataclass(frozen=True)
class Change:
    """What happened to the document, for the journal."""

    what: Literal["do", "undo", "redo", "load"]
    edits: tuple[Edit, ...] = ()
    title: str = ""
    merge: str | None = None
    merged: bool = False
    """The edits became part of the step before."""


class History:
    """A document with the steps that led to it, those that were undone, and what its file holds."""

    def __init__(self, document: Document | None = None, path: Path | None = None) -> None:
        self.listeners: list[Callable[[Change], None]] = []
        self._begin(document or Document(), path)

    def _begin(
        self, document: Document, path: Path | None, data_folder: Path | None = None
    ) -> None:
        self.document = document
        self.path = path
        self._data_folder = data_folder
        self._saved: Document | None = document
        self._compared: tuple[Document, bool] | None = None
        self.past: list[Step] = []
        self.future: list[Step] = []
        self._merging = False

    def load(
        self,
        document: Document,
        path: Path | None,
        saved: bool = True,
        data_folder: Path | None = None,
    ) -> None:
        """Edit another document. `saved`: it is what the file holds.

        `data_folder` is where the data of a document without a file lies, such as that of an
        example.
        """
        self._begin(document, path, data_folder)
        self._saved = document if saved else None
        self._tell(Change("load"))

    def adopt(self, other: History) -> None:
        """Take over another's document with its past, as recovered from a journal."""
        self._begin(other.document, self.path, self._data_folder)
        self._saved = other._saved if self.path is None else None
        self.past, self.future = list(other.past), list(other.future)
        self._tell(Change("load"))

    @property
    def is_dirty(self) -> bool:
        """There are changes that no file holds."""
        if self._compared is None or self._compared[0] is not self.document:
            self._compared = self.document, self.document != self._saved
        return self._compared[1]

    @property
    def folder(self) -> Path | None:
        """Where files that the document names are looked for."""
        return self.path.absolute().parent if self.path else self._data_folder

    def was_saved(self, path: Path) -> None:
        """The document is in this file now."""
        self.path, self._saved, self._compared = path, self.document, None
        self._merging = False

    def do(self, *edits: Edit, title: str = "Edit", merge: str | None = None) -> bool:
        """Apply edits as one step of undo; False when they change nothing. Steps in a row with the
        same `merge` become one.

        Raises EditError, and changes nothing, when an edit does not fit.
        """
        before = self.document
        after = _applied(before, edits)
        if after == before:
            return False
        merged = self._merges(merge)
        if merged:
            before = self.past.pop().before
        self.past.append(Step(title, before, after, merge))
        self.future.clear()
        self._merging, self.document = True, after
        self._tell(Change("do", edits, title, merge, merged))
        return True

    def _merges(self, merge: str | None) -> bool:
        if not self._merging or merge is None or not self.past:
            return False
        return self.past[-1].merge == merge

    def stop_merging(self) -> None:
        """The next step is one of its own, whatever it would merge with."""
        self._merging = False

    def undo(self) -> bool:
        """Take the last step back; False when there is none."""
        if not self.past:
            return False
        step = self.past.pop()
        self.future.append(step)
        return self._travel(step.before, "undo")

    def redo(self) -> bool:
        """Do the step again that was taken back last; False when there is none."""
        if not self.future:
            return False
        step = self.future.pop()
        self.past.append(step)
        return self._travel(step.after, "redo")

    def _travel(self, document: Document, what: Literal["undo", "redo"]) -> bool:
        self._merging, self.document = False, document
        self._tell(Change(what))
        return True

    def _tell(self, change: Change) -> None:
        for listener in self.listeners:
            listener(change)


def _applied(document: Document, edits: tuple[Edit, ...]) -> Document:
    try:
        return apply(document, *edits)
    except ValidationError as error:
        fault = first_fault(error)
        raise EditError(f"{fault.place[-1]}: {fault.message}") from error
