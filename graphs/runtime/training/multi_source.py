"""Batches of several data nodes at once, which may have different lengths. Plain torch, copied as
it stands.
"""

import math
from collections.abc import Iterator

import torch
from torch import Tensor


def batches(
    split: dict[str, Tensor], batch_size: int, shuffle: bool = False
) -> Iterator[dict[str, Tensor]]:
    """Cut sources, named before the dot, into batches; a shorter one starts again until all are."""
    counts = {name.split(".")[0]: len(values) for name, values in split.items()}
    longest = max(counts.values())
    orders = {source: order_of(count, longest, shuffle) for source, count in counts.items()}
    for start in range(0, longest, batch_size):
        index = {source: order[start : start + batch_size] for source, order in orders.items()}
        yield {name: values[index[name.split(".")[0]]] for name, values in split.items()}


def order_of(count: int, length: int, shuffle: bool) -> Tensor:
    """Which of `count` samples come, for `length` places: all of them once, then again."""
    draw = torch.randperm if shuffle else torch.arange
    rounds = math.ceil(length / count)
    return torch.cat([draw(count) for _ in range(rounds)])[:length]
