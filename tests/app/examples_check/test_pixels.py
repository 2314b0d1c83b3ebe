"""Judges of images drawn pixel by pixel, on what is known of them."""

import math

import pytest
import torch
from torch import Tensor, nn

from app.examples_check.judges.pixels import LEVELS, mixture_bits, neighbour_bits, pixel_leaks
from graphs.runtime.layers.convolutions import MaskedConv2d


class Scores(nn.Module):
    """One convolution of grey levels."""

    def __init__(self, convolution: nn.Module) -> None:
        super().__init__()
        self.convolution = convolution

    def forward(self, images: Tensor) -> Tensor:
        scores: Tensor = self.convolution(images[:, None].float())
        return scores


def test_a_leak_is_found() -> None:
    torch.manual_seed(0)
    images = torch.randint(LEVELS, (3, 4, 5))
    assert pixel_leaks(Scores(MaskedConv2d(1, 6, 3, mask="A")), images) == 0
    assert pixel_leaks(Scores(MaskedConv2d(1, 6, 3, mask="B")), images) == 4 * 5
    assert pixel_leaks(Scores(nn.Conv2d(1, 6, 3, padding=1)), images) > 4 * 5


def test_counted_baselines() -> None:
    torch.manual_seed(0)
    labels = torch.arange(10).repeat_interleave(300)
    flat = (labels % 2 * 16)[:, None, None].expand(-1, 4, 4)
    one_bit = math.log2(2) / 16  # a whole image is known from its first pixel
    assert mixture_bits(flat, labels, flat) == pytest.approx(one_bit, abs=0.05)
    chance = torch.randint(LEVELS, (3000, 4, 4))
    assert mixture_bits(chance, labels, chance) == pytest.approx(math.log2(LEVELS), abs=0.1)
    assert neighbour_bits(chance, chance) == pytest.approx(math.log2(LEVELS), abs=0.1)
    rising = (torch.arange(16).view(4, 4) + torch.arange(3000)[:, None, None]) % LEVELS
    assert neighbour_bits(rising, rising) < 1.5
