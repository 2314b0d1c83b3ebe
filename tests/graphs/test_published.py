"""Published networks, drawn as documents: they check without problems and learn as many numbers as
their papers or reference implementations say. Everything runs on the meta device.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import nodes.library  # noqa: F401  registers the node types
from graphs.compiler import check, export
from graphs.document.document import Document
from graphs.load_module import load_source
from tests.graphs.drawing import ready
from tests.published import convolutional as conv
from tests.published import sequential as seq


def convolution(inputs: int, outputs: int, size: int) -> int:
    """The weights and biases of a convolution with square filters."""
    return inputs * outputs * size * size + outputs


def u_net_count() -> int:
    """Counted by hand from figure 1 of the paper: 1 channel in, 2 maps out, 31,030,658 in all.

    The 31,031,685 of a well-known Keras version (zhixuhao/unet) come from another end: 2 maps by a
    3x3 convolution (1,154), and 1 of them (3), where the paper has one 1x1 convolution (130).
    """
    widths = (64, 128, 256, 512, 1024)
    down = sum(
        convolution(before, width, 3) + convolution(width, width, 3)
        for before, width in zip((1, *widths), widths, strict=False)
    )
    up = sum(
        convolution(2 * width, width, 2)
        + convolution(2 * width, width, 3)
        + convolution(width, width, 3)
        for width in widths[:-1]
    )
    return down + up + convolution(64, 2, 1)


def wavenet_count(residual: int = 32, skip: int = 256, classes: int = 256) -> int:
    """A causal convolution of size 2, 30 gated layers with two 1x1 convolutions, two at the end."""
    wide = 2 * residual
    layer = 2 * residual * wide + wide + residual * residual + residual + residual * skip + skip
    end = skip * skip + skip + skip * classes + classes
    return 2 * classes * residual + residual + 30 * layer + end


def transformer_count(vocabulary: int = 37_000, d: int = 512) -> int:
    """Section 3 of the paper with biases everywhere, as torch.nn.Transformer has them; one table of
    37,000 vectors, the vocabulary of the paper's English-German task.
    """
    attention, norm = 4 * (d * d + d), 2 * d
    feed = d * 4 * d + 4 * d + 4 * d * d + d
    encoder, decoder = attention + feed + 2 * norm, 2 * attention + feed + 3 * norm
    return vocabulary * d + 6 * (encoder + decoder)


NETWORKS: list[tuple[Callable[[], Document], int]] = [
    (conv.lenet_5, 61_706),
    (conv.alexnet, 61_100_840),
    (conv.vgg_16, 138_357_544),
    (conv.resnet_18, 11_689_512),
    (conv.resnet_50, 25_557_032),
    (conv.densenet_121, 7_978_856),
    (conv.u_net, 31_030_658),
    (seq.wavenet, wavenet_count()),
    (seq.transformer, transformer_count()),
    (seq.gpt_2, 124_439_808),
    (seq.vit_b_16, 86_567_656),
]


def test_the_u_net_is_counted_by_hand() -> None:
    assert u_net_count() == 31_030_658 == 31_031_685 - 1_154 - 3 + 130


@pytest.mark.parametrize(("draw", "count"), NETWORKS, ids=[draw.__name__ for draw, _ in NETWORKS])
def test_it_learns_as_many_numbers_as_published(draw: Callable[[], Document], count: int) -> None:
    checked = check(draw())
    assert checked.problems == ()
    assert checked.count_all_parameters("main") == count


LAST_OF_WAVENET = {"network.layers.29.out.weight", "network.layers.29.out.bias"}
"""What the last layer would hand on to a next one."""


@pytest.mark.parametrize(("draw", "count"), NETWORKS, ids=[draw.__name__ for draw, _ in NETWORKS])
def test_its_exported_file_learns_the_same_numbers(
    draw: Callable[[], Document], count: int
) -> None:
    """And a step of the exported file runs, on the meta device, forward and backward."""
    module = load_source(export(draw()), Path("program.py"))
    batch = next(module.batches(module.load("cpu")["train"], 2))
    with torch.device("meta"):
        program = ready(module)
        program.step({name: values.to("meta") for name, values in batch.items()})
    assert sum(weight.numel() for weight in program.parameters()) == count
    idle = {name for name, weight in program.named_parameters() if weight.grad is None}
    assert idle <= LAST_OF_WAVENET


def test_weights_are_loaded_again() -> None:
    """What a row of copies and shared vectors save is what they load."""
    module = load_source(export(seq.gpt_2(features=16, vocabulary=50)), Path("program.py"))
    first, second = ready(module), ready(module)
    second.load_state_dict(first.state_dict())
    tokens = torch.randint(50, (2, 9))
    assert torch.equal(first.network(tokens), second.network(tokens))
