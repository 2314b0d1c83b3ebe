"""Classes of blocks: what differs between uses is said once, under the name that it has."""

from pathlib import Path

import torch

import nodes.library  # noqa: F401  registers the node types
from graphs.compiler import export
from graphs.load_module import load_source
from tests.published.convolutional import densenet_121, resnet_18, resnet_50
from tests.published.drawing import block, classifier, program, repeat, row, use
from tests.published.sequential import gpt_2


def test_a_size_that_equals_a_parameter_is_that_parameter() -> None:
    source = export(resnet_18())
    assert "class Residual(nn.Module):" in source
    assert "def __init__(self, channels: int) -> None:" in source
    assert "self.norm1 = nn.BatchNorm2d(channels)" in source
    assert "[Residual(channels=64) for _ in range(2)]" in source


def test_a_size_that_equals_an_expression_is_that_expression() -> None:
    source = export(resnet_50())
    assert "self.norm3 = nn.BatchNorm2d(channels * 4)" in source
    assert "class Widening2(nn.Module):" in source


def test_a_size_that_is_a_multiple_of_a_parameter_is_written_so() -> None:
    """Uses of a block that first narrows what is twice as wide as it is itself."""
    narrow = block("narrow", row("x", narrow=("Linear", {"out_features": "=width"})), width=4)
    layers = row("rows.sequence", wide=("Linear", {"out_features": 16}), a=use("Narrow", width=8))
    last = ("Linear", {"out_features": 1})
    layers |= row("a.y", b=use("Narrow", width=4))
    layers |= row("b.y", end=("Select",), last=last)
    ends = {"loss": ("MeanSquaredError", {"prediction": "last", "target": "rows.target"})}
    optimizer = {"adam": ("Adam", {"loss": "loss"})}
    rows = ("AddingProblem", {}, {"samples": 8, "held_out": 4, "length": 4})
    source = export(program("narrow", {"rows": rows, **layers, **ends, **optimizer}, Narrow=narrow))
    assert "self.narrow = nn.Linear(width * 2, width)" in source


def test_equal_steps_are_a_range() -> None:
    line = "[DenseLayer(num_features=num_features) for num_features in range(256, 1024, 32)]"
    assert line in export(densenet_121())


def test_what_a_good_engineer_writes() -> None:
    source = export(gpt_2())
    for line in (
        "self.attention = SelfAttention(768, 12, causal=True)",
        "return sum1 + self.narrow(active)  # (N, 1024, 768)",
        "return F.linear(x, self.tokens.weight)  # (N, 1024, 50257)",
        "self.layers = nn.Sequential(*[Layer() for _ in range(12)])",
        "self.network.parameters(), lr=0.001",
    ):
        assert line in source


def test_a_network_and_a_block_of_one_name_are_two_classes() -> None:
    dense = block("linear", row("x", linear=("Linear", {"out_features": 4})))
    layers = row("rows.sequence", end=("Select",), dense=use("Dense"))
    layers |= row("dense.y", last=("Linear", {"out_features": 1}))
    ends = {"loss": ("MeanSquaredError", {"prediction": "last", "target": "rows.target"})}
    optimizer = {"adam": ("Adam", {"loss": "loss"})}
    rows = ("AddingProblem", {}, {"samples": 8, "held_out": 4, "length": 4})
    source = export(program("dense", {"rows": rows, **layers, **ends, **optimizer}, Dense=dense))
    assert "class Dense(nn.Module):" in source and "class DenseNetwork(nn.Module):" in source


def test_copies_that_differ_in_more_than_numbers_are_listed() -> None:
    """A kernel of one pixel needs no padding, one of three does: two classes in a row."""
    conv = ("Conv2d", {"out_channels": 1, "kernel_size": "=1 + 2 * i"})
    layers = row("images.image", rows=repeat("Seen", 2))
    layers |= row("rows.y", flat=("Flatten",), last=("Linear", {"out_features": 3}))
    document = classifier("seen", 8, 1, layers, Seen=block("conv", row("x", conv=conv)))
    source = export(document)
    assert "self.rows = nn.Sequential(Seen(), Seen2())" in source
    assert load_source(source, Path("seen.py")).Program().network(torch.rand(2, 1, 8, 8)).shape == (
        2,
        3,
    )
