"""Descriptions of the nodes of a graph, their leaves being the ends that their wires come from."""

from __future__ import annotations

from collections.abc import Iterable

from graphs.check.results import CheckedGraph
from graphs.codegen.expressions.printing import Described, describe
from graphs.nodetypes.tensor_kinds import Weights


def described_nodes(checked: CheckedGraph, ids: Iterable[str]) -> dict[str, Described]:
    """What nodes of a graph without problems describe, found out once."""
    known: dict[str, Described] = checked.described
    for id in (ids := tuple(ids)):
        if id not in known:
            known[id] = _described(checked, id)
    return {id: known[id] for id in ids}


def share_descriptions(known: CheckedGraph, other: CheckedGraph) -> None:
    """Let a graph with other values of its parameters describe anew only what these reach."""
    for id, described in known.described.items():
        if _is_alike(known, other, id):
            other.described[id] = described


def _is_alike(known: CheckedGraph, other: CheckedGraph, id: str) -> bool:
    """Whether a node describes the same in both graphs."""
    sources = [wire.source for wire in known.graph.into(id)]
    return (
        known.types[id] == other.types.get(id)
        and known.uses.get(id) == other.uses.get(id)
        and all(known.metas.get(end) == other.metas.get(end) for end in sources)
    )


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
