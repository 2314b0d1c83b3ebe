"""Graph networks: graph convolution, graph attention and message passing."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, PositiveInt

from graphs.nodetypes.expressions import Apply, Call, call
from graphs.nodetypes.node_type import Example, Misfit, NodeType
from graphs.nodetypes.tensor_kinds import SYMBOLS, EdgeFeatures, EdgeIndex, Meta, NodeFeatures
from graphs.runtime.layers import graph_layers as modules

V, E = SYMBOLS["V"], SYMBOLS["E"]
EDGES = Meta((2, 6), "int64")
NO_NODES = "x needs (V, F), got (E, 3)"
NO_INDEX = "edge_index needs (2, E) of integers, got (2, E) of float32"
_WRONG = (
    Example({}, [(V, 3), (2, E)], problem=NO_INDEX),
    Example({}, [(E, 3), Meta((2, E), "int64")], problem=NO_NODES),
)


class GCNConv(NodeType):
    """Graph convolution (GCN): each node becomes a weighted mean of its neighbours and itself, then
    goes through a linear map.

    The usual first choice for classes of nodes: two of them with a ReLU between see two edges far.
    An edge counts 1 / sqrt(degree of its source x degree of its target), as in D^-1/2 (A + I)
    D^-1/2 x W + b (Kipf and Welling 2016, arXiv 1609.02907). `edge_weight`, (E, 1), says how much
    each edge counts besides.
    """

    keywords = (
        "gcn",
        "graph convolution",
        "graph convolutional network",
        "torch_geometric",
        "pyg",
        "spectral",
        "kipf",
        "graph neural network",
        "gnn",
        "node classification",
    )

    out_features: PositiveInt = 16
    """How many features leave for each node."""
    self_loops: bool = True
    """Let each node count as its own neighbour; edges from a node to itself in the data are then
    left out.
    """
    bias: bool = True
    """Add a learned bias to each feature that leaves."""

    examples = (
        Example({}, [(5, 3), EDGES], [(5, 16)]),
        Example({"out_features": 2, "self_loops": False}, [(5, 3), EDGES, (6, 1)], [(5, 2)]),
        Example({"bias": False}, [(4, 3), EDGES, (6, 1)], [(4, 16)]),
        *_WRONG,
        Example(
            {},
            [(V, 3), Meta((2, E), "int64"), (E, 2)],
            problem="edge_weight needs one number an edge, (E, 1), got (E, 2)",
        ),
    )

    def build(
        self, x: NodeFeatures, edge_index: EdgeIndex, edge_weight: EdgeFeatures | None = None
    ) -> Apply:
        if edge_weight is not None and edge_weight.features != 1:
            text = "edge_weight needs one number an edge, (E, 1)"
            raise Misfit(f"{text}, got {edge_weight.meta.text}")
        layer = call(
            modules.GCNConv,
            x.features,
            self.out_features,
            self_loops=self.self_loops,
            bias=self.bias,
        )
        return layer(x, edge_index) if edge_weight is None else layer(x, edge_index, edge_weight)


class GATConv(NodeType):
    """Graph attention (GAT): each node looks at its neighbours and itself, with learned attention
    weights.

    Use it in place of a GCNConv where some neighbours matter more than others. Each head has
    weights and an attention of its own (Veličković et al. 2017, arXiv 1710.10903).
    """

    keywords = (
        "gat",
        "graph attention",
        "graph attention network",
        "torch_geometric",
        "pyg",
        "gnn",
    )

    out_features: PositiveInt = 8
    """How many features each head gives for each node."""
    heads: PositiveInt = 4
    """How many attention heads look at the same time."""
    concat: bool = True
    """Put the heads' features side by side, heads x out_features; else they are averaged, as in a
    last layer.
    """
    negative_slope: NonNegativeFloat = 0.2
    """The slope of the LeakyReLU in front of the softmax, below 0."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """The share of attention weights dropped while training, from 0 to below 1."""
    self_loops: bool = True
    """Let each node look at itself too; edges from a node to itself in the data are then left out.
    """

    examples = (
        Example({}, [(5, 3), EDGES], [(5, 32)]),
        Example({"concat": False, "dropout": 0.5}, [(5, 3), EDGES], [(5, 8)]),
        Example({"self_loops": False, "heads": 1}, [(5, 3), EDGES], [(5, 8)]),
        *_WRONG,
        Example({"heads": 0}, [(5, 3), EDGES], problem="heads"),
    )

    def build(self, x: NodeFeatures, edge_index: EdgeIndex) -> Call:
        return call(
            modules.GATConv,
            x.features,
            self.out_features,
            heads=self.heads,
            concat=self.concat,
            negative_slope=self.negative_slope,
            dropout=self.dropout,
            self_loops=self.self_loops,
        )


class GINConv(NodeType):
    """Graph isomorphism layer (GIN): the sum of a node and its neighbours goes through two Linear
    layers with a ReLU between.

    Use several of them where the shape of a graph matters, with a sum readout: no message passing
    network tells more graphs apart (Xu et al. 2018, arXiv 1810.00826).
    """

    keywords = (
        "gin",
        "graph isomorphism network",
        "torch_geometric",
        "pyg",
        "weisfeiler-lehman",
        "gnn",
        "graph classification",
    )

    out_features: PositiveInt = 32
    """How many features leave for each node."""
    hidden_features: PositiveInt | None = None
    """Hidden size between the two Linear layers; none: as many as leave."""
    epsilon: float = 0.0
    """A node itself counts 1 + epsilon times."""
    train_epsilon: bool = False
    """Learn epsilon, beginning with the value above."""

    examples = (
        Example({}, [(5, 3), EDGES], [(5, 32)]),
        Example(
            {"out_features": 4, "hidden_features": 6, "train_epsilon": True},
            [(5, 3), EDGES],
            [(5, 4)],
        ),
        Example({"epsilon": 0.5}, [(5, 3), EDGES], [(5, 32)]),
        *_WRONG,
    )

    def build(self, x: NodeFeatures, edge_index: EdgeIndex) -> Call:
        return call(
            modules.GINConv,
            x.features,
            self.hidden_features or self.out_features,
            self.out_features,
            epsilon=self.epsilon,
            train_epsilon=self.train_epsilon,
        )


class SAGEConv(NodeType):
    """GraphSAGE: a linear map of each node, plus another one of an aggregate of its neighbours.

    Use it where a node should stay apart from its neighbours, and for graphs that grow: nothing in
    it depends on degrees (Hamilton et al. 2017, arXiv 1706.02216).
    """

    keywords = (
        "graphsage",
        "sage",
        "torch_geometric",
        "pyg",
        "neighbour aggregation",
        "neighbor sampling",
        "inductive",
        "gnn",
    )

    out_features: PositiveInt = 16
    """How many features leave for each node."""
    reduce: Literal["mean", "max", "sum"] = "mean"
    """How the neighbours are aggregated: their mean, the maximum of each feature, or their sum."""
    normalize: bool = False
    """Scale the features that leave to length 1 for each node, as in the paper."""
    bias: bool = True
    """Add a learned bias to each feature that leaves."""

    examples = (
        Example({}, [(5, 3), EDGES], [(5, 16)]),
        Example({"reduce": "max", "normalize": True}, [(5, 3), EDGES], [(5, 16)]),
        Example({"reduce": "sum", "bias": False}, [(5, 3), EDGES], [(5, 16)]),
        *_WRONG,
        Example({"reduce": "median"}, [(5, 3), EDGES], problem="reduce"),
    )

    def build(self, x: NodeFeatures, edge_index: EdgeIndex) -> Call:
        return call(
            modules.SAGEConv,
            x.features,
            self.out_features,
            reduce=self.reduce,
            normalize=self.normalize,
            bias=self.bias,
        )


class NNConv(NodeType):
    """Edge-conditioned messages (the edge network of an MPNN): a small network turns each edge's
    features into a matrix, by which the source node is multiplied.

    Use it where edges are of many kinds, as bonds of molecules are, with a GRU cell between rounds
    (message passing neural network, Gilmer et al. 2017, arXiv 1704.01212).
    """

    keywords = (
        "mpnn",
        "edge network",
        "edge-conditioned convolution",
        "ecconv",
        "message passing",
        "torch_geometric",
        "pyg",
        "gnn",
        "edge features",
    )

    out_features: PositiveInt = 16
    """How many features leave for each node."""
    hidden_features: PositiveInt | None = 32
    """Hidden size of the network on the edges, between its two Linear layers; none: it has one
    layer, which is enough where edge features only say of which kind an edge is.
    """
    reduce: Literal["sum", "mean", "max"] = "sum"
    """How messages are aggregated: their sum, their mean, or the maximum of each feature."""
    root: bool = True
    """Add a linear map of the node itself, and a bias; without it only messages leave."""

    examples = (
        Example({}, [(5, 3), EDGES, (6, 2)], [(5, 16)]),
        Example(
            {"reduce": "mean", "root": False, "hidden_features": None},
            [(5, 3), EDGES, (6, 2)],
            [(5, 16)],
        ),
        Example({}, [(V, 3), (2, E), (E, 2)], problem=NO_INDEX),
        Example(
            {},
            [(V, 3), Meta((2, E), "int64"), (V, 2)],
            problem="edge_features needs (E, F), got (V, 2)",
        ),
    )

    def build(self, x: NodeFeatures, edge_index: EdgeIndex, edge_features: EdgeFeatures) -> Call:
        return call(
            modules.NNConv,
            x.features,
            self.out_features,
            edge_features.features,
            hidden_features=self.hidden_features,
            reduce=self.reduce,
            root=self.root,
        )
