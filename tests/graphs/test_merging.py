"""Classes of blocks: what differs between uses is said once, under the name that it has."""

import nodes.library  # noqa: F401  registers the node types
from graphs.source import export
from tests.published.convolutional import densenet_121, resnet_18, resnet_50
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


def test_equal_steps_are_a_range() -> None:
    line = "[DenseLayer(num_features=num_features) for num_features in range(256, 1024, 32)]"
    assert line in export(densenet_121())


def test_what_a_good_engineer_writes() -> None:
    source = export(gpt_2())
    for line in (
        "self.attention = SelfAttention(768, 12, causal=True)",
        "return sum1 + self.narrow(active)  # (N, 1024, 768)",
        "return F.linear(norm, self.tokens.weight)  # (N, 1024, 50257)",
        "self.layers = Chain([Layer() for _ in range(12)])",
        "self.network.parameters(), lr=0.001",
    ):
        assert line in source
