"""What is wrong with a document, and what would mend it, as data."""

from __future__ import annotations

from graphs.document.document import MAIN, Frozen
from graphs.document.edits import Edit


class Fix(Frozen):
    """A repair that a person may choose: edits under a title."""

    title: str
    edits: tuple[Edit, ...]
    trusts: str = ""
    """The Python file in the document's folder that it trusts, after a look at it."""


class Problem(Frozen):
    """What is wrong, where: on a port or a parameter of a node, on a node, or with the graph as a
    whole.
    """

    graph: str = MAIN
    node: str | None = None
    port: str | None = None
    parameter: str | None = None
    text: str
    fixes: tuple[Fix, ...] = ()


class ProblemsError(ValueError):
    """Raised where a document without problems is needed."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(f"{p.node or p.graph}: {p.text}" for p in problems))
        self.problems = problems
