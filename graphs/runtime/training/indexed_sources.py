"""Several data sets at once, at least one of which gives samples by their indices. Plain torch,
copied as it stands.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Self

import torch
from torch import Tensor

from graphs.runtime.training.indexed_split import Split
from graphs.runtime.training.sampling import again


class Tensors(Split):
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
    """Splits whose fields are tensors, as splits that give samples by their indices."""
    return {name: Tensors(fields) for name, fields in splits.items()}


class Together(Split):
    """Several sources at once (unpaired domains). An index has a column for each source."""

    def __init__(self, sources: Mapping[str, Split]) -> None:
        self.sources = sources

    def __len__(self) -> int:
        lengths = [len(source) for source in self.sources.values()]
        return max(lengths) if all(lengths) else 0

    def to(self, device: str | torch.device) -> Self:
        return type(self)({name: source.to(device) for name, source in self.sources.items()})

    def in_order(self) -> Tensor:
        """The indices of all samples; a shorter source starts again until the longest ends."""
        columns = [torch.arange(len(self)) % max(len(s), 1) for s in self.sources.values()]
        return torch.stack(columns, 1)

    def take(self, index: Tensor) -> dict[str, Tensor]:
        return next(self.take_each([index]))

    def take_each(self, places: list[Tensor]) -> Iterator[dict[str, Tensor]]:
        """The mini-batches of some indices; a field has its source's name before the dot."""
        parts = [
            source.take_each([place[:, column] for place in places])
            for column, source in enumerate(self.sources.values())
        ]
        for row in zip(*parts, strict=True):
            yield {
                f"{source}.{name}": values
                for source, batch in zip(self.sources, row, strict=True)
                for name, values in batch.items()
            }


def epoch_order(split: Together, batch_size: int) -> Tensor:
    """The indices of an epoch's samples, a column for each source: all, shuffled; a shorter source
    starts again until the longest ends.
    """
    counts = [len(source) for source in split.sources.values()]
    orders = [again(partial(torch.randperm, count), max(counts)) for count in counts]
    return torch.stack(orders, 1)
