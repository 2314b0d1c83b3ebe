"""Batches of several data nodes at once, each in an order of its own. Plain torch, copied as it
stands.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Self

import torch
from torch import Tensor

from graphs.runtime.training.samplers import Sampled


class Together:
    """Several sources at once: a shorter one starts again until the longest is through."""

    def __init__(self, sources: Mapping[str, Sampled]) -> None:
        self.sources = sources

    def __len__(self) -> int:
        lengths = [len(source) for source in self.sources.values()]
        return max(lengths) if all(lengths) else 0

    def to(self, device: str | torch.device) -> Self:
        for source in self.sources.values():
            source.to(device)
        return self

    def places(self, batch_size: int) -> int:
        """How many samples an epoch has."""
        return max(source.places(batch_size) for source in self.sources.values())

    def epoch(self, batch_size: int) -> Tensor:
        """The numbers of an epoch's samples, with a column for each source."""
        length = self.places(batch_size)
        columns = []
        for source in self.sources.values():
            rounds = math.ceil(length / source.places(batch_size))
            drawn = [source.epoch(batch_size) for _ in range(rounds)]
            columns.append(torch.cat(drawn)[:length])
        return torch.stack(columns, 1)

    def in_order(self) -> Tensor:
        """All numbers once, with a column for each source."""
        columns = [torch.arange(len(self)) % max(len(s), 1) for s in self.sources.values()]
        return torch.stack(columns, 1)

    def read(self, places: list[Tensor]) -> Iterator[dict[str, Tensor]]:
        """Take batch by batch; a field has its source's name before the dot."""
        parts = [
            source.read([place[:, column] for place in places])
            for column, source in enumerate(self.sources.values())
        ]
        for row in zip(*parts, strict=True):
            yield {
                f"{source}.{name}": values
                for source, batch in zip(self.sources, row, strict=True)
                for name, values in batch.items()
            }


def batches(
    split: Together, batch_size: int, shuffle: bool = False, skip: int = 0
) -> Iterator[dict[str, Tensor]]:
    """Take all sources batch by batch, in their own orders for training; the first may be skipped.

    The orders are drawn at once, each batch when its turn comes.
    """
    order = split.epoch(batch_size) if shuffle else split.in_order()
    starts = range(skip * batch_size, len(order), batch_size)
    return split.read([order[start : start + batch_size] for start in starts])
