"""Making blocks: putting nodes into one, taking one apart, giving one a parameter, as edits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import fmean

from pydantic import JsonValue

from graphs.check.block_uses import port_nodes
from graphs.check.node_parameters import validated
from graphs.document.document import Document, End, Graph, Node, Wire
from graphs.document.edits import (
    AddNode,
    Connect,
    Edit,
    EditError,
    PutGraph,
    RemoveNodes,
    SetGraphParameters,
    SetParameters,
)
from graphs.document.identifiers import identifier
from graphs.document.parameter_expressions import is_expression, renamed
from graphs.nodetypes.node_type import NodeType, node_types
from nodes.blocks.blocks import Block, Input, Output

GAP = 240.0
"""Canvas units between a block's ports and its nodes."""


def make_block(document: Document, graph: str, ids: Iterable[str], name: str) -> tuple[Edit, ...]:
    """Edits that put nodes into a new block, and one use of it in their place.

    Raises EditError, one sentence, where nodes cannot stand in a block.
    """
    drawn = document.graphs[graph]
    chosen = [id for id in drawn.nodes if id in set(ids)]
    _require_layers(drawn, chosen)
    for id in chosen:
        _require_own_weights(drawn, id, chosen, "take both into the block, or neither")
    if not identifier(name) or name in document.graphs:
        raise EditError(f"there is a graph called {name} already: choose another name")
    wires = [w for w in drawn.wires if w.source.node in chosen or w.target.node in chosen]
    entering = _by_source(w for w in wires if w.source.node not in chosen)
    leaving = _by_source(w for w in wires if w.target.node not in chosen)
    block, inputs, outputs = _block(drawn, chosen, entering, leaving)
    use = drawn.free_id(identifier(name))
    centre = _centre(drawn.nodes[id] for id in chosen)
    node = Node(type=Block.type_name(), parameters={"block": name}, position=centre)
    edits: list[Edit] = [
        PutGraph(name=name, content=block),
        RemoveNodes(graph=graph, ids=tuple(chosen)),
        AddNode(graph=graph, id=use, node=node),
    ]
    laid = [Wire(source=end, target=End(use, port)) for end, port in inputs.items()]
    for end, targets in leaving.items():
        laid += [Wire(source=End(use, outputs[end]), target=w.target) for w in targets]
    return (*edits, *(Connect(graph=graph, wire=wire) for wire in laid))


Point = tuple[float, float]


def _centre(nodes: Iterable[Node]) -> Point:
    """The middle of where nodes stand."""
    places = [node.position for node in nodes] or [(0.0, 0.0)]
    return fmean(x for x, _ in places), fmean(y for _, y in places)


def _block(
    drawn: Graph,
    chosen: list[str],
    entering: Mapping[End, list[Wire]],
    leaving: Mapping[End, list[Wire]],
) -> tuple[Graph, dict[End, str], dict[End, str]]:
    """The block's graph, and its port for each end that enters or leaves it."""
    nodes = {id: drawn.nodes[id] for id in chosen}
    wires = [w for w in drawn.wires if w.source.node in nodes and w.target.node in nodes]
    xs = [node.position[0] for node in nodes.values()]
    inputs: dict[End, str] = {}
    outputs: dict[End, str] = {}
    for end, found in entering.items():
        inputs[end] = id = Graph(nodes=nodes).free_id(identifier(found[0].target.port))
        nodes[id] = Node(type=Input.type_name(), position=(min(xs) - GAP, _height(drawn, found[0])))
        wires += [Wire(source=End(id, "output"), target=wire.target) for wire in found]
    for end in leaving:
        stem = identifier(drawn.nodes[end.node].label or end.node)
        outputs[end] = id = Graph(nodes=nodes).free_id(f"{stem}_out")
        height = drawn.nodes[end.node].position[1]
        nodes[id] = Node(type=Output.type_name(), position=(max(xs) + GAP, height))
        wires.append(Wire(source=end, target=End(id, "value")))
    return Graph(nodes=nodes, wires=tuple(wires)), inputs, outputs


def _height(drawn: Graph, wire: Wire) -> float:
    return drawn.nodes[wire.target.node].position[1]


def _require_layers(drawn: Graph, chosen: list[str]) -> None:
    if not chosen:
        raise EditError("choose the nodes that the block is made of")
    for id in chosen:
        type_ = node_types().get(drawn.nodes[id].type)
        if type_ is None or type_.role not in ("layer", "loss"):
            raise EditError(f"{id} cannot stand in a block: leave it out of the selection")


def _by_source(wires: Iterable[Wire]) -> dict[End, list[Wire]]:
    found: dict[End, list[Wire]] = {}
    for wire in wires:
        found.setdefault(wire.source, []).append(wire)
    return found


