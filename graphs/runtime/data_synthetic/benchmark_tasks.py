"""Synthetic benchmarks: plain functions of a seed, each returns split -> field -> tensor."""

import torch
from torch import Tensor


def adding_problem(
    samples: int, held_out: int, length: int, seed: int
) -> dict[str, dict[str, Tensor]]:
    """The adding problem: sequences of numbers, two of them marked, and the sum of these two."""
    generator = torch.Generator().manual_seed(seed)
    sizes = {"train": samples, "validation": held_out, "test": held_out}
    return {part: marked_numbers(count, length, generator) for part, count in sizes.items()}


def marked_numbers(count: int, length: int, generator: torch.Generator) -> dict[str, Tensor]:
    """Numbers of 0 to 1 beside their marks, (N, T, 2), and the sums of the marked, (N, 1)."""
    numbers = torch.rand(count, length, generator=generator)
    marks = torch.zeros(count, length)
    half = length // 2
    for first, last in ((0, half), (half, length)):
        place = torch.randint(first, last, (count, 1), generator=generator)
        marks.scatter_(1, place, 1.0)
    total = (numbers * marks).sum(1, keepdim=True)
    return {"sequence": torch.stack([numbers, marks], 2), "target": total}


def sinusoid_tasks(
    tasks: int, held_out: int, support: int, query: int, seed: int
) -> dict[str, dict[str, Tensor]]:
    """Few-shot regression tasks, each a sine wave: support points to learn from, query points to
    predict.
    """
    generator = torch.Generator().manual_seed(seed)
    sizes = {"train": tasks, "validation": held_out, "test": held_out}
    return {part: sine_waves(count, support, query, generator) for part, count in sizes.items()}


def sine_waves(
    count: int, support: int, query: int, generator: torch.Generator
) -> dict[str, Tensor]:
    """Points of waves of height 0.1 to 5 and phase 0 to pi, between -5 and 5: (N, K, 1)."""
    height = 0.1 + 4.9 * torch.rand(count, 1, 1, generator=generator)
    phase = torch.pi * torch.rand(count, 1, 1, generator=generator)
    x = 10 * torch.rand(count, support + query, 1, generator=generator) - 5
    y = height * torch.sin(x - phase)
    return {
        "support": x[:, :support],
        "answer": y[:, :support],
        "query": x[:, support:],
        "target": y[:, support:],
    }
