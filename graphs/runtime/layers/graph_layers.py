"""Graph neural network layers. The nodes of all graphs of a batch lie in one tensor, (V, F); an
edge leads from a node in the first row of the edge index, (2, E), to one in the second.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def edge_ends(edge_index: Tensor, nodes: int) -> tuple[Tensor, Tensor]:
    """Source and target nodes of the edges, (E,) each.

    Raises IndexError where that is no node; on a GPU nothing is checked, which would make it wait.
    """
    if edge_index.device.type == "cpu" and edge_index.numel():
        first, last = int(edge_index.min()), int(edge_index.max())
        if first < 0 or last >= nodes:
            odd = first if first < 0 else last
            raise IndexError(
                f"an edge ends at node {odd}, and there are {nodes} nodes, 0 to {nodes - 1}"
            )
    return edge_index[0], edge_index[1]


def scatter(x: Tensor, index: Tensor, count: int, reduce: str = "sum") -> Tensor:
    """Scatter-reduce: the sum, mean or max of the rows that have an equal index: (E, …), (E,) ->
    (count, …).

    A place that no row goes to is 0.
    """
    places = x.new_zeros(count, *x.shape[1:])
    if reduce == "max":
        wide = index.reshape(-1, *[1] * (x.dim() - 1)).expand_as(x)
        return places.scatter_reduce(0, wide, x, "amax", include_self=False)
    total = places.index_add(0, index, x)
    if reduce == "sum":
        return total
    rows = x.new_zeros(count).index_add(0, index, x.new_ones(len(index)))
    return total / rows.clamp(min=1).reshape(-1, *[1] * (x.dim() - 1))


def scatter_softmax(x: Tensor, index: Tensor, count: int) -> Tensor:
    """A softmax among the rows that have an equal index: (E, …), (E,) -> (E, …)."""
    largest = scatter(x.detach(), index, count, "max")
    weight = torch.exp(x - largest.index_select(0, index))
    return weight / scatter(weight, index, count).index_select(0, index)


def gather_edges(x: Tensor, edge_index: Tensor, end: str = "source") -> Tensor:
    """The features of the node at one end of each edge: (V, F), (2, E) -> (E, F)."""
    source, target = edge_ends(edge_index, len(x))
    return x.index_select(0, source if end == "source" else target)


def scatter_edges(messages: Tensor, edge_index: Tensor, x: Tensor, reduce: str = "sum") -> Tensor:
    """Aggregated messages at each node of x: (E, F), (2, E), (V, …) -> (V, F)."""
    return scatter(messages, edge_ends(edge_index, len(x))[1], len(x), reduce)


def softmax_of_edges(scores: Tensor, edge_index: Tensor, x: Tensor) -> Tensor:
    """A softmax among the edges that arrive at the same node of x: (E, H) -> (E, H)."""
    return scatter_softmax(scores, edge_ends(edge_index, len(x))[1], len(x))


def count_edges(edge_index: Tensor, x: Tensor, end: str = "target") -> Tensor:
    """Node degrees: how many edges arrive at each node of x, or leave it (source): (2, E), (V, …)
    -> (V, 1).
    """
    source, target = edge_ends(edge_index, len(x))
    index = source if end == "source" else target
    return scatter(x.new_ones(len(index), 1), index, len(x))


def with_self_loops(edge_index: Tensor, nodes: int) -> tuple[Tensor, Tensor]:
    """Edges with a self-loop at each node, and which edges count: loops from before do not."""
    source, target = edge_ends(edge_index, nodes)
    loops = torch.arange(nodes, device=edge_index.device)
    counts = torch.cat([source != target, torch.ones_like(loops, dtype=torch.bool)])
    return torch.cat([edge_index, torch.stack([loops, loops])], 1), counts


class GCNConv(nn.Module):
    """Graph convolution, D^-1/2 (A + I) D^-1/2 x W + b (Kipf and Welling 2016, arXiv 1609.02907).

    Without self loops it is A in place of A + I. D are the sums of what arrives at each node.
    """

    def __init__(
        self, in_features: int, out_features: int, self_loops: bool = True, bias: bool = True
    ) -> None:
        super().__init__()
        self.self_loops = self_loops
        self.linear = nn.Linear(in_features, out_features, bias=False)
        self.bias = nn.Parameter(torch.zeros(out_features)) if bias else None
        nn.init.xavier_uniform_(self.linear.weight)

    def forward(self, x: Tensor, edge_index: Tensor, edge_weight: Tensor | None = None) -> Tensor:
        """(V, F), (2, E), and where edges have weights (E, 1) -> (V, out_features)."""
        source, target = edge_ends(edge_index, len(x))
        weight = x.new_ones(len(source)) if edge_weight is None else edge_weight[:, 0]
        if self.self_loops:
            weight = weight * (source != target)
        arriving = scatter(weight, target, len(x)) + (1 if self.self_loops else 0)
        scale = torch.where(arriving > 0, arriving.clamp(min=1e-12).rsqrt(), 0)
        x = self.linear(x)
        weight = scale[source] * weight * scale[target]
        messages = x.index_select(0, source) * weight[:, None]
        result = scatter(messages, target, len(x))
        if self.self_loops:
            result = result + x * scale.square()[:, None]
        return result if self.bias is None else result + self.bias


class GATConv(nn.Module):
    """Graph attention: a node attends to its neighbours, with several heads, each a softmax of
    LeakyReLU(a . [x_i W, x_j W]) (Veličković et al. 2017, arXiv 1710.10903).

    The heads' results, `out_features` each, stand side by side (concat), or are averaged.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        heads: int = 1,
        concat: bool = True,
        negative_slope: float = 0.2,
        dropout: float = 0.0,
        self_loops: bool = True,
    ) -> None:
        super().__init__()
        self.heads = heads
        self.concat = concat
        self.negative_slope = negative_slope
        self.dropout = dropout
        self.self_loops = self_loops
        self.linear = nn.Linear(in_features, heads * out_features, bias=False)
        self.source_score = nn.Parameter(torch.empty(heads, out_features))
        self.target_score = nn.Parameter(torch.empty(heads, out_features))
        self.bias = nn.Parameter(torch.zeros(heads * out_features if concat else out_features))
        for weight in (self.linear.weight, self.source_score, self.target_score):
            nn.init.xavier_uniform_(weight)

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        """(V, F), (2, E) -> (V, heads * out_features), or (V, out_features) without concat."""
        count, masked = len(x), None
        if self.self_loops:
            edge_index, counts = with_self_loops(edge_index, count)
            masked = ~counts[:, None]
        source, target = edge_ends(edge_index, count)
        x = self.linear(x).unflatten(1, (self.heads, -1))
        score = (x * self.source_score).sum(-1).index_select(0, source)
        score = score + (x * self.target_score).sum(-1).index_select(0, target)
        score = F.leaky_relu(score, self.negative_slope)
        if masked is not None:
            score = score.masked_fill(masked, -torch.inf)
        attention = scatter_softmax(score, target, count)
        attention = F.dropout(attention, self.dropout, self.training)
        result = scatter(attention[..., None] * x.index_select(0, source), target, count)
        return (result.flatten(1) if self.concat else result.mean(1)) + self.bias


