"""Non-linearities: equal to torch's own modules, or to their paper's words."""

from typing import Any

import pytest
import torch
from torch import nn

import nodes.library  # noqa: F401  registers the node types
from tests.nodes.bench import outcome

CASES: list[tuple[str, dict[str, Any], nn.Module]] = [
    ("ReLU", {}, nn.ReLU()),
    ("ReLU6", {}, nn.ReLU6()),
    ("LeakyReLU", {"negative_slope": 0.2}, nn.LeakyReLU(0.2)),
    ("PReLU", {}, nn.PReLU()),
    ("PReLU", {"per_channel": True, "init": 0.1}, nn.PReLU(6, 0.1)),
    ("ELU", {"alpha": 0.5}, nn.ELU(0.5)),
    ("SELU", {}, nn.SELU()),
    ("CELU", {"alpha": 0.5}, nn.CELU(0.5)),
    ("GELU", {"approximate": "tanh"}, nn.GELU("tanh")),
    ("SiLU", {}, nn.SiLU()),
    ("Mish", {}, nn.Mish()),
    ("Softplus", {"beta": 3.0}, nn.Softplus(3.0)),
    ("Softsign", {}, nn.Softsign()),
    ("Tanh", {}, nn.Tanh()),
    ("Sigmoid", {}, nn.Sigmoid()),
    ("LogSigmoid", {}, nn.LogSigmoid()),
    ("HardSwish", {}, nn.Hardswish()),
    ("HardSigmoid", {}, nn.Hardsigmoid()),
    ("HardTanh", {"max_val": 0.5}, nn.Hardtanh(-1, 0.5)),
    ("Softmax", {"dim": 1}, nn.Softmax(1)),
    ("LogSoftmax", {"dim": 1}, nn.LogSoftmax(1)),
    ("GLU", {}, nn.GLU()),
]


@pytest.mark.parametrize(("name", "given", "module"), CASES)
def test_equals_torch(name: str, given: dict[str, Any], module: nn.Module) -> None:
    x = 4 * torch.randn(5, 6, 4, generator=torch.Generator().manual_seed(0))
    assert torch.equal(outcome(name, given, x)[0], module(x))


def test_a_random_slope_is_torchs() -> None:
    x = torch.randn(5, 6)
    torch.manual_seed(3)
    (ours,) = outcome("RReLU", {"lower": 0.1, "upper": 0.4}, x)
    torch.manual_seed(3)
    assert torch.equal(ours, nn.RReLU(0.1, 0.4)(x))


@pytest.mark.parametrize("dim", [1, -1, -2, 2])
def test_maxout_keeps_the_largest_of_each_few(dim: int) -> None:
    x = torch.randn(2, 6, 12)
    (kept,) = outcome("Maxout", {"pieces": 3, "dim": dim}, x)
    assert torch.equal(kept, torch.stack([part.amax(dim) for part in x.split(3, dim)], dim))


def test_a_gate_lets_a_tanh_through() -> None:
    x = torch.randn(2, 6, 5)
    assert torch.equal(outcome("GatedTanh", {}, x)[0], x[:, :3].tanh() * x[:, 3:].sigmoid())