def unmake_block(document: Document, graph: str, id: str) -> tuple[Edit, ...]:
    """Edits that put the nodes of a block in the place of one use of it; the block stays.

    Raises EditError where the use shares its weights with another.
    """
    drawn = document.graphs[graph]
    use = drawn.nodes[id]
    block = document.graphs.get(str(use.parameters.get("block")))
    if use.type != Block.type_name() or block is None:
        raise EditError(f"{id} is no use of a block of this document")
    _require_own_weights(drawn, id, [id])
    names = _new_ids(drawn, block)
    edits: list[Edit] = [RemoveNodes(graph=graph, ids=(id,))]
    values, centre = _values(block, use), _centre(block.nodes[inner] for inner in names)
    for inner, new in names.items():
        edits.append(
            AddNode(graph=graph, id=new, node=_placed(block.nodes[inner], use, centre, values))
        )
    edits += [Connect(graph=graph, wire=wire) for wire in _wires(drawn, id, block, names)]
    return tuple(edits)


def _require_own_weights(
    drawn: Graph, id: str, but: Iterable[str], advice: str = "give it weights of its own first"
) -> None:
    """Raise EditError where a node shares its weights with another than some."""
    own = _shared_weights(drawn, id)
    shared = [
        other
        for other in drawn.nodes
        if own and other not in but and _shared_weights(drawn, other) == own
    ]
    if shared:
        raise EditError(f"{id} shares its weights with {shared[0]}: {advice}")


def _shared_weights(drawn: Graph, id: str) -> str:
    """What nodes that share their weights have in common; nothing for weights of its own."""
    if drawn.nodes[id].type not in node_types():
        return ""
    type_ = validated(drawn.nodes[id], {**drawn.parameters, "i": 0})
    return type_.shared_weights if isinstance(type_, NodeType) else ""


def _new_ids(drawn: Graph, block: Graph) -> dict[str, str]:
    """An id in the outer graph for each node of the block but its ports."""
    ports = {*port_nodes(block, "input").values(), *port_nodes(block, "output").values()}
    taken, names = drawn, {}
    for inner in block.nodes:
        if inner not in ports:
            names[inner] = taken.free_id(inner)
            taken = taken.model_copy(update={"nodes": {**taken.nodes, names[inner]: Node(type="")}})
    return names


def _values(block: Graph, use: Node) -> dict[str, str]:
    """What stands for each of the block's parameters outside, as text."""
    given = use.parameters.get("arguments")
    arguments: dict[str, JsonValue] = {
        **block.parameters,
        **(given if isinstance(given, dict) else {}),
    }
    return {
        name: f"({value[1:]})" if isinstance(value, str) else repr(value)
        for name, value in arguments.items()
    }


def _placed(node: Node, use: Node, centre: Point, values: Mapping[str, str]) -> Node:
    """A node of the block, moved with the others to around where the use stood, its expressions in
    outer terms.
    """
    parameters = {name: _outside(value, values) for name, value in node.parameters.items()}
    (x, y), (left, top) = node.position, centre
    place = (x - left + use.position[0], y - top + use.position[1])
    return node.model_copy(update={"parameters": parameters, "position": place})


def _outside(value: JsonValue, values: Mapping[str, str]) -> JsonValue:
    """A parameter's value with its expressions in outer terms."""
    if isinstance(value, list):
        return [_outside(part, values) for part in value]
    return f"={renamed(str(value)[1:], values)}" if is_expression(value) else value


def _wires(drawn: Graph, id: str, block: Graph, names: Mapping[str, str]) -> list[Wire]:
    """The block's wires in the outer graph, through its ports to what was wired to the use."""
    inputs = {node: port for port, node in port_nodes(block, "input").items()}
    outputs = {node: port for port, node in port_nodes(block, "output").items()}
    wires = []
    for wire in block.wires:
        sources = (
            [w.source for w in drawn.into(id, inputs[wire.source.node])]
            if wire.source.node in inputs
            else [End(names[wire.source.node], wire.source.port)]
        )
        targets = (
            [w.target for w in drawn.out_of(id, outputs[wire.target.node])]
            if wire.target.node in outputs
            else [End(names[wire.target.node], wire.target.port)]
        )
        wires += [Wire(source=a, target=b) for a in sources for b in targets]
    return wires


def promote(document: Document, block: str, id: str, parameter: str, name: str) -> tuple[Edit, ...]:
    """Edits that make a node's parameter a parameter of its graph. Raises EditError."""
    graph = document.graphs[block]
    type_ = node_types().get(graph.nodes[id].type)
    known = {p.name: p for p in type_.parameters()} if type_ else {}
    if parameter not in known or known[parameter].form not in ("integer", "number", "size"):
        raise EditError(f"{parameter} is not a number: only numbers become parameters of a block")
    value = graph.nodes[id].parameters.get(parameter, known[parameter].default)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise EditError(f"{parameter} is {value!r}: give it a number first")
    if name in graph.parameters or identifier(name) != name:
        raise EditError(f"{name} is taken or no name: use small letters, digits and _")
    return (
        SetGraphParameters(graph=block, parameters={**graph.parameters, name: value}),
        SetParameters(graph=block, id=id, parameters={parameter: f"={name}"}),
    )
