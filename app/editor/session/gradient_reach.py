"""What the gradient of an optimizer reaches, for the canvas and its legend. No GUI."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from app.editor.session.shared_weights import weights_of
from app.editor.session.wording import listed, title_of, told_apart
from graphs.document.document import MAIN

if TYPE_CHECKING:
    from graphs.check.results import Checked, CheckedGraph
    from graphs.program.partition import Statement


@dataclass(frozen=True)
class Reach:
    """The nodes that an optimizer's gradient runs through, the optimizer with them."""

    nodes: frozenset[str]
    legend: str


def reach_of(
    checked: Checked | None, graph: str, selection: frozenset[str], is_newest: bool
) -> Reach | None:
    """What the gradient of the selected optimizer reaches; None when none is selected."""
    if checked is None or graph != MAIN or len(selection) != 1:
        return None
    (id,) = selection
    type_ = checked.main.types.get(id)
    if type_ is None or type_.role != "optimizer" or id not in checked.main.graph.nodes:
        return None
    title = told_apart(checked.main.graph.nodes)[id]
    if checked.problems:
        return None if not is_newest else Reach(frozenset(), _unknown(title))
    return _reach(checked, id, title)


def _unknown(title: str) -> str:
    return f"What the gradient of {title} reaches shows here when there are no problems."


def _reach(checked: Checked, id: str, title: str) -> Reach | None:
    from graphs.compiler import compile
    from graphs.program.stages import gradient_reach

    for statement in compile(checked).program.statements:
        if statement.optimizer == id:
            nodes = gradient_reach(checked.main, statement)
            return Reach(frozenset({*nodes, id}), _legend(checked.main, statement, title))
    return None


def _legend(checked: CheckedGraph, statement: Statement, title: str) -> str:
    names = told_apart(checked.graph.nodes)
    loss = names[statement.loss.node]
    weights = f"{count_owned(checked, statement):,} parameters of {owners(checked, statement)}"
    runs = f"Lit: where the gradient of {title} runs, from {loss} back to the {weights}."
    return f"{runs}  Escape ends this."


def owners(checked: CheckedGraph, statement: Statement) -> str:
    """What an optimizer moves; uses of one block with the same weights are one."""
    nodes = checked.graph.nodes.items()
    names = {id: (node.label and weights_of(node)) or title_of(node) for id, node in nodes}
    return listed(names, statement.owned)


def count_owned(checked: CheckedGraph, statement: Statement) -> int:
    """How many parameters an optimizer moves; weights that nodes share count once."""
    shapes = {checked.weights_key(id): checked.weights[id] for id in statement.owned}
    return sum(prod(shape) for weights in shapes.values() for shape in weights)
