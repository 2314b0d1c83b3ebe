"""Mini-batches that worker processes read ahead. Plain torch, copied as it stands."""

import multiprocessing
from collections.abc import Iterator, Mapping
from typing import Any, Self

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from graphs.runtime.training.indexed_split import Split


class Batches(Dataset[dict[str, Tensor]]):
    """A split as a DataLoader takes it: an item is a mini-batch."""

    def __init__(self, split: Split) -> None:
        self.split = split

    def __getitem__(self, index: list[int]) -> dict[str, Tensor]:
        return self.split.take(torch.tensor(index))


class ReadAhead(Split):
    """A split whose next mini-batches other processes (workers) read meanwhile."""

    def __init__(self, split: Any, workers: int) -> None:
        self.split = split
        self.workers = workers
        self.device = torch.device("cpu")

    def __len__(self) -> int:
        return len(self.split)

    def to(self, device: str | torch.device) -> Self:
        self.device = torch.device(device)
        return self

    def take(self, index: Tensor) -> dict[str, Tensor]:
        return self._moved(self.split.take(index))

    def column(self, name: str) -> Tensor:
        """One field of all samples."""
        values: Tensor = self.split.column(name)
        return values

    def take_each(self, places: list[Tensor]) -> Iterator[dict[str, Tensor]]:
        """The mini-batches of some indices, the next of which are read ahead."""
        if "fork" not in multiprocessing.get_all_start_methods():
            return map(self.take, places)
        loader = DataLoader(
            Batches(self.split),
            batch_size=None,
            sampler=[place.tolist() for place in places],
            num_workers=self.workers,
            generator=torch.Generator(),  # it draws a seed, which must not come from ours
            multiprocessing_context="fork",
        )
        return map(self._moved, loader)

    def _moved(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        return {name: values.to(self.device) for name, values in batch.items()}


def read_ahead(splits: Mapping[str, Split], workers: int) -> dict[str, ReadAhead]:
    """Splits whose next mini-batches worker processes read meanwhile."""
    return {name: ReadAhead(split, workers) for name, split in splits.items()}