class GINConv(nn.Module):
    """Graph isomorphism layer, MLP((1 + epsilon) x_i + sum of the neighbours' x_j): it tells apart
    what any message passing network can (Xu et al. 2018, arXiv 1810.00826).
    """

    def __init__(
        self,
        in_features: int,
        hidden_features: int,
        out_features: int,
        epsilon: float = 0.0,
        train_epsilon: bool = False,
    ) -> None:
        super().__init__()
        self.epsilon = nn.Parameter(torch.tensor(epsilon)) if train_epsilon else epsilon
        self.mlp = nn.Sequential(
            nn.Linear(in_features, hidden_features),
            nn.ReLU(),
            nn.Linear(hidden_features, out_features),
        )

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        """(V, F), (2, E) -> (V, out_features)."""
        source, target = edge_ends(edge_index, len(x))
        arriving = scatter(x.index_select(0, source), target, len(x))
        result: Tensor = self.mlp((1 + self.epsilon) * x + arriving)
        return result


class SAGEConv(nn.Module):
    """GraphSAGE: a linear map of a node, plus one of an aggregate of its neighbours: their mean,
    max or sum (Hamilton et al. 2017, arXiv 1706.02216).
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        reduce: str = "mean",
        normalize: bool = False,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.reduce = reduce
        self.normalize = normalize
        self.neighbours = nn.Linear(in_features, out_features, bias=bias)
        self.itself = nn.Linear(in_features, out_features, bias=False)

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        """(V, F), (2, E) -> (V, out_features); normalized rows have length 1."""
        source, target = edge_ends(edge_index, len(x))
        arriving = scatter(x.index_select(0, source), target, len(x), self.reduce)
        result: Tensor = self.neighbours(arriving) + self.itself(x)
        return F.normalize(result, dim=1) if self.normalize else result


class NNConv(nn.Module):
    """Edge-conditioned messages: a network turns each edge's features into a matrix, by which the
    source's features are multiplied (edge network of an MPNN, Gilmer et al. 2017,
    arXiv 1704.01212).

    With `root` a linear map of the node itself and a bias are added.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        edge_features: int,
        hidden_features: int | None = 32,
        reduce: str = "sum",
        root: bool = True,
    ) -> None:
        super().__init__()
        self.shape = (in_features, out_features)
        self.reduce = reduce
        hidden = [nn.Linear(edge_features, hidden_features), nn.ReLU()] if hidden_features else []
        last = nn.Linear(hidden_features or edge_features, in_features * out_features)
        self.edge_network = nn.Sequential(*hidden, last)
        self.root = nn.Linear(in_features, out_features) if root else None

    def forward(self, x: Tensor, edge_index: Tensor, edge_features: Tensor) -> Tensor:
        """(V, F), (2, E), (E, …) -> (V, out_features)."""
        source, target = edge_ends(edge_index, len(x))
        matrices = self.edge_network(edge_features).unflatten(1, self.shape)
        messages = (x.index_select(0, source)[:, None] @ matrices)[:, 0]
        result = scatter(messages, target, len(x), self.reduce)
        return result if self.root is None else result + self.root(x)


