"""Synthetic points in the plane: moons and spirals."""

import math

import torch
from torch import Tensor


def moons(
    samples: int, held_out: int, noise: float, rotation: float, seed: int
) -> dict[str, dict[str, Tensor]]:
    """Two moons: half circles that interlock, rotated by some degrees around their middle."""
    generator = torch.Generator().manual_seed(seed)
    sizes = {"train": samples, "validation": held_out, "test": held_out}
    return {part: two_moons(count, noise, rotation, generator) for part, count in sizes.items()}


def two_moons(
    count: int, noise: float, rotation: float, generator: torch.Generator
) -> dict[str, Tensor]:
    """Points, (N, 2), and which half circle each is on, (N,)."""
    label = torch.arange(count) % 2
    angle = math.pi * torch.rand(count, generator=generator)
    upper = torch.stack([angle.cos(), angle.sin()], 1)
    lower = torch.stack([1 - angle.cos(), 0.5 - angle.sin()], 1)
    point = torch.where(label[:, None] == 0, upper, lower)
    point = point + noise * torch.randn(count, 2, generator=generator)
    turn, middle = math.radians(rotation), torch.tensor([0.5, 0.25])
    towards = torch.tensor([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    return {"point": (point - middle) @ towards + middle, "label": label}


def spirals(
    samples: int, held_out: int, arms: int, turns: float, noise: float, seed: int
) -> dict[str, dict[str, Tensor]]:
    """Spiral arms around one centre; each is a class."""
    generator = torch.Generator().manual_seed(seed)
    sizes = {"train": samples, "validation": held_out, "test": held_out}
    return {part: spiral(count, arms, turns, noise, generator) for part, count in sizes.items()}


def spiral(
    count: int, arms: int, turns: float, noise: float, generator: torch.Generator
) -> dict[str, Tensor]:
    """Points, (N, 2), within a circle of radius 1, and which arm each is on, (N,)."""
    label = torch.arange(count) % arms
    radius = torch.rand(count, generator=generator).sqrt()
    angle = 2 * math.pi * (turns * radius + label / arms)
    point = radius[:, None] * torch.stack([angle.cos(), angle.sin()], 1)
    return {"point": point + noise * torch.randn(count, 2, generator=generator), "label": label}
