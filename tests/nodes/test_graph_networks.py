"""Graph networks against their formulas, their papers' properties and PyTorch Geometric."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from graphs.runtime.data_synthetic.graph_data import Graphs
from graphs.runtime.layers import graph_layers

Graph = tuple[Tensor, Tensor, Tensor]
"""Node features (V, 3), edge index (2, E), edge features (E, 2)."""
Layer = Callable[[Tensor, Tensor, Tensor], Tensor]

CONVOLUTIONS: dict[str, Callable[[], nn.Module]] = {
    "gcn": lambda: graph_layers.GCNConv(3, 4),
    "gcn without loops": lambda: graph_layers.GCNConv(3, 4, self_loops=False),
    "gat": lambda: graph_layers.GATConv(3, 4, heads=2),
    "gat averaged": lambda: graph_layers.GATConv(3, 4, heads=2, concat=False, self_loops=False),
    "gin": lambda: graph_layers.GINConv(3, 5, 4, epsilon=0.3, train_epsilon=True),
    "sage mean": lambda: graph_layers.SAGEConv(3, 4),
    "sage max": lambda: graph_layers.SAGEConv(3, 4, reduce="max", normalize=True),
}


def layers() -> dict[str, Layer]:
    """What gives every node something of (x, edge_index, edge_features), with fixed weights."""
    torch.manual_seed(0)
    made = {name: make() for name, make in CONVOLUTIONS.items()}
    found: dict[str, Layer] = {name: _without_edges(module) for name, module in made.items()}
    weighted, network = graph_layers.GCNConv(3, 4), graph_layers.NNConv(3, 4, 2)
    found["gcn weighted"] = lambda x, e, f: weighted(x, e, f[:, :1].abs())
    found["nnconv"] = network
    found["degree"] = lambda x, e, f: graph_layers.count_edges(e, x)
    for reduce in ("sum", "mean", "max"):
        found[f"scatter {reduce}"] = lambda x, e, f, r=reduce: graph_layers.scatter_edges(
            f, e, x, r
        )
    found["attention"] = lambda x, e, f: graph_layers.scatter_edges(
        graph_layers.softmax_of_edges(f, e, x) * graph_layers.gather_edges(x, e)[:, :1], e, x
    )
    return found


def _without_edges(module: nn.Module) -> Layer:
    return lambda x, edge_index, _: module(x, edge_index)


def readouts() -> dict[str, Callable[[Tensor, Tensor], Tensor]]:
    """What makes one vector of each graph's nodes."""
    torch.manual_seed(1)
    set2set = graph_layers.Set2Set(3)
    found: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"set2set": set2set}
    for reduce in ("sum", "mean", "max"):
        found[reduce] = lambda x, sizes, r=reduce: graph_layers.pool_graphs(x, sizes, r)
    return found


def graph(seed: int, nodes: int = 7, edges: int = 16) -> Graph:
    """A random graph; some nodes may have no edges, some edges may be loops or doubled."""
    draw = torch.Generator().manual_seed(seed)
    return (
        torch.randn(nodes, 3, generator=draw),
        torch.randint(nodes, (2, edges), generator=draw),
        torch.randn(edges, 2, generator=draw),
    )


def test_renaming_nodes_changes_nothing() -> None:
    """Whatever the nodes are called, and in whatever order the edges are listed."""
    known = layers()

    @settings(max_examples=20, deadline=None, derandomize=True)
    @given(st.integers(0, 10_000), st.integers(1, 12), st.integers(0, 30))
    def holds(seed: int, nodes: int, edges: int) -> None:
        x, edge_index, features = graph(seed, nodes, edges)
        name, order = torch.randperm(nodes), torch.randperm(edges)
        renamed = torch.empty_like(x)
        renamed[name] = x
        for title, layer in known.items():
            before = layer(x, edge_index, features)
            after = layer(renamed, name[edge_index][:, order], features[order])
            assert torch.allclose(after[name], before, atol=1e-5), title

    holds()


