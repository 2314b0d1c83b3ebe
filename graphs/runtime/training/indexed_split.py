"""Batches of samples that a split hands out by number: graphs of many sizes, files that are read
when they are needed. Plain torch, copied as it stands.
"""

from collections.abc import Iterator
from typing import Protocol, Self

import torch
from torch import Tensor


class Split(Protocol):
    """Samples that are handed out by number."""

    def __len__(self) -> int:
        """How many samples there are."""

    def to(self, device: str | torch.device) -> Self:
        """The same samples, handed out on a device."""

    def take(self, index: Tensor) -> dict[str, Tensor]:
        """The batch of some samples, by their numbers; its fields may differ in length."""


def all_samples(splits: dict[str, Split]) -> dict[str, dict[str, Tensor]]:
    """All samples of every split at once, in memory."""
    parts = {name: part for name, part in splits.items() if len(part)}
    return {name: part.take(torch.arange(len(part))) for name, part in parts.items()}


def batches(
    split: Split, batch_size: int, shuffle: bool = False, skip: int = 0
) -> Iterator[dict[str, Tensor]]:
    """Take a split batch by batch, in a new random order when shuffled; the first may be skipped.

    The order is drawn at once, each batch when its turn comes.
    """
    order = torch.randperm(len(split)) if shuffle else torch.arange(len(split))
    starts = range(skip * batch_size, len(split), batch_size)
    return (split.take(order[start : start + batch_size]) for start in starts)
