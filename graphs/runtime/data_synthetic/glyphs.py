"""Synthetic characters: image classes without end, for few-shot learning."""

import torch
from torch import Tensor

STROKES = 4
"""The most strokes of a sign."""
POINTS = 10
"""Where a stroke is inked."""


def random_signs(
    classes: int,
    samples: int,
    size: int,
    variation: float,
    validation: float,
    test: float,
    seed: int,
) -> dict[str, dict[str, Tensor]]:
    """Synthetic characters of two to four strokes, each class drawn several times with random
    variation: image (N, 1, size, size) from 0 to 1, label (N,). Every class has its share of every
    split.
    """
    draw = torch.Generator().manual_seed(seed)
    points = sign_points(classes, samples, variation, draw)
    parts = [inked(points[first : first + 500], size) for first in range(0, len(points), 500)]
    image = torch.cat(parts)
    label = torch.arange(classes).repeat_interleave(samples)
    number = torch.arange(samples).repeat(classes)
    tested = round(samples * test)
    validated = tested + round(samples * validation)
    kept = {
        "train": number >= validated,
        "validation": (number >= tested) & (number < validated),
        "test": number < tested,
    }
    return {part: {"image": image[ours], "label": label[ours]} for part, ours in kept.items()}


def sign_points(classes: int, samples: int, variation: float, draw: torch.Generator) -> Tensor:
    """Points along the strokes of every sample, (N, points, 2) from 0 to 1.

    A stroke is a quadratic Bezier curve; in the place of one that a sign does not have, its first
    is drawn again. Samples of a class differ by jitter, rotation, scale and shift.
    """
    control = 0.15 + 0.7 * torch.rand(classes, STROKES, 3, 2, generator=draw)
    strokes = torch.randint(2, STROKES + 1, (classes, 1, 1, 1), generator=draw)
    control, strokes = (x.repeat_interleave(samples, 0) for x in (control, strokes))
    control = control + 0.045 * variation * torch.randn(control.shape, generator=draw)
    there = torch.arange(STROKES)[:, None, None] < strokes
    control = torch.where(there, control, control[:, :1])
    count = len(control)
    angle = 0.26 * variation * torch.randn(count, generator=draw)
    stretch = 1 + 0.15 * variation * torch.randn(count, 1, 2, generator=draw)
    shift = 0.06 * variation * torch.randn(count, 1, 2, generator=draw)
    turn = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()], 1).view(-1, 2, 2)
    t = torch.linspace(0, 1, POINTS)[:, None]
    curve = torch.cat([(1 - t) ** 2, 2 * t * (1 - t), t**2], 1)
    points = torch.einsum("tk,nskd->nstd", curve, control).flatten(1, 2)
    return ((points - 0.5) * stretch) @ turn.mT + 0.5 + shift


def inked(points: Tensor, size: int) -> Tensor:
    """Rendered images, (N, 1, size, size): 1 at a point, less a pixel away."""
    middle = (torch.arange(size) + 0.5) / size
    across, down = ((points[..., axis, None] - middle) ** 2 for axis in (0, 1))
    distance = (down[..., :, None] + across[..., None, :]).amin(1)
    return torch.exp(-distance * size**2)[:, None]
