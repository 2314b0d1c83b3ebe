"""Pooling and resizing: equal to torch's own modules, and what no row of the table can say."""

import pytest
import torch
from torch import nn

import nodes.library  # noqa: F401  registers the node types
from tests.nodes.bench import outcome

SHAPES = {1: (2, 3, 8), 2: (2, 3, 6, 8), 3: (2, 3, 4, 6, 8)}
PADS = {
    "constant": "ConstantPad",
    "reflect": "ReflectionPad",
    "replicate": "ReplicationPad",
    "circular": "CircularPad",
}


@pytest.mark.parametrize("axes", SHAPES)
@pytest.mark.parametrize("kind", ["Max", "Avg"])
def test_windows_are_those_of_torch(axes: int, kind: str) -> None:
    x = torch.randn(SHAPES[axes], generator=torch.Generator().manual_seed(0))
    given = {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}
    (pooled,) = outcome(f"{kind}Pool{axes}d", given, x)
    assert torch.equal(pooled, getattr(nn, f"{kind}Pool{axes}d")(3, 2, 1, ceil_mode=True)(x))


@pytest.mark.parametrize("axes", SHAPES)
@pytest.mark.parametrize("kind", ["Max", "Avg"])
def test_a_global_pooling_is_an_adaptive_one_to_size_1(axes: int, kind: str) -> None:
    x = torch.randn(SHAPES[axes], generator=torch.Generator().manual_seed(0))
    (one,) = outcome(f"Global{kind}Pool{axes}d", {}, x)
    (adaptive,) = outcome(f"Adaptive{kind}Pool{axes}d", {}, x)
    assert torch.allclose(one, adaptive.flatten(1), atol=1e-6)


@pytest.mark.parametrize("axes", SHAPES)
@pytest.mark.parametrize("mode", PADS)
def test_borders_are_those_of_torch(axes: int, mode: str) -> None:
    x = torch.randn(SHAPES[axes], generator=torch.Generator().manual_seed(0))
    sides = (1, 2, 3, 0, 1, 1)[: 2 * axes]
    value = (0.5,) if mode == "constant" else ()
    given = {"padding": sides, "mode": mode, "value": 0.5}
    (padded,) = outcome(f"Pad{axes}d", given, x)
    assert torch.equal(padded, getattr(nn, f"{PADS[mode]}{axes}d")(sides, *value)(x))


@pytest.mark.parametrize(
    ("name", "axes", "modes"),
    [
        ("Upsample1d", 1, ["nearest", "linear"]),
        ("Upsample", 2, ["nearest", "bilinear", "bicubic"]),
        ("Upsample3d", 3, ["nearest", "trilinear"]),
    ],
)
def test_larger_things_are_those_of_torch(name: str, axes: int, modes: list[str]) -> None:
    x = torch.randn(SHAPES[axes], generator=torch.Generator().manual_seed(0))
    for mode in modes:
        (large,) = outcome(name, {"factor": 3, "mode": mode}, x)
        assert torch.equal(large, nn.Upsample(scale_factor=3, mode=mode)(x))


def test_shuffled_pixels_come_back() -> None:
    x = torch.randn(2, 12, 3, 5)
    (large,) = outcome("PixelShuffle", {}, x)
    assert torch.equal(large[:, 0, :2, :2].flatten(1), x[:, :4, 0, 0])
    assert torch.equal(outcome("PixelUnshuffle", {}, large)[0], x)
