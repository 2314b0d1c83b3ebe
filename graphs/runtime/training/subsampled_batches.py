"""Batches of epochs that have some of the training samples, each time others. Plain torch, copied
as it stands.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

EPOCH_SAMPLES: int = 1000
"""How many an epoch has; an exported file says its own number at its top."""


def batches(
    split: dict[str, Tensor], batch_size: int, shuffle: bool = False
) -> Iterator[dict[str, Tensor]]:
    """Cut a split into batches; when shuffled, as many samples of it as an epoch has."""
    count = len(next(iter(split.values())))
    if shuffle:
        order = torch.randperm(count)[:EPOCH_SAMPLES]
        split = {name: values[order] for name, values in split.items()}
        count = len(order)
    for start in range(0, count, batch_size):
        yield {name: values[start : start + batch_size] for name, values in split.items()}
