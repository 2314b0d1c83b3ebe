"""What the last check found of a document, as one value. No GUI."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
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

    @cached_property
    def content(self) -> Document:
        """What was checked."""
        return content_of(self.document)

    def is_about(self, document: Document) -> bool:
        """It says of a document what a new check would say."""
        return document is self.document or content_of(document) == self.content


def content_of(document: Document) -> Document:
    """A document apart from where things lie: what a check and an export look at."""
    graphs = {
        name: graph.model_copy(
            update={
                "nodes": {
                    id: node.model_copy(update={"position": (0.0, 0.0)})
                    for id, node in graph.nodes.items()
                }
            }
        )
        for name, graph in document.graphs.items()
    }
    return document.model_copy(update={"graphs": graphs})
