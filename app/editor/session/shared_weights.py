"""Weights that uses of a block share by name: what a copy does with its original's. No GUI."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.editor.session.block_uses import Types, held
from graphs.document.document import Graph, Node
from graphs.document.edits import Edit, SetParameters
from graphs.document.identifiers import identifier

if TYPE_CHECKING:
    from graphs.nodetypes.node_type import NodeType

NAME = "weights"
"""The parameter that names the weights of a use."""
START = "start_from"
"""The parameter that names the file that they start from."""
SAID = {NAME, START, "start_part", "state", "average_of"}
"""What glyphs say of the weights of a use."""


def shares(known: type[NodeType] | None) -> bool:
    """Nodes of a type may have weights by name."""
    return known is not None and any(
        parameter.name == NAME and parameter.form == "text" for parameter in known.parameters()
    )


def weights_of(node: Node) -> str:
    """The name of a node's weights; empty where they are its own."""
    return str(node.parameters.get(NAME) or "")


def originals(graph: Graph, copies: Graph, library: Types) -> frozenset[str]:
    """The nodes of a graph of which there are copies, and that may share weights with them."""
    return frozenset(
        id
        for id, copy in copies.nodes.items()
        if shares(library.get(copy.type))
        and id in graph.nodes
        and list(held(copy, library)) == list(held(graph.nodes[id], library)) != []
    )


def same_weights(
    name: str, graph: Graph, copies: Graph, library: Types
) -> tuple[tuple[Edit, ...], Graph]:
    """Copies with the weights of their originals, and the edits that give originals without a name
    of weights one.
    """
    edits: list[Edit] = []
    taken = _taken(graph)
    for id in copies.nodes:
        if id in originals(graph, copies, library):
            given = weights_of(graph.nodes[id])
            if not given:
                given = _free(identifier(graph.nodes[id].label or id), taken)
                edits.append(SetParameters(graph=name, id=id, parameters={NAME: given}))
            taken.add(given)
            copies = _with_weights(copies, id, given)
    return tuple(edits), copies


def own_weights(graph: Graph, copies: Graph, library: Types) -> Graph:
    """Copies with weights of their own; those that shared among themselves do so still."""
    chosen = [id for id in copies.nodes if id in originals(graph, copies, library)]
    names = [weights_of(copies.nodes[id]) for id in chosen]
    taken = _taken(graph)
    new = {
        old: _free(old, taken) if names.count(old) > 1 else ""
        for old in dict.fromkeys(names)
        if old
    }
    for id, old in zip(chosen, names, strict=True):
        if old:
            copies = _with_weights(copies, id, new[old])
    return copies


def _taken(graph: Graph) -> set[str]:
    return {name for node in graph.nodes.values() if (name := weights_of(node))}


def _free(stem: str, taken: set[str]) -> str:
    name, number = stem, 2
    while name in taken:
        name, number = f"{stem}_{number}", number + 1
    return name


def _with_weights(graph: Graph, id: str, name: str) -> Graph:
    node = graph.nodes[id]
    named = node.model_copy(update={"parameters": {**node.parameters, NAME: name}})
    return graph.model_copy(update={"nodes": {**graph.nodes, id: named}})
