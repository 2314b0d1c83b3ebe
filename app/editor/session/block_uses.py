"""The blocks of a document: who uses them, the way to them, and edits of them. No GUI."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from pydantic import JsonValue

from graphs.document.document import MAIN, Document, Graph, Node
from graphs.document.edits import (
    DescribeParameter,
    Edit,
    EditError,
    PutGraph,
    RemoveGraph,
    RemoveNodes,
    SetGraphParameters,
    SetParameters,
)
from graphs.document.identifiers import identifier
from graphs.document.parameter_expressions import ArithmeticProblem, is_expression, renamed

if TYPE_CHECKING:
    from graphs.check.results import Checked
    from graphs.nodetypes.node_type import NodeType

Types = Mapping[str, "type[NodeType]"]
USE = "Block"
"""The node type that is a block and nothing more."""


def fields_of(node: Node, library: Types) -> tuple[str, ...]:
    """The parameters of a node that name a block."""
    known = library.get(node.type)
    return known.block_fields() if known else ("block",)


def held(node: Node, library: Types) -> Iterator[str]:
    """The names of the blocks that a node holds."""
    for field in fields_of(node, library):
        if isinstance(name := node.parameters.get(field), str) and name:
            yield name


def counted_uses(document: Document, library: Types) -> dict[str, int]:
    """Every block of a document, and how many nodes hold it."""
    nodes = (node for graph in document.graphs.values() for node in graph.nodes.values())
    count = Counter(name for node in nodes for name in held(node, library))
    return {name: count[name] for name in document.graphs if name != MAIN}


def way_to(document: Document, library: Types, name: str) -> tuple[str, ...]:
    """The graphs from main to a block, each used in the one before; the shortest such way."""
    ways: dict[str, tuple[str, ...]] = {MAIN: (MAIN,)}
    waiting = [MAIN]
    for here in waiting:
        for node in document.graphs[here].nodes.values():
            for inner in held(node, library):
                if inner in document.graphs and inner not in ways:
                    ways[inner] = (*ways[here], inner)
                    waiting.append(inner)
    return ways.get(name, (MAIN, name))


def inside(document: Document, library: Types, name: str) -> set[str]:
    """The blocks that are used in a block, however deep."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        graph = document.graphs.get(waiting.pop(), Graph())
        new = {n for node in graph.nodes.values() for n in held(node, library)} - found
        found |= new
        waiting.extend(new)
    return found


def trail_to(
    document: Document, library: Types, trail: tuple[str, ...], name: str
) -> tuple[str, ...]:
    """The way to a graph from where one is: back along the trail, one step on, or from main."""
    if name in trail:
        return trail[: trail.index(name) + 1]
    here = document.graphs[trail[-1]]
    if any(name in held(node, library) for node in here.nodes.values()):
        return (*trail, name)
    return way_to(document, library, name)


def free_name(document: Document, stem: str) -> str:
    """A name that no graph has yet: `Block`, then `Block2`, …"""
    name, number = stem, 2
    while name in document.graphs:
        name, number = f"{stem}{number}", number + 1
    return name


def with_troubles(checked: Checked, library: Types) -> frozenset[str]:
    """The blocks in which something is wrong, however deep inside."""
    troubled = {p.graph for p in checked.problems if p.graph != MAIN}
    graphs = checked.document.graphs
    while more := {
        name
        for name, graph in graphs.items()
        if name not in troubled
        and name != MAIN
        and any(troubled & set(held(node, library)) for node in graph.nodes.values())
    }:
        troubled |= more
    return frozenset(troubled)


def rename_block(document: Document, library: Types, old: str, new: str) -> tuple[Edit, ...]:
    """Edits that give a block another name, and its uses with it. Raises EditError."""
    require_name(document, new)
    edits: list[Edit] = [PutGraph(name=new, content=document.graphs[old])]
    for name, graph in document.graphs.items():
        for id, node in graph.nodes.items():
            fields = {
                field: new
                for field in fields_of(node, library)
                if node.parameters.get(field) == old
            }
            if fields:
                inside = new if name == old else name
                edits.append(SetParameters(graph=inside, id=id, parameters=fields))
    return (*edits, RemoveGraph(name=old))


def require_name(document: Document, name: str) -> None:
    """Raise EditError where a new block cannot have this name."""
    if not name.isidentifier() or not name.isascii():
        raise EditError(f"a block's name is letters, digits and _, got {name!r}")
    if name in document.graphs:
        raise EditError(f"there is a graph called {name} already: choose another name")


