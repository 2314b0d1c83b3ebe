"""Edits: values that make a new document from an old one. Undo, quick fixes and gestures all speak
in them.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from graphs.document.document import MAIN, Document, Frozen, Graph, Node, Settings, Wire


class EditError(ValueError):
    """An edit that does not fit the document; its text is one sentence."""


class GraphEdit(Frozen):
    """An edit of one graph of a document."""

    graph: str = MAIN

    def apply(self, document: Document) -> Document:
        """The document after the edit. Raises EditError when it does not fit."""
        if self.graph not in document.graphs:
            raise EditError(f"there is no graph called {self.graph}")
        return document.with_graph(self.graph, self.change(document.graphs[self.graph]))

    def change(self, graph: Graph) -> Graph:
        """The graph after the edit."""
        raise EditError(f"{type(self).__name__} changes nothing")


class AddNode(GraphEdit):
    """Put a node into the graph under a free id."""

    kind: Literal["add_node"] = "add_node"
    id: str
    node: Node

    def change(self, graph: Graph) -> Graph:
        if self.id in graph.nodes:
            raise EditError(f"there is a node {self.id} already")
        return _changed(graph, nodes={**graph.nodes, self.id: self.node})


class RemoveNodes(GraphEdit):
    """Take nodes away, and the wires that end at them."""

    kind: Literal["remove_nodes"] = "remove_nodes"
    ids: tuple[str, ...]

    def change(self, graph: Graph) -> Graph:
        gone = set(self.ids)
        _require(graph, *gone)
        wires = (w for w in graph.wires if not gone & {w.source.node, w.target.node})
        nodes = {id: node for id, node in graph.nodes.items() if id not in gone}
        return _changed(graph, nodes=nodes, wires=tuple(wires))


class Connect(GraphEdit):
    """Lay a wire. `replace` takes away what ended at the same port before."""

    kind: Literal["connect"] = "connect"
    wire: Wire
    replace: bool = False

    def change(self, graph: Graph) -> Graph:
        _require(graph, self.wire.source.node, self.wire.target.node)
        if self.wire in graph.wires:
            return graph
        kept = tuple(w for w in graph.wires if not (self.replace and w.target == self.wire.target))
        return _changed(graph, wires=(*kept, self.wire))


class Disconnect(GraphEdit):
    """Take wires away."""

    kind: Literal["disconnect"] = "disconnect"
    wires: tuple[Wire, ...]

    def change(self, graph: Graph) -> Graph:
        return _changed(graph, wires=tuple(w for w in graph.wires if w not in self.wires))


class SetParameters(GraphEdit):
    """Give parameters of a node new values; None of JSON is a value like any other."""

    kind: Literal["set_parameters"] = "set_parameters"
    id: str
    parameters: dict[str, JsonValue]

    def change(self, graph: Graph) -> Graph:
        _require(graph, self.id)
        node = graph.nodes[self.id]
        return _with_node(graph, self.id, parameters={**node.parameters, **self.parameters})


class Rename(GraphEdit):
    """Give a node a label."""

    kind: Literal["rename"] = "rename"
    id: str
    label: str

    def change(self, graph: Graph) -> Graph:
        _require(graph, self.id)
        return _with_node(graph, self.id, label=self.label)


class Move(GraphEdit):
    """Put nodes at new positions (canvas units, x to the right, y down)."""

    kind: Literal["move"] = "move"
    positions: dict[str, tuple[float, float]]

    def change(self, graph: Graph) -> Graph:
        _require(graph, *self.positions)
        moved = {
            id: graph.nodes[id].model_copy(update={"position": position})
            for id, position in self.positions.items()
        }
        return _changed(graph, nodes={**graph.nodes, **moved})


class SetGraphParameters(GraphEdit):
    """Give a graph its named values; nodes refer to them as `=name`."""

    kind: Literal["set_graph_parameters"] = "set_graph_parameters"
    parameters: dict[str, int | float]

    def change(self, graph: Graph) -> Graph:
        help = {name: text for name, text in graph.help.items() if name in self.parameters}
        return _changed(graph, parameters=self.parameters, help=help)


class DescribeParameter(GraphEdit):
    """Say what a graph's parameter is and which values make sense; an empty text says nothing."""

    kind: Literal["describe_parameter"] = "describe_parameter"
    name: str
    text: str

    def change(self, graph: Graph) -> Graph:
        others = {name: text for name, text in graph.help.items() if name != self.name}
        return _changed(graph, help={**others, **({self.name: self.text} if self.text else {})})


class PutGraph(Frozen):
    """Add a block, or put another graph in its place."""

    kind: Literal["put_graph"] = "put_graph"
    name: str
    content: Graph

    def apply(self, document: Document) -> Document:
        """The document after the edit."""
        return document.with_graph(self.name, self.content)


class RemoveGraph(Frozen):
    """Take a block away; its uses stay and say that it is missing."""

    kind: Literal["remove_graph"] = "remove_graph"
    name: str

    def apply(self, document: Document) -> Document:
        """The document after the edit. Raises EditError when there is no such block."""
        if self.name == MAIN or self.name not in document.graphs:
            raise EditError(f"there is no block called {self.name}")
        left = {name: graph for name, graph in document.graphs.items() if name != self.name}
        return document.replace(graphs=left)


class Configure(Frozen):
    """Change the title, the description or the run settings."""

    kind: Literal["configure"] = "configure"
    title: str | None = None
    description: str | None = None
    settings: Settings | None = None

    def apply(self, document: Document) -> Document:
        """The document after the edit."""
        changes = {
            name: value
            for name in ("title", "description", "settings")
            if (value := getattr(self, name)) is not None
        }
        return document.replace(**changes)


Edit = Annotated[
    AddNode
    | RemoveNodes
    | Connect
    | Disconnect
    | SetParameters
    | Rename
    | Move
    | SetGraphParameters
    | DescribeParameter
    | PutGraph
    | RemoveGraph
    | Configure,
    Field(discriminator="kind"),
]
"""Any edit, as data."""


def apply(document: Document, *edits: Edit) -> Document:
    """The document after the edits, in order. Raises EditError and changes nothing when one does
    not fit.
    """
    for edit in edits:
        document = edit.apply(document)
    return document


def _changed(graph: Graph, **changes: object) -> Graph:
    return Graph.model_validate({**dict(graph), **changes})


def _with_node(graph: Graph, id: str, **changes: object) -> Graph:
    node = Node.model_validate({**dict(graph.nodes[id]), **changes})
    return _changed(graph, nodes={**graph.nodes, id: node})


def _require(graph: Graph, *ids: str) -> None:
    missing = sorted(set(ids) - set(graph.nodes))
    if missing:
        raise EditError(f"there is no node {', '.join(missing)}")
