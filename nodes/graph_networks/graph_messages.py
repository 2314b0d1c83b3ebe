"""Graph networks: messages from nodes to edges and back, and readouts of whole graphs."""

from typing import Literal

import torch
from pydantic import PositiveInt

from graphs.nodetypes.expressions import Call, call
from graphs.nodetypes.node_type import Example, NodeType
from graphs.nodetypes.tensor_kinds import (
    SYMBOLS,
    EdgeFeatures,
    EdgeIndex,
    GraphSizes,
    Labels,
    Meta,
    NodeFeatures,
    Numbers,
)
from graphs.runtime.layers import graph_layers as modules

V, E, G = SYMBOLS["V"], SYMBOLS["E"], SYMBOLS["G"]
_EDGES = Meta((2, 6), "int64")
_MANY_EDGES = Meta((2, E), "int64")
_SIZES = Meta((2,), "int64")
_NO_INDEX = Example(
    {}, [(V, 3), (2, E)], problem="edge_index needs (2, E) of integers, got (2, E) of float32"
)


class EdgeGather(NodeType):
    """Gives each edge the features of the node at one of its ends: (V, F) becomes (E, F).

    Use it to draw messages of your own: gather, change or weigh what each edge carries, then
    EdgeScatter it to the nodes where the edges lead.
    """

    keywords = ("edge", "edges", "gather", "message passing", "index_select", "node to edge", "gnn")

    end: Literal["source", "target"] = "source"
    """The node that the edge comes from, or the one that it leads to."""

    examples = (
        Example({}, [(5, 3), _EDGES], [(6, 3)]),
        Example({"end": "target"}, [(5, 3), _EDGES], [(6, 3)]),
        _NO_INDEX,
    )

    def build(self, x: NodeFeatures, edge_index: EdgeIndex) -> Call:
        return call(modules.gather_edges, x, edge_index, end=self.end)


class EdgeScatter(NodeType):
    """Aggregates messages: what edges carry is summed, averaged or maximised at the nodes where
    they lead; (E, F) becomes (V, F).

    Use it after EdgeGather and what you do to messages. A node at which no edge arrives gets zeros.
    `x` are the nodes; only how many there are matters here.
    """

    keywords = (
        "scatter",
        "scatter_add",
        "scatter_reduce",
        "aggregate",
        "aggregation",
        "message passing",
        "edge to node",
        "torch_scatter",
        "gnn",
    )

    reduce: Literal["sum", "mean", "max"] = "sum"
    """How messages that arrive at a node are aggregated: their sum, their mean, or the maximum of
    each feature.
    """

    examples = (
        Example({}, [(6, 3), _EDGES, (5, 2)], [(5, 3)]),
        Example({"reduce": "mean"}, [(6, 3), _EDGES, (5, 2)], [(5, 3)]),
        Example({"reduce": "max"}, [(6, 3), _EDGES, (5, 2)], [(5, 3)]),
        Example({}, [(V, 3), _MANY_EDGES, (V, 3)], problem="messages needs (E, F), got (V, 3)"),
        Example({"reduce": "least"}, [(6, 3), _EDGES, (5, 2)], problem="reduce"),
    )

    def build(self, messages: EdgeFeatures, edge_index: EdgeIndex, x: NodeFeatures) -> Call:
        return call(modules.scatter_edges, messages, edge_index, x, reduce=self.reduce)


class EdgeSoftmax(NodeType):
    """Softmax among the edges that arrive at a node: scores become attention weights that add up to
    1.

    Use it for attention of your own: score each edge, EdgeSoftmax, multiply what it carries, then
    EdgeScatter. `x` are the nodes; only how many there are matters here.
    """

    keywords = (
        "edge softmax",
        "scatter softmax",
        "attention over neighbours",
        "graph attention",
        "gnn",
    )
    examples = (
        Example({}, [(6, 1), _EDGES, (5, 2)], [(6, 1)]),
        Example({}, [(6, 4), _EDGES, (5, 2)], [(6, 4)]),
        Example({}, [(V, 1), _MANY_EDGES, (V, 2)], problem="scores needs (E, F), got (V, 1)"),
    )

    def build(self, scores: EdgeFeatures, edge_index: EdgeIndex, x: NodeFeatures) -> Call:
        return call(modules.softmax_of_edges, scores, edge_index, x)


