"""Copies of nodes: as text for the clipboard, and as edits that put them beside their originals.
No GUI.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import ValidationError

from graphs.document.document import End, Frozen, Graph, Wire
from graphs.document.edits import AddNode, Connect, Edit, EditError

PASTE_STEP = 32.0
"""How far a copy lies from its original, to the right and down."""


class Clip(Frozen):
    """What copy puts on the clipboard, as JSON."""

    patchbay: Literal[1] = 1
    graph: Graph


def copied(graph: Graph, ids: Iterable[str]) -> str:
    """Nodes and the wires between them, as text for the clipboard."""
    chosen = set(ids)
    nodes = {id: node for id, node in graph.nodes.items() if id in chosen}
    inside = (w for w in graph.wires if {w.source.node, w.target.node} <= nodes.keys())
    return Clip(graph=Graph(nodes=nodes, wires=tuple(inside))).model_dump_json()


def read_clip(text: str) -> Graph:
    """The nodes and wires that `copied` put into a text. Raises EditError for any other text."""
    try:
        return Clip.model_validate_json(text).graph
    except ValidationError:
        raise EditError("The clipboard holds no nodes; copy some first.") from None


def paste_edits(name: str, graph: Graph, copies: Graph) -> tuple[tuple[Edit, ...], frozenset[str]]:
    """Edits that put copies into the graph of a name, beside their originals; and the ids that
    they get.
    """
    names, shift = _fresh_names(graph, copies), _free_shift(graph, copies)
    edits: list[Edit] = []
    for id, node in copies.nodes.items():
        x, y = node.position
        placed = node.model_copy(update={"position": (x + shift, y + shift)})
        edits.append(AddNode(graph=name, id=names[id], node=placed))
    for wire in copies.wires:
        source = End(names[wire.source.node], wire.source.port)
        target = End(names[wire.target.node], wire.target.port)
        edits.append(Connect(graph=name, wire=Wire(source=source, target=target)))
    return tuple(edits), frozenset(names.values())


def _fresh_names(graph: Graph, copies: Graph) -> dict[str, str]:
    taken, names = graph, {}
    for id, node in copies.nodes.items():
        names[id] = taken.free_id(id)
        taken = taken.model_copy(update={"nodes": {**taken.nodes, names[id]: node}})
    return names


def _free_shift(graph: Graph, copies: Graph) -> float:
    """A diagonal shift at which no pasted node hides another exactly."""
    taken = {node.position for node in graph.nodes.values()}
    places = [node.position for node in copies.nodes.values()]
    shift = 0.0
    while any((x + shift, y + shift) in taken for x, y in places):
        shift += PASTE_STEP
    return shift