@pytest.mark.parametrize(("name", "readout"), readouts().items(), ids=list(readouts()))
def test_a_readout_knows_no_order(name: str, readout: Callable[[Tensor, Tensor], Tensor]) -> None:
    sizes = torch.tensor([3, 1, 4])
    x = torch.randn(8, 3, generator=torch.Generator().manual_seed(0))
    order = torch.tensor([2, 0, 1, 3, 7, 5, 4, 6])  # within each graph
    assert torch.allclose(readout(x[order], sizes), readout(x, sizes), atol=1e-5)


def batch(*parts: Graph) -> dict[str, Tensor]:
    """Graphs as one batch, as a data node hands it out."""
    listed = [
        {"nodes": x, "edge_index": edge_index, "edges": edges, "number": torch.tensor(number)}
        for number, (x, edge_index, edges) in enumerate(parts)
    ]
    return Graphs(listed).take(torch.arange(len(parts)))


PARTS = (graph(1, 5, 9), graph(2, 1, 0), graph(3, 7, 20))


@pytest.mark.parametrize("name", layers())
def test_a_batch_of_graphs_is_one_by_one(name: str) -> None:
    layer = layers()[name]
    together = batch(*PARTS)
    left = layer(together["nodes"], together["edge_index"], together["edges"])
    right = torch.cat([layer(*part) for part in PARTS])
    assert torch.allclose(left, right, atol=1e-5)


@pytest.mark.parametrize("name", readouts())
def test_a_readout_of_a_batch_is_one_by_one(name: str) -> None:
    readout = readouts()[name]
    together = batch(*PARTS)
    alone = [readout(x, torch.tensor([len(x)])) for x, _, _ in PARTS]
    assert torch.allclose(readout(together["nodes"], together["sizes"]), torch.cat(alone))


def test_a_graph_without_nodes_reads_as_zeros() -> None:
    x, sizes = torch.ones(2, 3), torch.tensor([0, 2, 0])
    assert graph_layers.pool_graphs(x, sizes, "max").tolist() == [[0] * 3, [1] * 3, [0] * 3]
    assert graph_layers.Set2Set(3)(x, sizes).isfinite().all()


def test_a_batch_takes_any_graphs_in_any_order() -> None:
    listed = [
        {"nodes": x, "edge_index": edge_index, "label": torch.tensor(number)}
        for number, (x, edge_index, _) in enumerate(PARTS)
    ]
    taken = Graphs(listed).take(torch.tensor([2, 0]))
    assert taken["sizes"].tolist() == [7, 5] and taken["label"].tolist() == [2, 0]
    assert taken["graph_index"].tolist() == [0] * 7 + [1] * 5
    assert torch.equal(taken["nodes"], torch.cat([PARTS[2][0], PARTS[0][0]]))
    assert torch.equal(taken["edge_index"], torch.cat([PARTS[2][1], PARTS[0][1] + 7], 1))
    assert torch.equal(graph_layers.graph_of_nodes(taken["sizes"], 12), taken["graph_index"])


def adjacency(edge_index: Tensor, nodes: int, weights: Tensor | None = None) -> Tensor:
    """How much reaches each node (rows) from each other one."""
    matrix = torch.zeros(nodes, nodes)
    weights = torch.ones(edge_index.shape[1]) if weights is None else weights
    return matrix.index_put((edge_index[1], edge_index[0]), weights, accumulate=True)


def without_loops(matrix: Tensor) -> Tensor:
    return matrix - matrix.diag().diag()


@pytest.mark.parametrize("loops", [True, False])
def test_gcn_is_its_formula(loops: bool) -> None:
    x, edge_index, features = graph(4)
    layer, weights = graph_layers.GCNConv(3, 4, self_loops=loops), features[:, 0].abs()
    a = adjacency(edge_index, 7, weights)
    a = without_loops(a) + torch.eye(7) if loops else a
    d = a.sum(1).pow(-0.5).nan_to_num(posinf=0).diag()
    wanted = d @ a @ d @ x @ layer.linear.weight.T + layer.bias
    assert torch.allclose(layer(x, edge_index, weights[:, None]), wanted, atol=1e-5)


