"""What the last check found of a document, as one value. No GUI."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphs.document.document import Document

if TYPE_CHECKING:
    from graphs.check.results import Checked
    from graphs.document.problems import Problem


@dataclass(frozen=True, eq=False)
class Analysis:
    """A checked document. It need not be the newest one."""

    document: Document
    """As it was when it was checked; nodes may have been moved since."""
    checked: Checked
    source: str | None = None
    """The exported program; None until somebody has looked at it."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the document."""
        return self.checked.problems

    def is_about(self, document: Document) -> bool:
        """It says of a document what a new check would say; nodes may lie elsewhere."""
        return document.content == self.document.content