def graph_of_nodes(sizes: Tensor, nodes: int) -> Tensor:
    """Which graph each node belongs to, from how many nodes each graph has: (G,) -> (V,)."""
    graphs = torch.arange(len(sizes), device=sizes.device)
    return torch.repeat_interleave(graphs, sizes, output_size=nodes)


def pool_graphs(x: Tensor, sizes: Tensor, reduce: str = "sum") -> Tensor:
    """Readout: one vector for each graph, of all its nodes: (V, F), (G,) -> (G, F)."""
    return scatter(x, graph_of_nodes(sizes, len(x)), len(sizes), reduce)


class Set2Set(nn.Module):
    """Set2Set readout: an LSTM attends to a graph's nodes several times (Vinyals et al. 2015,
    arXiv 1511.06391).
    """

    def __init__(self, features: int, steps: int = 3) -> None:
        super().__init__()
        self.steps = steps
        self.cell = nn.LSTMCell(2 * features, features)

    def forward(self, x: Tensor, sizes: Tensor) -> Tensor:
        """(V, F), (G,) -> (G, 2 F): the last query, and what was read for it."""
        index, count = graph_of_nodes(sizes, len(x)), len(sizes)
        question, memory = x.new_zeros(count, x.shape[1]), x.new_zeros(count, x.shape[1])
        read = torch.zeros_like(question)
        for _ in range(self.steps):
            seen = torch.cat([question, read], 1)
            question, memory = self.cell(seen, (question, memory))
            score = (x * question.index_select(0, index)).sum(1)
            attention = scatter_softmax(score, index, count)
            read = scatter(attention[:, None] * x, index, count)
        return torch.cat([question, read], 1)