class Degree(NodeType):
    """Node degree: how many edges arrive at each node, (V, 1).

    Use it as a feature where nodes have none of their own, or to divide a sum. `x` are the nodes;
    only how many there are matters here.
    """

    keywords = ("node degree", "in-degree", "out-degree", "count neighbours", "count edges", "gnn")

    end: Literal["target", "source"] = "target"
    """Count the edges that lead to a node, or those that come from it (source)."""

    examples = (
        Example({}, [_EDGES, (5, 3)], [(5, 1)]),
        Example({"end": "source"}, [_EDGES, (5, 3)], [(5, 1)]),
        Example({}, [(2, E), (V, 3)], problem="edge_index needs (2, E) of integers, got (2, E)"),
    )

    def build(self, edge_index: EdgeIndex, x: NodeFeatures) -> Call:
        return call(modules.count_edges, edge_index, x, end=self.end)


class GatherRows(NodeType):
    """Gathers rows by their index: what a network says of the nodes that are asked, in their order.

    Use it between the last layer and the loss where only some nodes of a graph have labels; or with
    a graph index, to give each node what is known of its graph.
    """

    keywords = (
        "gather",
        "index_select",
        "take",
        "lookup",
        "rows by index",
        "node selection",
        "embedding lookup",
    )
    examples = (
        Example({}, [(5, 3), Meta((4,), "int64")], [(4, 3)]),
        Example({}, [(3, 2, 4), Meta((6,), "int64")], [(6, 2, 4)]),
        Example({}, [(V, 3), (2,)], problem="index needs (N,) of integers"),
    )

    def build(self, x: Numbers, index: Labels) -> Call:
        return call(torch.index_select, x, 0, index)


class Readout(NodeType):
    """Readout (global pooling): makes one vector of all nodes of each graph; (V, F) becomes (G, F).

    Use it between the layers on nodes and those that say something of the whole graph. A sum knows
    how large a graph is, a mean does not. `sizes` is how many nodes each graph has.
    """

    keywords = (
        "global pooling",
        "graph pooling",
        "global_mean_pool",
        "global_add_pool",
        "graph embedding",
        "pool nodes",
        "gnn",
    )

    reduce: Literal["sum", "mean", "max"] = "mean"
    """The sum of a graph's nodes, their mean, or the maximum of each feature."""

    examples = (
        Example({}, [(5, 3), _SIZES], [(2, 3)]),
        Example({"reduce": "sum"}, [(5, 3), _SIZES], [(2, 3)]),
        Example({"reduce": "max"}, [(5, 3), _SIZES], [(2, 3)]),
        Example(
            {}, [(V, 3), Meta((V,), "int64")], problem="sizes needs (G,) of integers, got (V,)"
        ),
        Example({}, [(G, 3), Meta((G,), "int64")], problem="x needs (V, F), got (G, 3)"),
    )

    def build(self, x: NodeFeatures, sizes: GraphSizes) -> Call:
        return call(modules.pool_graphs, x, sizes, reduce=self.reduce)


class Set2Set(NodeType):
    """Set2Set readout: an LSTM attends to all nodes of each graph several times; (V, F) becomes
    (G, 2 F).

    Use it in place of a Readout where a graph is more than the sum of its nodes, as for properties
    of molecules (Vinyals et al. 2015, arXiv 1511.06391).
    """

    keywords = ("set to set", "attention readout", "graph pooling", "molecules", "gnn")

    steps: PositiveInt = 3
    """How many times it attends to them."""

    examples = (
        Example({}, [(5, 3), _SIZES], [(2, 6)]),
        Example({"steps": 1}, [(5, 3), _SIZES], [(2, 6)]),
        Example({}, [(V, 3), (G,)], problem="sizes needs (G,) of integers, got (G,)"),
    )

    def build(self, x: NodeFeatures, sizes: GraphSizes) -> Call:
        return call(modules.Set2Set, x.features, steps=self.steps)
