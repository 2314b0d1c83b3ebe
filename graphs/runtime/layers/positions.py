"""Positional encodings and masks of sequences, (N, T, F)."""

import math

import torch
from torch import Tensor, nn


def causal_mask(sequence: Tensor) -> Tensor:
    """Causal mask, as attention takes it: (T, T), 0 or minus infinity at later steps."""
    length = sequence.shape[1]
    return torch.full((length, length), -math.inf, device=sequence.device).triu(1)


class SinusoidalPositions(nn.Module):
    """Sinusoidal positional encoding: adds sines and cosines of its position to each step, from
    short waves to long, (N, T, F).

    While it `remembers`, its `past` is how many steps it has seen.
    """

    past: int | None = None
    remembers = False

    def forward(self, sequence: Tensor) -> Tensor:
        """The sequence with its positional encoding added."""
        first, (length, features) = self.past or 0, sequence.shape[1:]
        if self.remembers:
            self.past = first + length
        position = torch.arange(first, first + length, device=sequence.device)[:, None]
        wave = torch.arange(0, features, 2, device=sequence.device) / features
        angle = position / 10_000**wave
        return sequence + torch.stack([angle.sin(), angle.cos()], 2).flatten(1)[:, :features]


class LearnedPositions(nn.Module):
    """Learned positional embedding: adds a learned vector to each step, (N, T, F), T at most
    `length`.

    While it `remembers`, its `past` is how many steps it has seen.
    """

    past: int | None = None
    remembers = False

    def __init__(self, length: int, features: int) -> None:
        super().__init__()
        self.positions = nn.Parameter(0.02 * torch.randn(length, features))

    def forward(self, sequence: Tensor) -> Tensor:
        """The sequence with its positional embedding added."""
        first, length = self.past or 0, sequence.shape[1]
        if self.remembers:
            self.past = first + length
        return sequence + self.positions[first : first + length]


class ClassToken(nn.Module):
    """Class token ([CLS]): puts one learned step before a sequence, (N, T, F) to (N, T + 1, F)."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.token = nn.Parameter(0.02 * torch.randn(features))

    def forward(self, sequence: Tensor) -> Tensor:
        """The sequence after the class token."""
        return torch.cat([self.token.expand(len(sequence), 1, -1), sequence], 1)


def hidden_steps(mask: Tensor) -> Tensor:
    """Key padding mask, as attention takes it: true at padding, which nothing may look at."""
    return ~mask


def padding_mask(tokens: Tensor, padding: int) -> Tensor:
    """Mask of real steps, (N, T): true where the token is not padding."""
    return tokens != padding


def length_mask(lengths: Tensor, like: Tensor) -> Tensor:
    """Mask of real steps, (N, T): the first so many of each sequence `like` (N, T, …)."""
    return torch.arange(like.shape[1], device=like.device) < lengths[:, None]
