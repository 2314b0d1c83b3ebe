"""Judges of networks that read and write sequences."""

import math

import torch
from torch import Tensor

from app.gallery.judging import Measure, judges
from app.gallery.trained import Trained


@judges("char_lm")
def char_lm(example: Trained) -> list[Measure]:
    """Bits for each character of a text that it never saw, beside what counting gives."""
    bits = example.test()["bits"]
    counts = trigram(example.data["train"]["tokens"], example.data["test"]["tokens"])
    return [Measure("bits per character", bits, 2.1, "below", counts, "trigram")]


def trigram(train: Tensor, test: Tensor, weight: float = 5.0) -> float:
    """Bits a token by counts of the three that followed each other, mixed with those of two and of
    one, which count as much as so many sightings.
    """
    size = int(max(train.max(), test.max())) + 1
    one, two, three = (counted(train.flatten(), length, size) for length in (1, 2, 3))
    single = (one + 0.5) / (one.sum() + 0.5 * size)
    double = (two + weight * single) / (two.sum(1, keepdim=True) + weight)
    triple = (three + weight * double) / (three.sum(2, keepdim=True) + weight)
    first, second, third = test.flatten().unfold(0, 3, 1).T
    return -(triple[first, second, third].log().mean().item()) / math.log(2)


def counted(tokens: Tensor, length: int, size: int) -> Tensor:
    """How often each row of so many tokens occurs, an axis for each place."""
    powers = size ** torch.arange(length - 1, -1, -1)
    places = (tokens.unfold(0, length, 1) * powers).sum(1)
    return torch.bincount(places, minlength=size**length).reshape([size] * length).double()
