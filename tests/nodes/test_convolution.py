"""Convolutions: what no row of the table can say."""

import pytest
import torch
from torch import nn

import nodes.library  # noqa: F401  registers the node types
from graphs.check.node_parameters import validated
from graphs.document.document import Node
from graphs.runtime.layers.convolutions import CausalConv1d, MaskedConv2d
from tests.nodes.bench import applied


def test_the_words_of_version_1_are_numbers() -> None:
    for old, new in (("same", None), ("valid", 0)):
        node = Node(type="Conv2d", version=1, parameters={"padding": old})
        assert validated(node).padding == new


def test_a_causal_convolution_sees_no_future() -> None:
    """The gradient of a step is zero at all later ones, and reaches as far back as it says."""
    x = torch.randn(1, 2, 20, requires_grad=True)
    CausalConv1d(2, 3, kernel_size=3, dilation=4)(x)[0, :, 12].sum().backward()
    seen = x.grad[0].abs().sum(0).nonzero().flatten().tolist()
    assert seen == [4, 8, 12]


def test_depthwise_is_a_convolution_of_each_channel() -> None:
    torch.manual_seed(0)
    layer = applied("Conv2d", {"groups": 3, "out_channels": 3, "kernel_size": (1, 3)}, (2, 3, 5, 5))
    x = torch.randn(2, 3, 5, 5)
    alone = [
        nn.functional.conv2d(x[:, [c]], layer.weight[[c]], layer.bias[[c]], padding="same")
        for c in range(3)
    ]
    assert torch.allclose(layer(x), torch.cat(alone, 1), atol=1e-6)


def test_sizes_for_each_axis_reach_torch() -> None:
    given = {"kernel_size": (1, 5), "stride": (1, 2), "dilation": (1, 2), "out_channels": 4}
    layer = applied("Conv2d", given, (2, 3, 8, 16))
    assert (layer.kernel_size, layer.stride, layer.dilation) == ((1, 5), (1, 2), (1, 2))
    assert layer.padding == (0, 4)  # what centres each filter on every second pixel of its row


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_a_transposed_convolution_is_the_gradient_of_a_convolution(axes: int) -> None:
    torch.manual_seed(0)
    given = {"kernel_size": 3, "stride": 2, "output_padding": 1, "bias": False, "out_channels": 2}
    size = (4, 5, 6)[:axes]
    layer = applied(f"ConvTranspose{axes}d", given, (1, 3, *size))
    small, large = torch.randn(1, 3, *size), torch.zeros(1, 2, *(2 * n for n in size))
    large.requires_grad_()
    convolution = getattr(nn.functional, f"conv{axes}d")
    convolution(large, layer.weight, stride=2, padding=1).backward(small)
    assert torch.allclose(layer(small), large.grad, atol=1e-5)


def seen_by(layer: nn.Module, channels: int, at: tuple[int, int, int]) -> set[tuple[int, ...]]:
    """The places (channel, row, column) from which a gradient reaches one of what leaves."""
    x = torch.randn(1, channels, 5, 6, requires_grad=True)
    channel, row, column = at
    layer(x)[0, channel, row, column].backward()
    return {tuple(place) for place in x.grad[0].nonzero().tolist()}


@pytest.mark.parametrize("mask", ["A", "B"])
def test_a_masked_pixel_sees_no_later_one(mask: str) -> None:
    torch.manual_seed(0)
    seen = seen_by(MaskedConv2d(2, 3, 3, mask=mask), 2, (1, 2, 3))
    before = {(2, 2), (1, 2), (1, 3), (1, 4)} | ({(2, 3)} if mask == "B" else set())
    assert seen == {(channel, *place) for channel in range(2) for place in before}


def test_many_masked_layers_see_no_later_pixel() -> None:
    """A, then B: what is said of a pixel has a gradient of exactly 0 at it and at later ones."""
    torch.manual_seed(0)
    layers = [MaskedConv2d(1, 4, 7, mask="A"), nn.Tanh(), MaskedConv2d(4, 4, 3), nn.Tanh()]
    seen = seen_by(nn.Sequential(*layers, MaskedConv2d(4, 4, (3, 5))), 1, (0, 3, 2))
    assert (0, 3, 1) in seen and (0, 0, 5) in seen
    assert max((row, column) for _, row, column in seen) < (3, 2)


@pytest.mark.parametrize("mask", ["A", "B"])
def test_colours_see_those_before_them(mask: str) -> None:
    """Red, green, blue, each two channels wide: at its own pixel green sees red, blue sees both."""
    torch.manual_seed(0)
    layer = MaskedConv2d(6, 6, 3, mask=mask, colours=3)
    for channel in range(6):
        here = {c for c, *place in seen_by(layer, 6, (channel, 2, 2)) if place == [2, 2]}
        colour = channel // 2
        assert here == set(range(2 * colour + (2 if mask == "B" else 0)))
