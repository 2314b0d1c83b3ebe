"""Normalisation and regularisation: equal to torch's own modules, or to their paper's words."""

from typing import Any

import pytest
import torch
from torch import nn

import nodes.library  # noqa: F401  registers the node types
from graphs.runtime.layers.regularisation import StochasticDepth
from tests.nodes.bench import applied, outcome

CASES: list[tuple[str, dict[str, Any], nn.Module, tuple[int, ...]]] = [
    ("BatchNorm1d", {}, nn.BatchNorm1d(6), (4, 6)),
    ("BatchNorm1d", {"affine": False}, nn.BatchNorm1d(6, affine=False), (4, 6, 5)),
    ("BatchNorm2d", {"eps": 0.1}, nn.BatchNorm2d(6, eps=0.1), (4, 6, 5, 5)),
    ("BatchNorm3d", {}, nn.BatchNorm3d(6), (4, 6, 2, 5, 5)),
    ("LayerNorm", {}, nn.LayerNorm(5), (4, 6, 5)),
    ("LayerNorm", {"axes": 2, "bias": False}, nn.LayerNorm((6, 5), bias=False), (4, 6, 5)),
    ("RMSNorm", {"eps": 1e-6}, nn.RMSNorm(5, 1e-6), (4, 6, 5)),
    ("RMSNorm", {"axes": 2}, nn.RMSNorm((6, 5)), (4, 6, 5)),
    ("GroupNorm", {"num_groups": 3}, nn.GroupNorm(3, 6), (4, 6, 5, 5)),
    ("InstanceNorm1d", {}, nn.InstanceNorm1d(6), (4, 6, 5)),
    ("InstanceNorm2d", {"affine": True}, nn.InstanceNorm2d(6, affine=True), (4, 6, 5, 5)),
    ("InstanceNorm3d", {}, nn.InstanceNorm3d(6), (4, 6, 2, 5, 5)),
    ("LocalResponseNorm", {"k": 2.0}, nn.LocalResponseNorm(5, k=2.0), (4, 6, 5, 5)),
]
DROPPING: list[tuple[str, dict[str, Any], nn.Module, tuple[int, ...]]] = [
    ("Dropout", {}, nn.Dropout(), (4, 6)),
    ("Dropout1d", {}, nn.Dropout1d(), (4, 6, 5)),
    ("Dropout2d", {}, nn.Dropout2d(), (4, 6, 5, 5)),
    ("Dropout3d", {}, nn.Dropout3d(), (4, 6, 2, 5, 5)),
    ("AlphaDropout", {}, nn.AlphaDropout(), (4, 6)),
    ("AlphaDropout", {"channels": True}, nn.FeatureAlphaDropout(), (4, 6, 5)),
]


@pytest.mark.parametrize(("name", "given", "module", "shape"), CASES + DROPPING)
def test_equals_torch(
    name: str, given: dict[str, Any], module: nn.Module, shape: tuple[int, ...]
) -> None:
    x = 3 + 2 * torch.randn(shape, generator=torch.Generator().manual_seed(0))
    torch.manual_seed(1)
    (ours,) = outcome(name, given, x)
    torch.manual_seed(1)
    assert torch.equal(ours, module(x))


@pytest.mark.parametrize(("name", "given", "module", "shape"), DROPPING)
def test_nothing_is_dropped_in_evaluation(
    name: str, given: dict[str, Any], module: nn.Module, shape: tuple[int, ...]
) -> None:
    x = torch.randn(shape)
    assert torch.equal(applied(name, given, shape).eval()(x), x)


def test_stochastic_depth_drops_whole_samples_and_keeps_the_mean() -> None:
    torch.manual_seed(0)
    layer, x = StochasticDepth(0.25), torch.rand(4000, 2, 3) + 1
    dropped = layer(x)
    shares = dropped.flatten(1) / x.flatten(1)
    assert set(shares.unique().tolist()) <= {0.0, *(x / 0.75 / x).unique().tolist()}
    assert torch.equal(shares.amax(1) > 0, shares.amin(1) > 0)
    assert abs(float((shares[:, 0] == 0).float().mean()) - 0.25) < 0.03
    assert abs(float(dropped.mean() / x.mean()) - 1) < 0.03
    assert torch.equal(layer.eval()(x), x)
