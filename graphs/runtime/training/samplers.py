"""Batches in an order of their own: by class, fixed, without the last part, read ahead by other
processes. Plain torch, copied as it stands.
"""

import math
import multiprocessing
from collections.abc import Iterator, Mapping
from typing import Any, Self

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset


class Sampled:
    """A split whose training samples come in an order of their own.

    Orders: shuffled; fixed; weighted, where samples are drawn again and again so that classes come
    equally often on average; balanced, where classes take turns. `by` names the field with classes,
    `limit` is the number of samples that an epoch has at most.
    """

    def __init__(
        self,
        split: Any,
        order: str = "shuffled",
        by: str = "",
        drop_last: bool = False,
        workers: int = 0,
        limit: int | None = None,
    ) -> None:
        self.split = split
        self.order = order
        self.by = by
        self.drop_last = drop_last
        self.workers = workers
        self.limit = limit
        self.device = torch.device("cpu")

    def __len__(self) -> int:
        return len(self.split)

    def to(self, device: str | torch.device) -> Self:
        self.device = torch.device(device)
        if not self.workers:
            self.split = self.split.to(device)
        return self

    def take(self, index: Tensor) -> dict[str, Tensor]:
        batch = self.split.take(index)
        return {name: values.to(self.device) for name, values in batch.items()}

    def places(self, batch_size: int) -> int:
        """How many samples an epoch has."""
        count = min(len(self), self.limit or len(self))
        return count - count % batch_size if self.drop_last else count

    def epoch(self, batch_size: int) -> Tensor:
        """The numbers of an epoch's samples in the order in which they come."""
        if len(self) and not self.places(batch_size):
            raise ValueError(f"drop_last leaves no batch of {batch_size} of {len(self)} samples")
        if self.order in ("weighted", "balanced") and len(self):
            order = order_by_class(self.split.column(self.by), self.order == "balanced")
        else:
            order = torch.arange(len(self)) if self.order == "fixed" else torch.randperm(len(self))
        return order[: self.places(batch_size)]

    def in_order(self) -> Tensor:
        """The numbers of all samples once."""
        return torch.arange(len(self))

    def read(self, places: list[Tensor]) -> Iterator[dict[str, Tensor]]:
        """Take batch by batch; with workers, other processes read the next ones meanwhile."""
        if not self.workers or "fork" not in multiprocessing.get_all_start_methods():
            return map(self.take, places)
        loader = DataLoader(
            Batches(self.split),
            batch_size=None,
            sampler=[place.tolist() for place in places],
            num_workers=self.workers,
            generator=torch.Generator(),  # it draws a seed, which must not come from ours
            multiprocessing_context="fork",
        )
        return ({name: values.to(self.device) for name, values in b.items()} for b in loader)


class Batches(Dataset[dict[str, Tensor]]):
    """A split as a DataLoader takes it: an item is a batch."""

    def __init__(self, split: Any) -> None:
        self.split = split

    def __getitem__(self, index: list[int]) -> dict[str, Tensor]:
        batch: dict[str, Tensor] = self.split.take(torch.tensor(index))
        return batch


def order_by_class(classes: Tensor, in_turn: bool) -> Tensor:
    """As many numbers as there are samples, of which each class has an equal part."""
    classes = classes.cpu()
    if not in_turn:
        weights = 1.0 / classes.bincount().clamp(min=1).double()
        return torch.multinomial(weights[classes], len(classes), replacement=True)
    present = sorted(set(classes.tolist()))
    members = [torch.nonzero(classes == number)[:, 0] for number in present]
    rounds = math.ceil(len(classes) / len(members))
    turns = [repeated_orders(numbers, rounds) for numbers in members]
    return torch.stack(turns, 1).flatten()[: len(classes)]


def repeated_orders(numbers: Tensor, count: int) -> Tensor:
    """So many of the numbers: all of them in a random order, then in another, and so on."""
    rounds = math.ceil(count / len(numbers))
    drawn = [numbers[torch.randperm(len(numbers))] for _ in range(rounds)]
    return torch.cat(drawn)[:count]


def sampled(
    splits: Mapping[str, Any],
    order: str = "shuffled",
    by: str = "",
    drop_last: bool = False,
    workers: int = 0,
    limit: int | None = None,
) -> dict[str, Sampled]:
    """Splits whose training samples come in an order of their own."""
    return {
        name: Sampled(part, order, by, drop_last, workers, limit) for name, part in splits.items()
    }


def batches(
    split: Sampled, batch_size: int, shuffle: bool = False, skip: int = 0
) -> Iterator[dict[str, Tensor]]:
    """Take a split batch by batch, in its own order for training; the first may be skipped.

    The order is drawn at once, each batch when its turn comes.
    """
    order = split.epoch(batch_size) if shuffle else split.in_order()
    starts = range(skip * batch_size, len(order), batch_size)
    return split.read([order[start : start + batch_size] for start in starts])