def delete_block(document: Document, library: Types, name: str) -> tuple[Edit, ...]:
    """Edits that take a block away, with its uses in other graphs."""
    edits: list[Edit] = []
    for other, graph in document.graphs.items():
        gone = tuple(id for id, node in graph.nodes.items() if name in held(node, library))
        if gone and other != name:
            edits.append(RemoveNodes(graph=other, ids=gone))
    return (*edits, RemoveGraph(name=name))


def add_parameter(document: Document, graph: str, name: str) -> tuple[Edit, ...]:
    """Edits that give a graph another parameter, 1 at first. Raises EditError."""
    parameters = document.graphs[graph].parameters
    _require_parameter_name(parameters, name)
    return (SetGraphParameters(graph=graph, parameters={**parameters, name: 1}),)


def set_parameter(document: Document, graph: str, name: str, text: str) -> tuple[Edit, ...]:
    """Edits that give a graph's parameter the number in a text. Raises EditError."""
    try:
        value = int(text) if text.strip().lstrip("-").isdecimal() else float(text)
    except ValueError:
        raise EditError(f"{name} needs a number, such as 32 or 0.5") from None
    parameters = document.graphs[graph].parameters
    return (SetGraphParameters(graph=graph, parameters={**parameters, name: value}),)


def remove_parameter(document: Document, graph: str, name: str) -> tuple[Edit, ...]:
    """Edits that take a parameter away from a graph, where no node reads it. Raises EditError."""
    drawn = document.graphs[graph]
    for id, node in drawn.nodes.items():
        if node.parameters != _renamed_in(node.parameters, {name: f"_{name}"}):
            raise EditError(f"{id} reads {name}: give it a number of its own first")
    left = {key: value for key, value in drawn.parameters.items() if key != name}
    return (SetGraphParameters(graph=graph, parameters=left),)


def rename_parameter(
    document: Document, library: Types, graph: str, old: str, new: str
) -> tuple[Edit, ...]:
    """Edits that give a graph's parameter another name, where it is read and where a use of the
    block sets it. Raises EditError.
    """
    drawn = document.graphs[graph]
    _require_parameter_name(drawn.parameters, new)
    parameters = {new if key == old else key: value for key, value in drawn.parameters.items()}
    edits: list[Edit] = [SetGraphParameters(graph=graph, parameters=parameters)]
    if old in drawn.help:
        edits.append(DescribeParameter(graph=graph, name=new, text=drawn.help[old]))
    for id, node in drawn.nodes.items():
        edits += _changed(graph, id, node, _renamed_in(node.parameters, {old: new}))
    for name, other in document.graphs.items():
        for id, node in other.nodes.items():
            if graph in held(node, library):
                edits += _changed(name, id, node, _with_argument(node.parameters, old, new))
    return tuple(edits)


def _require_parameter_name(parameters: Mapping[str, object], name: str) -> None:
    if identifier(name) != name or not name.isidentifier():
        raise EditError("a parameter's name is small letters, digits and _")
    if name in parameters or name == "i":
        raise EditError(f"there is a parameter called {name} already: choose another name")


def _changed(graph: str, id: str, node: Node, parameters: dict[str, JsonValue]) -> list[Edit]:
    new = {key: value for key, value in parameters.items() if value != node.parameters[key]}
    return [SetParameters(graph=graph, id=id, parameters=new)] if new else []


def _with_argument(parameters: Mapping[str, JsonValue], old: str, new: str) -> dict[str, JsonValue]:
    """Parameters of a use, with what it gives the block under another name."""
    return {
        key: {new if name == old else name: given for name, given in value.items()}
        if isinstance(value, dict)
        else value
        for key, value in parameters.items()
    }


def _renamed_in(
    parameters: Mapping[str, JsonValue], names: Mapping[str, str]
) -> dict[str, JsonValue]:
    """Parameters with other names in their expressions."""
    return {key: _renamed_value(value, names) for key, value in parameters.items()}


def _renamed_value(value: JsonValue, names: Mapping[str, str]) -> JsonValue:
    if isinstance(value, dict):
        return _renamed_in(value, names)
    if isinstance(value, list):
        return [_renamed_value(part, names) for part in value]
    if not is_expression(value):
        return value
    try:
        text = renamed(str(value)[1:], names)
    except ArithmeticProblem:
        return value
    return value if text == renamed(str(value)[1:], {}) else f"={text}"


def defaults(document: Document, library: Types, node: Node) -> dict[str, int | float]:
    """The parameters of the blocks that a node holds, with the values that they have there."""
    graphs = [document.graphs.get(name, Graph()) for name in held(node, library)]
    return {name: value for graph in graphs for name, value in graph.parameters.items()}
