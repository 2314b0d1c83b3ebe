"""Choices: a node that needs one of its wires alone leaves out what only the others need.

What is left out is not checked, computed or exported; which wire it is, a number says that may be a
hyperparameter, so that one drawing holds its variants (with and without attention, one of three
likelihoods). Decision 0016.
"""

from __future__ import annotations

from collections.abc import Iterator

from graphs.check.node_parameters import ParameterValues, validated
from graphs.document.document import Graph, Wire
from graphs.nodetypes.node_type import Misfit, NodeType, node_types

Wrong = dict[str, Misfit]


def chosen(graph: Graph, scope: ParameterValues) -> tuple[Graph, Wrong]:
    """A graph without what no choice asks for, with these values of its parameters; and the nodes
    that cannot choose, which get all of their wires.
    """
    refused, wrong = _refused(graph, scope)
    if not refused:
        return graph, wrong
    unneeded = _unneeded(graph, refused)
    nodes = {id: node for id, node in graph.nodes.items() if id not in unneeded}
    wires = tuple(w for w in graph.wires if w not in refused and w.target.node not in unneeded)
    return graph.model_copy(update={"nodes": nodes, "wires": wires}), wrong


def _refused(graph: Graph, scope: ParameterValues) -> tuple[set[Wire], Wrong]:
    """The wires that a node does not need."""
    refused: set[Wire] = set()
    wrong: Wrong = {}
    for id, type_ in _choosing(graph, scope):
        wires = list(graph.into(id))
        try:
            picked = type_.picks(len(wires))
        except Misfit as misfit:
            wrong[id] = misfit
        else:
            if picked is not None:
                refused |= {wire for number, wire in enumerate(wires) if number != picked}
    return refused, wrong


def _choosing(graph: Graph, scope: ParameterValues) -> Iterator[tuple[str, NodeType]]:
    """The nodes that may need one of their wires alone. What else is wrong with them is said by the
    check.
    """
    for id, node in graph.nodes.items():
        known = node_types().get(node.type)
        if known is not None and known.picks is not NodeType.picks:
            type_ = validated(node, scope)
            if isinstance(type_, NodeType):
                yield id, type_


def _unneeded(graph: Graph, refused: set[Wire]) -> set[str]:
    """The nodes whose every way on ends at a wire that is not needed. Inputs of a block stay."""
    unneeded: set[str] = set()
    waiting = [wire.source.node for wire in refused]
    while waiting:
        id = waiting.pop()
        node = graph.nodes.get(id)
        if node is None or id in unneeded or _is_input(node.type):
            continue
        if all(w in refused or w.target.node in unneeded for w in graph.out_of(id)):
            unneeded.add(id)
            waiting += [wire.source.node for wire in graph.into(id)]
    return unneeded


def _is_input(type_name: str) -> bool:
    known = node_types().get(type_name)
    return known is not None and known.role == "input"