@pytest.mark.parametrize("loops", [True, False])
def test_gat_is_its_formula(loops: bool) -> None:
    """One head after the other, with a softmax over rows of a matrix; no edge is listed twice."""
    x = graph(5)[0]
    edge_index = graph(5)[1].unique(dim=1)
    layer = graph_layers.GATConv(3, 4, heads=2, self_loops=loops)
    linked = adjacency(edge_index, 7)
    linked = without_loops(linked) + torch.eye(7) if loops else linked
    results = []
    for weight, source, target in zip(
        layer.linear.weight.chunk(2), layer.source_score, layer.target_score, strict=True
    ):
        z = x @ weight.T
        score = nn.functional.leaky_relu((z @ target)[:, None] + (z @ source)[None], 0.2)
        share = score.masked_fill(linked == 0, -torch.inf).softmax(1).nan_to_num(0)
        results.append(share @ z)
    assert torch.allclose(layer(x, edge_index), torch.cat(results, 1), atol=1e-5)


def test_gin_and_sage_are_their_formulas() -> None:
    x, edge_index, _ = graph(6)
    a = adjacency(edge_index, 7)
    gin, sage = graph_layers.GINConv(3, 5, 4, epsilon=0.3), graph_layers.SAGEConv(3, 4)
    assert torch.allclose(gin(x, edge_index), gin.mlp(1.3 * x + a @ x), atol=1e-5)
    mean = a @ x / a.sum(1, keepdim=True).clamp(min=1)
    wanted = sage.neighbours(mean) + sage.itself(x)
    assert torch.allclose(sage(x, edge_index), wanted, atol=1e-5)


def test_nnconv_is_its_formula() -> None:
    x, edge_index, features = graph(7)
    layer = graph_layers.NNConv(3, 4, 2)
    wanted = layer.root(x).detach()
    for (source, target), edge in zip(edge_index.T.tolist(), features, strict=True):
        wanted[target] += x[source] @ layer.edge_network(edge).detach().view(3, 4)
    assert torch.allclose(layer(x, edge_index, features), wanted, atol=1e-5)


def test_set2set_is_attention_with_a_memory() -> None:
    """One graph, step by step, with torch's softmax in place of a scattered one."""
    x = graph(8)[0]
    layer = graph_layers.Set2Set(3, steps=4)
    question, memory, read = torch.zeros(1, 3), torch.zeros(1, 3), torch.zeros(1, 3)
    for _ in range(4):
        question, memory = layer.cell(torch.cat([question, read], 1), (question, memory))
        read = (x @ question[0]).softmax(0)[None] @ x
    wanted = torch.cat([question, read], 1)
    assert torch.allclose(layer(x, torch.tensor([7])), wanted, atol=1e-5)


def test_scatter_is_its_formula() -> None:
    x, index = torch.tensor([[1.0], [5.0], [-3.0]]), torch.tensor([2, 2, 0])
    for reduce, wanted in {"sum": 6, "mean": 3, "max": 5}.items():
        assert graph_layers.scatter(x, index, 4, reduce).flatten().tolist() == [-3, 0, wanted, 0]
    shares = graph_layers.scatter_softmax(x, index, 4).flatten()
    assert torch.allclose(shares, torch.tensor([*torch.tensor([1.0, 5.0]).softmax(0), 1.0]))


@pytest.mark.parametrize("odd", [7, -1])
@pytest.mark.parametrize("name", layers())
def test_an_edge_to_nowhere_is_said(name: str, odd: int) -> None:
    x, edge_index, features = graph(9)
    edge_index[1, 3] = odd
    text = f"an edge ends at node {odd}, and there are 7 nodes, 0 to 6"
    with pytest.raises(IndexError, match=text):
        layers()[name](x, edge_index, features)


def test_attention_is_dropped_in_training_alone() -> None:
    x, edge_index, _ = graph(10)
    layer = graph_layers.GATConv(3, 4, dropout=0.9)
    assert torch.equal(layer.eval()(x, edge_index), layer(x, edge_index))
    assert not torch.equal(layer.train()(x, edge_index), layer.eval()(x, edge_index))
