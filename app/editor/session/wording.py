"""What nodes and problems are called, and texts as sentences. No GUI."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from app.editor.session.block_uses import USE
from graphs.document.document import MAIN, Document, Node

if TYPE_CHECKING:
    from graphs.document.problems import Problem


def title_of(node: Node) -> str:
    """What a node is called: its label, else its type."""
    return node.label or (block_of(node) if node.type == USE else "") or node.type


def block_of(node: Node) -> str:
    """The name of the block that a use is; empty where there is none."""
    name = node.parameters.get("block")
    return name if isinstance(name, str) else ""


def told_apart(nodes: Mapping[str, Node]) -> dict[str, str]:
    """A name for each node that no other has: its title, or where others have that too, its id."""
    count = Counter(title_of(node) for node in nodes.values())
    return {id: title if count[title := title_of(node)] == 1 else id for id, node in nodes.items()}


def listed(names: Mapping[str, str], ids: Iterable[str]) -> str:
    """The names of nodes, each once: `Conv2d, Linear and LSTM`."""
    said = list(dict.fromkeys(names[id] for id in ids))
    if not said:
        return "nothing"
    *first, last = said
    return f"{', '.join(first)} and {last}" if first else last


def counted(number: int, word: str) -> str:
    """A number with its word: `1 node`, `2 nodes`."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def ordinal(number: int) -> str:
    """A number's place: `2nd`, `11th`."""
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number % 100 in (11, 12, 13) else ending}"


def place_of(document: Document, problem: Problem) -> str:
    """Where something is wrong: `Conv2d.x`, in a block `Generator / Conv2d.x`."""
    graph = document.graphs.get(problem.graph)
    node = graph.nodes.get(problem.node) if graph and problem.node else None
    place = title_of(node) if node else ""
    if problem.port:
        place = f"{place}.{problem.port}"
    block = problem.graph if problem.graph != MAIN else ""
    return " / ".join(filter(None, (block, place))) or "Document"


def problem_text(problem: Problem) -> str:
    """What is wrong, as a sentence; one that begins with the name of a port keeps its letters."""
    first = problem.text.split(" ", 1)[0].rstrip(":")
    named = first in (problem.port, problem.parameter)
    return ended(problem.text) if named else sentence(problem.text)


def ended(text: str) -> str:
    """A text with a full stop."""
    text = text.strip()
    return text + ("" if text.endswith((".", "?", "!", "…")) else ".")


def sentence(text: str) -> str:
    """A text as a sentence: a capital first, a full stop last."""
    text = ended(text)
    return text[:1].upper() + text[1:]
