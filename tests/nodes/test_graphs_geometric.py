"""Graph networks equal PyTorch Geometric's, where it is installed (pip install torch_geometric)."""

import pytest
import torch
from torch import Tensor, nn

from graphs.runtime.layers import graph_layers

geometric = pytest.importorskip("torch_geometric.nn", reason="torch_geometric is not installed")


def graph(loops: bool = True) -> tuple[Tensor, Tensor, Tensor]:
    """Node features (20, 3), edge index (2, 60), edge features (60, 2), in double precision."""
    draw = torch.Generator().manual_seed(0)
    edge_index = torch.randint(20, (2, 60), generator=draw)
    if not loops:
        edge_index = edge_index[:, edge_index[0] != edge_index[1]]
    features = torch.rand(edge_index.shape[1], 2, generator=draw, dtype=torch.float64)
    return torch.randn(20, 3, generator=draw, dtype=torch.float64), edge_index, features


def put(module: nn.Module, **weights: Tensor | None) -> nn.Module:
    """Their module with our weights, by their names."""
    module.double()
    known = dict(module.named_parameters())
    assert known.keys() == {name for name, weight in weights.items() if weight is not None}
    with torch.no_grad():
        for name, weight in known.items():
            weight.copy_(weights[name].reshape(weight.shape))  # type: ignore[union-attr]
    return module


def require_equal(left: Tensor, right: Tensor) -> None:
    difference = (left - right).abs().max().item()
    print(f"largest difference {difference:.1e}")
    assert difference < 1e-12


@pytest.mark.parametrize("loops", [True, False])
def test_gcn(loops: bool) -> None:
    x, edge_index, features = graph(loops=False)
    ours = graph_layers.GCNConv(3, 4, self_loops=loops).double()
    theirs = put(
        geometric.GCNConv(3, 4, add_self_loops=loops),
        **{"bias": ours.bias, "lin.weight": ours.linear.weight},
    )
    weight = features[:, 0]
    require_equal(ours(x, edge_index, weight[:, None]), theirs(x, edge_index, weight))
    x, edge_index, _ = graph()
    require_equal(ours(x, edge_index.unique(dim=1)), theirs(x, edge_index.unique(dim=1)))


@pytest.mark.parametrize("concat", [True, False])
@pytest.mark.parametrize("loops", [True, False])
def test_gat(concat: bool, loops: bool) -> None:
    x, edge_index, _ = graph()
    ours = graph_layers.GATConv(3, 4, heads=5, concat=concat, self_loops=loops).double()
    theirs = put(
        geometric.GATConv(3, 4, heads=5, concat=concat, add_self_loops=loops),
        **{
            "bias": ours.bias,
            "lin.weight": ours.linear.weight,
            "att_src": ours.source_score,
            "att_dst": ours.target_score,
        },
    )
    require_equal(ours(x, edge_index), theirs(x, edge_index))


def test_gin() -> None:
    x, edge_index, _ = graph()
    ours = graph_layers.GINConv(3, 5, 4, epsilon=0.25).double()
    theirs = geometric.GINConv(ours.mlp, eps=0.25)  # this draws the weights of the MLP anew
    require_equal(ours(x, edge_index), theirs(x, edge_index))


@pytest.mark.parametrize("reduce", ["mean", "max", "sum"])
@pytest.mark.parametrize("normalize", [True, False])
def test_sage(reduce: str, normalize: bool) -> None:
    x, edge_index, _ = graph()
    ours = graph_layers.SAGEConv(3, 4, reduce=reduce, normalize=normalize).double()
    theirs = put(
        geometric.SAGEConv(3, 4, aggr=reduce, normalize=normalize),
        **{
            "lin_l.weight": ours.neighbours.weight,
            "lin_l.bias": ours.neighbours.bias,
            "lin_r.weight": ours.itself.weight,
        },
    )
    require_equal(ours(x, edge_index), theirs(x, edge_index))


@pytest.mark.parametrize("reduce", ["mean", "max", "sum"])
def test_nnconv(reduce: str) -> None:
    x, edge_index, features = graph()
    ours = graph_layers.NNConv(3, 4, 2, reduce=reduce).double()
    theirs = geometric.NNConv(3, 4, ours.edge_network, aggr=reduce).double()
    with torch.no_grad():
        theirs.lin.weight.copy_(ours.root.weight)
        theirs.bias.copy_(ours.root.bias)
    require_equal(ours(x, edge_index, features), theirs(x, edge_index, features))


def test_set2set() -> None:
    x, sizes = graph()[0], torch.tensor([4, 1, 15])
    ours = graph_layers.Set2Set(3, steps=4).double()
    weights = {f"lstm.{name}_l0": weight for name, weight in ours.cell.named_parameters()}
    theirs = put(geometric.Set2Set(3, processing_steps=4), **weights)
    require_equal(ours(x, sizes), theirs(x, graph_layers.graph_of_nodes(sizes, 20)))


@pytest.mark.parametrize(
    ("reduce", "pool"),
    [("sum", "global_add_pool"), ("mean", "global_mean_pool"), ("max", "global_max_pool")],
)
def test_readout(reduce: str, pool: str) -> None:
    x, sizes = graph()[0], torch.tensor([4, 1, 15])
    theirs = getattr(geometric, pool)(x, graph_layers.graph_of_nodes(sizes, 20))
    require_equal(graph_layers.pool_graphs(x, sizes, reduce), theirs)
