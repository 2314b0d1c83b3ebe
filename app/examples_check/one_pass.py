"""How long a WaveNet takes to make a sound value by value, and a student in one pass."""

import statistics
import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from graphs.runtime.blocks.generation import generate
from graphs.runtime.layers.distributions import logistic_noise
from graphs.runtime.measures.likelihoods import logistic_sample


class ValueByValue(nn.Module):
    """A teacher as `generate` asks it: a sound so far, (N, T, 1), and its pipe, (N, P, 1), to a
    next value, (N, 1).
    """

    def __init__(self, teacher: nn.Module) -> None:
        super().__init__()
        self.teacher = teacher

    def forward(self, sound: Tensor, pipe: Tensor) -> Tensor:
        """Draw what comes after all that is there."""
        mean, log_scale = self.teacher(sound.transpose(1, 2), pipe)
        return logistic_sample(mean[..., -1], log_scale[..., -1])


def made_by_teacher(teacher: nn.Module, pipe: Tensor, length: int, cached: bool = True) -> Tensor:
    """Sounds drawn value by value, (N, 1, T); `cached`, layers remember what they saw."""
    silence = torch.zeros(len(pipe), 1, 1)
    speaker = ValueByValue(teacher)
    sound = generate(speaker, silence, pipe, steps=length, temperature=1.0, cached=cached)
    return sound[:, 1:].transpose(1, 2)


@torch.no_grad()
def made_by_student(student: nn.Module, pipe: Tensor, length: int) -> Tensor:
    """Sounds of logistic noise in one pass, (N, 1, T)."""
    noise = logistic_noise(len(pipe), 1, length, device=pipe.device)
    sound: Tensor = student(noise, pipe)[0]
    return sound


def seconds(ways: Sequence[Callable[[], object]], rounds: int = 3) -> list[float]:
    """The median CPU seconds of each way, taken in turns, so that all meet the same load."""
    taken = [[_seconds(way) for way in ways] for _ in range(rounds)]
    return [statistics.median(column) for column in zip(*taken, strict=True)]


def _seconds(way: Callable[[], object]) -> float:
    started = time.process_time()
    way()
    return time.process_time() - started
