"""Positions and masks: against their papers and torch."""

import math

import torch
from torch import nn

from graphs.runtime.layers.positions import (
    ClassToken,
    LearnedPositions,
    SinusoidalPositions,
    causal_mask,
)


def test_a_causal_mask_is_torchs() -> None:
    torch.testing.assert_close(
        causal_mask(torch.zeros(1, 5, 2)), nn.Transformer.generate_square_subsequent_mask(5)
    )


def test_causal_attention_sees_no_future() -> None:
    attention = nn.MultiheadAttention(8, 2, batch_first=True)
    x = torch.randn(1, 6, 8, requires_grad=True)
    options = {"need_weights": False, "attn_mask": causal_mask(x), "is_causal": True}
    attention(x, x, x, **options)[0][0, 2].sum().backward()
    assert x.grad[0].abs().sum(1).nonzero().flatten().tolist() == [0, 1, 2]


def test_sinusoids_are_those_of_the_paper() -> None:
    """sin(pos / 10000^(2i / d)) at 2i and its cosine at 2i + 1 (arXiv 1706.03762, 3.5)."""
    found = SinusoidalPositions()(torch.zeros(1, 9, 6))[0]
    for position in range(9):
        for i in range(3):
            angle = position / 10_000 ** (2 * i / 6)
            wanted = torch.tensor([math.sin(angle), math.cos(angle)])
            torch.testing.assert_close(found[position, 2 * i : 2 * i + 2], wanted)


def test_learned_positions_take_shorter_sequences() -> None:
    layer = LearnedPositions(10, 4)
    x = torch.randn(2, 7, 4)
    torch.testing.assert_close(layer(x) - x, layer.positions[:7].expand(2, -1, -1))


def test_the_class_token_comes_first() -> None:
    layer = ClassToken(4)
    x = torch.randn(2, 7, 4)
    result = layer(x)
    assert torch.equal(result[:, 1:], x) and torch.equal(result[1, 0], layer.token)
