"""Synthetic tones of blown pipes, whose density is known: that of each value, given those before
it.
"""

import numpy as np
import torch
from torch import Tensor

_RUN_IN = 200
"""Burn-in: values that are dropped, until a pipe sounds steadily."""


def blown_pipes(
    samples: int,
    held_out: int,
    length: int,
    periods: tuple[int, ...],
    breath: float,
    echo: float,
    seed: int,
) -> dict[str, dict[str, Tensor]]:
    """Steady tones as waves, (N, 1, T), and which pipe each is of, (N,)."""
    draw = np.random.default_rng(seed)
    sizes = {"train": samples, "validation": held_out, "test": held_out}
    return {
        part: tones(count, length, periods, breath, echo, draw) for part, count in sizes.items()
    }


def tones(
    count: int,
    length: int,
    periods: tuple[int, ...],
    breath: float,
    echo: float,
    draw: np.random.Generator,
) -> dict[str, Tensor]:
    """Some tones, each of a pipe drawn at random."""
    pipe = draw.integers(0, len(periods), count)
    period = np.array(periods)[pipe]
    start = max(periods) + 1
    wave = draw.logistic(0, breath, (count, start + _RUN_IN + length))
    row = np.arange(count)
    for time in range(start, wave.shape[1]):
        before = wave[row, time - period] + wave[row, time - period - 1]
        wave[:, time] -= echo / 2 * before
    heard = torch.tensor(wave[:, None, start + _RUN_IN :], dtype=torch.float32)
    return {"wave": heard, "pipe": torch.tensor(pipe)}
