"""Positions, masks and classes of sequences, (N, T, F)."""

import math

import torch
from torch import Tensor, nn


def causal_mask(sequence: Tensor) -> Tensor:
    """Which steps a step may not look at, as attention takes it: (T, T), 0 or minus infinity."""
    length = sequence.shape[1]
    return torch.full((length, length), -math.inf, device=sequence.device).triu(1)


def sinusoidal_positions(sequence: Tensor) -> Tensor:
    """Sines and cosines of the position, from short waves to long ones: (T, F)."""
    length, features = sequence.shape[1:]
    position = torch.arange(length, device=sequence.device)[:, None]
    wave = torch.arange(0, features, 2, device=sequence.device) / features
    angle = position / 10_000**wave
    return torch.stack([angle.sin(), angle.cos()], 2).flatten(1)[:, :features]


class LearnedPositions(nn.Module):
    """Adds a learned vector to each step: (N, T, F), T at most `length`."""

    def __init__(self, length: int, features: int) -> None:
        super().__init__()
        self.positions = nn.Parameter(0.02 * torch.randn(length, features))

    def forward(self, sequence: Tensor) -> Tensor:
        """The sequence with the vectors of its positions added."""
        return sequence + self.positions[: sequence.shape[1]]


class ClassToken(nn.Module):
    """Puts one learned step before a sequence: (N, T, F) to (N, T + 1, F)."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.token = nn.Parameter(0.02 * torch.randn(features))

    def forward(self, sequence: Tensor) -> Tensor:
        """The sequence after the learned step."""
        return torch.cat([self.token.expand(len(sequence), 1, -1), sequence], 1)
