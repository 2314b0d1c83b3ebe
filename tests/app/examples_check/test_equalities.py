"""What holds exactly of the drawn systems, whatever they have learned."""

from __future__ import annotations

import functools
from inspect import signature
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import nodes.library  # noqa: F401  registers the node types
from app.commands.documents import FOLDER
from app.examples_check.causality import leaks
from graphs.compiler import export
from graphs.document.document_io import SUFFIX, read
from graphs.load_module import load_source


@functools.cache
def module_of(name: str) -> ModuleType:
    """The exported file of an example."""
    return load_source(export(read(FOLDER / f"{name}{SUFFIX}"), FOLDER), Path(f"{name}.py"))


def network_of(name: str) -> nn.Module:
    """The network of an example, before its training."""
    torch.manual_seed(0)
    make = module_of(name).Program
    steps = {"steps_per_epoch": 1} if "steps_per_epoch" in signature(make).parameters else {}
    network: nn.Module = make(**steps).network
    return network


def gradient(values: Tensor, network: nn.Module) -> list[Tensor]:
    """The gradient of a sum to all weights, zeros where there is none."""
    network.zero_grad()
    values.sum().backward()
    return [torch.zeros_like(w) if w.grad is None else w.grad.clone() for w in network.parameters()]


def test_a_reversal_is_the_identity_forward_and_minus_its_strength_backward() -> None:
    network = network_of("dann")
    images = torch.rand(6, 1, 8, 8)
    network.reverse_plain.batches.fill_(network.reverse_plain.steps)  # type: ignore[union-attr,operator]
    strength = network.reverse_plain.growing().item()  # type: ignore[union-attr,operator]
    assert strength == pytest.approx(0.1, rel=1e-3)
    through = network(images, images)[2]
    turned = gradient(through, network.features)  # type: ignore[arg-type]
    network.reverse_plain = nn.Identity()
    straight = network(images, images)[2]
    kept = gradient(straight, network.features)  # type: ignore[arg-type]
    assert torch.equal(through, straight)
    for one, other in zip(turned, kept, strict=True):
        torch.testing.assert_close(one, -strength * other)


def tasks(count: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Waves, in double precision: support, answer, query, target, each (count, 10, 1)."""
    draw = torch.Generator().manual_seed(0)
    x = 10 * torch.rand(2, count, 10, 1, generator=draw, dtype=torch.float64) - 5
    phase = 3 * torch.rand(count, 1, 1, generator=draw, dtype=torch.float64)
    return x[0], torch.sin(x[0] + phase), x[1], torch.sin(x[1] + phase)


def test_maml_of_all_tasks_is_a_loop_over_them() -> None:
    network = network_of("maml_sinusoid").double()
    support, known, query, _ = tasks(5)
    together = network(support, known, query)
    alone = [network(*(x[i : i + 1] for x in (support, known, query))) for i in range(5)]
    for place, at_once in enumerate(together):
        one_by_one = torch.cat([parts[place] for parts in alone])
        torch.testing.assert_close(at_once, one_by_one, rtol=0, atol=1e-13)


def test_mamls_gradient_is_the_difference_quotient() -> None:
    network = network_of("maml_sinusoid").double()
    support, known, query, target = tasks(3)

    def error() -> Tensor:
        return F.mse_loss(network(support, known, query)[0], target)

    found = torch.cat([part.flatten() for part in gradient(error(), network)])
    direction = torch.randn(len(found), dtype=torch.float64)
    step, weights = 1e-8, list(network.parameters())  # a ReLU's corner is seldom so near
    parts = direction.split([weight.numel() for weight in weights])

    def moved(by: float) -> float:
        with torch.no_grad():
            for weight, part in zip(weights, parts, strict=True):
                weight += by * part.view_as(weight)
        return error().item()

    above, below = moved(step), moved(-2 * step)
    assert (above - below) / (2 * step) == pytest.approx((found @ direction).item(), rel=1e-5)


GRAPHS = {
    "mpnn": (4, 3),
    "gin_classes": (1, 0),
}
"""Node features and edge features of the examples that read whole graphs."""


def graph(name: str, seed: int) -> tuple[Tensor, ...]:
    """Nodes, an edge index, edge features if there are any, and the size of one graph."""
    features, bonds = GRAPHS[name]
    draw = torch.Generator().manual_seed(seed)
    count = 4 + seed
    edge_index = torch.randint(count, (2, 3 * count), generator=draw)
    nodes_ = torch.randn(count, features, generator=draw)
    edges = (torch.randn(3 * count, bonds, generator=draw),) if bonds else ()
    return (nodes_, edge_index, *edges, torch.tensor([count]))


def answer(network: nn.Module, *batch: Tensor) -> Tensor:
    """What a network says of each graph; probes may read more of it."""
    result = network(*batch)
    return result[0] if isinstance(result, tuple) else result


@pytest.mark.parametrize("name", GRAPHS)
def test_renaming_nodes_changes_nothing(name: str) -> None:
    network = network_of(name).eval()
    nodes_, edge_index, *edges, sizes = graph(name, 5)
    renamed, order = torch.randperm(len(nodes_)), torch.randperm(edge_index.shape[1])
    moved = torch.empty_like(nodes_)
    moved[renamed] = nodes_
    after = answer(network, moved, renamed[edge_index][:, order], *(e[order] for e in edges), sizes)
    torch.testing.assert_close(after, answer(network, *graph(name, 5)), rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", GRAPHS)
def test_a_batch_of_graphs_is_one_by_one(name: str) -> None:
    network = network_of(name).eval()
    several = [graph(name, seed) for seed in range(3)]
    starts = torch.tensor([0, *(len(found[0]) for found in several)]).cumsum(0)
    moved = [
        (x, edges + start, *rest)
        for (x, edges, *rest), start in zip(several, starts[:-1], strict=True)
    ]
    nodes_, edge_index, *others = zip(*moved, strict=True)
    batch = (torch.cat(nodes_), torch.cat(edge_index, 1), *map(torch.cat, others))
    one_by_one = torch.cat([answer(network, *found) for found in several])
    torch.testing.assert_close(answer(network, *batch), one_by_one, rtol=0, atol=1e-5)


CAUSAL = {"char_lm": (96, "model"), "text_lm": (90, "")}
"""How many tokens there are, and the part that foretells the next one."""


@pytest.mark.parametrize("name", CAUSAL)
def test_nothing_feels_its_future(name: str) -> None:
    count, part = CAUSAL[name]
    network = network_of(name).eval()
    tokens = torch.randint(count, (2, 48), generator=torch.Generator().manual_seed(0))
    assert leaks(network.get_submodule(part), tokens, 20) == 0
