"""Synthetic melodies of plucked strings (Karplus and Strong 1983)."""

import math

import numpy as np
import torch
from torch import Tensor


def plucked_strings(
    samples: int, held_out: int, length: int, levels: int, seed: int
) -> dict[str, dict[str, Tensor]]:
    """Melodies of plucked strings as waves, (N, 1, T), and as mu-law levels, (N, T)."""
    draw = np.random.default_rng(seed)
    sizes = {"train": samples, "validation": held_out, "test": held_out}
    return {part: melodies(count, length, levels, draw) for part, count in sizes.items()}


def melodies(count: int, length: int, levels: int, draw: np.random.Generator) -> dict[str, Tensor]:
    """Some melodies; `compressed` is the wave on the scale of the levels, -1 to 1."""
    waves = (
        np.stack([melody(length, draw) for _ in range(count)]) if count else np.zeros((0, length))
    )
    wave = torch.tensor(waves, dtype=torch.float32).clamp(-1, 1)
    top = levels - 1
    compressed = wave.sign() * torch.log1p(top * wave.abs()) / math.log1p(top)
    codes = ((compressed + 1) / 2 * top).round().long()
    return {
        "wave": wave[:, None],
        "codes": codes,
        "compressed": (codes.float() / top * 2 - 1)[:, None],
    }


def melody(length: int, draw: np.random.Generator) -> np.ndarray:
    """Notes one after the other, each of 250 to 600 values, with faint noise."""
    notes, missing = [], length
    while missing > 0:
        period = int(draw.choice([9, 10, 12, 13, 15, 18, 20, 24]))
        notes.append(pluck(period, int(draw.integers(250, 600)), draw))
        missing -= len(notes[-1])
    return np.concatenate(notes)[:length] + draw.normal(0, 0.001, length)


def pluck(period: int, length: int, draw: np.random.Generator) -> np.ndarray:
    """A plucked string: noise in a delay loop with a low-pass filter.

    Karplus and Strong 1983: a value is the mean of the two that were heard a period before.
    """
    loss = 0.5 * draw.uniform(0.99, 0.998)
    note = np.empty(length + period)
    note[:period] = draw.uniform(-1, 1, period) * draw.uniform(0.4, 1)
    for start in range(period, length, period - 1):
        end = min(start + period - 1, length)
        before = note[start - period : end - period + 1]
        note[start:end] = loss * (before[:-1] + before[1:])
    return note[:length]
