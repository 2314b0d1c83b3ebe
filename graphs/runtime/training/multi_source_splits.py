"""Batches of several data nodes at once, some of which hand out their samples by number. Plain
torch, copied as it stands.
"""

import math
from collections.abc import Iterator
from typing import Self

import torch
from torch import Tensor

from graphs.runtime.training.indexed_split import Split


class Tensors:
    """Samples whose fields lie in memory, each a tensor."""

    def __init__(self, fields: dict[str, Tensor]) -> None:
        self.fields = fields

    def __len__(self) -> int:
        return len(next(iter(self.fields.values())))

    def to(self, device: str | torch.device) -> Self:
        return type(self)({name: values.to(device) for name, values in self.fields.items()})

    def take(self, index: Tensor) -> dict[str, Tensor]:
        return {name: values[index.to(values.device)] for name, values in self.fields.items()}

    def column(self, name: str) -> Tensor:
        """One field of all samples."""
        return self.fields[name]


def in_memory(splits: dict[str, dict[str, Tensor]]) -> dict[str, Tensors]:
    """Splits whose fields are tensors, as splits that hand out their samples by number."""
    return {name: Tensors(fields) for name, fields in splits.items()}


def batches(
    split: dict[str, Split], batch_size: int, shuffle: bool = False, skip: int = 0
) -> Iterator[dict[str, Tensor]]:
    """Take all sources batch by batch; a shorter one starts again until the longest is through.

    The orders are drawn at once, each batch when its turn comes; the first may be skipped.
    """
    longest = max(map(len, split.values()))
    orders = {source: order_of(len(part), longest, shuffle) for source, part in split.items()}
    starts = range(skip * batch_size, longest, batch_size)
    return (taken(split, orders, slice(start, start + batch_size)) for start in starts)


def order_of(count: int, length: int, shuffle: bool) -> Tensor:
    """Which of `count` samples come, for `length` places: all of them once, then again."""
    draw = torch.randperm if shuffle else torch.arange
    rounds = math.ceil(length / count)
    return torch.cat([draw(count) for _ in range(rounds)])[:length]


def taken(split: dict[str, Split], orders: dict[str, Tensor], places: slice) -> dict[str, Tensor]:
    """One batch of all sources; a field has its source's name before the dot."""
    return {
        f"{source}.{name}": values
        for source, part in split.items()
        for name, values in part.take(orders[source][places]).items()
    }
