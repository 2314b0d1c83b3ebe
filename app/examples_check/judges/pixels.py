"""Judges of networks that draw images pixel by pixel."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from app.examples_check.generated_images import rarest_share
from app.examples_check.judging import Measure, judges
from app.examples_check.trained import Trained

LEVELS = 17
DRAWN = 250
"""How many digits are drawn to be judged."""


@judges("pixelcnn")
def pixelcnn(example: Trained) -> list[Measure]:
    """Bits a pixel of digits that it never saw, and whether it draws all ten."""
    train, test = example.samples("train"), example.samples("test")
    known, unseen = (example.module.quantise(s["image"], levels=LEVELS) for s in (train, test))
    bits, model = example.test()["bits"], example.program.network.model
    mixed, near = mixture_bits(known, train["label"], unseen), neighbour_bits(known, unseen)
    torch.manual_seed(example.seed)
    blank = unseen.new_zeros(DRAWN, *unseen.shape[1:])
    fake = example.module.generate_pixels(model, blank, keep_rows=0, temperature=1.0) / (LEVELS - 1)
    rarest = rarest_share(train["image"], train["label"], fake)
    leaks = pixel_leaks(model, unseen[:16])
    return [
        Measure("bits a pixel", bits, 1.87, "below", mixed, "levels of each digit counted"),
        Measure("bits a pixel below counted neighbours", near - bits, 0.4),
        Measure("pixels that feel what they must not", leaks, 1, "below"),
        Measure("share of the rarest digit", rarest, 0.03),
    ]


@torch.no_grad()
def pixel_leaks(model: nn.Module, images: Tensor) -> int:
    """How many pixels' scores are others, bit for bit, where that pixel or a later one is another:
    the sum over all places of the change.
    """
    before, found = model(images).flatten(2), 0
    for place in range(images[0].numel()):
        other = images.flatten(1).clone()
        other[:, place] = (other[:, place] + 1) % LEVELS
        changed = model(other.view_as(images)).flatten(2) != before
        found += int(changed[..., : place + 1].any(1).any(0).sum())
    return found


def mixture_bits(known: Tensor, labels: Tensor, unseen: Tensor) -> float:
    """Bits a pixel of a mixture of ten, one for each digit, whose pixels are independent."""
    each = []
    for label in range(10):
        counts = F.one_hot(known[labels == label], LEVELS).sum(0) + 0.3
        chances = (counts / counts.sum(-1, keepdim=True)).log().permute(2, 0, 1)  # (C, H, W)
        each.append(chances.gather(0, unseen).flatten(1).sum(1) - math.log(10))
    nats = -torch.stack(each).logsumexp(0).mean().item()
    return nats / math.log(2) / unseen[0].numel()


def neighbour_bits(known: Tensor, unseen: Tensor) -> float:
    """Bits a pixel, foretold from the one to the left and the one above, as they were counted."""
    pairs = F.one_hot(_neighbours(known), LEVELS**2).flatten(0, -2).T.double()
    counts = pairs @ F.one_hot(known, LEVELS).flatten(0, -2).double()  # (left and above, level)
    usual = counts.sum(0) / counts.sum()
    chances = (counts + 4 * usual) / (counts.sum(1, keepdim=True) + 4)
    return -chances[_neighbours(unseen), unseen].log2().mean().item()


def _neighbours(images: Tensor) -> Tensor:
    """One number for the pixels to the left and above, 0 beyond the edge."""
    around = F.pad(images, (1, 0, 1, 0))
    return around[:, 1:, :-1] * LEVELS + around[:, :-1, 1:]
