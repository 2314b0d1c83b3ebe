"""Descriptions of the nodes of a graph, their leaves being the ends that their wires come from."""

from __future__ import annotations

from collections.abc import Iterable

from graphs.check.results import CheckedGraph
from graphs.codegen.expressions.printing import Described, describe
from graphs.nodetypes.tensor_kinds import Weights


def described_nodes(checked: CheckedGraph, ids: Iterable[str]) -> dict[str, Described]:
    """What nodes of a graph without problems describe."""
    return {id: _described(checked, id) for id in ids}


def title_of(checked: CheckedGraph, id: str) -> str:
    """What a node is called: its label, or its id."""
    return checked.graph.nodes[id].label or id


def _described(checked: CheckedGraph, id: str) -> Described:
    sources = {
        port.name: [
            (wire.source, checked.metas[wire.source]) for wire in checked.graph.into(id, port.name)
        ]
        for port in checked.inputs(id)
        if port.takes is not Weights
    }
    title, uses = title_of(checked, id), checked.uses.get(id, ())
    if None in uses:
        raise TypeError(f"{id} holds a block that was made and not applied")
    known = tuple(use for use in uses if use is not None)
    return describe(id, title, checked.types[id], sources, checked.library, known)
