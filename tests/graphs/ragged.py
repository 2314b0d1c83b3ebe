"""Samples of different lengths, handed out by number, as a stand-in for graphs and files."""

from typing import Self

import torch
from torch import Tensor

from graphs.runtime.training.indexed_split import Split


class Ragged(Split):
    """Sets of numbers, of 1 to 4 each, joined in a batch; `label` is the set with more above 0."""

    taken = 0

    def __init__(self, seed: int, count: int) -> None:
        draw = torch.Generator().manual_seed(seed)
        sizes = torch.randint(1, 5, (count,), generator=draw).tolist()
        self.sets = [torch.randn(size, 3, generator=draw) for size in sizes]
        self.device: str | torch.device = "cpu"

    def __len__(self) -> int:
        return len(self.sets)

    def to(self, device: str | torch.device) -> Self:
        self.device = device
        return self

    def take(self, index: Tensor) -> dict[str, Tensor]:
        Ragged.taken += 1
        sets = [self.sets[number] for number in index.tolist()]
        owner = torch.cat([torch.full((len(s),), n) for n, s in enumerate(sets)])
        label = torch.stack([(s.mean() > 0).long() for s in sets])
        first = torch.stack([s.mean(0) for s in sets])
        batch = {"member": torch.cat(sets), "owner": owner, "mean": first, "label": label}
        return {name: values.to(self.device) for name, values in batch.items()}


def ragged(count: int, seed: int) -> dict[str, Ragged]:
    """Three splits of sets."""
    sizes = {"train": count, "validation": 10, "test": 10}
    return {name: Ragged(seed + n, size) for n, (name, size) in enumerate(sizes.items())}
