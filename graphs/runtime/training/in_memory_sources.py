"""Mini-batches of several data sets in memory (unpaired domains), fields named `source.field`.
Plain torch, copied as it stands.
"""

import math
from collections.abc import Iterator
from functools import partial

import torch
from torch import Tensor

from graphs.runtime.training.sampling import again


def counts_of(split: dict[str, Tensor]) -> dict[str, int]:
    """How many samples each source has."""
    return {name.split(".")[0]: len(values) for name, values in split.items()}


def steps_in(split: dict[str, Tensor], batch_size: int) -> int:
    """How many mini-batches an epoch of training has."""
    return math.ceil(max(counts_of(split).values()) / batch_size)


def epoch_order(split: dict[str, Tensor], batch_size: int) -> dict[str, Tensor]:
    """The indices of an epoch's samples by source: all, shuffled; a shorter source starts again
    until the longest ends.
    """
    counts = counts_of(split)
    longest = max(counts.values())
    return {source: again(partial(torch.randperm, n), longest) for source, n in counts.items()}


def in_order(split: dict[str, Tensor]) -> dict[str, Tensor]:
    """The indices of all samples by source; a shorter one starts again until the longest ends."""
    counts = counts_of(split)
    longest = max(counts.values()) if all(counts.values()) else 0
    return {source: torch.arange(longest) % count for source, count in counts.items()}


def batches(
    split: dict[str, Tensor], batch_size: int, shuffle: bool = False
) -> Iterator[dict[str, Tensor]]:
    """Cut all sources into mini-batches, in the order of a new epoch when shuffled."""
    orders = epoch_order(split, batch_size) if shuffle else in_order(split)
    longest = len(next(iter(orders.values())))
    for start in range(0, longest, batch_size):
        index = {source: order[start : start + batch_size] for source, order in orders.items()}
        yield {name: values[index[name.split(".")[0]]] for name, values in split.items()}
