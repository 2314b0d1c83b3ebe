"""Random splits into training, validation and test."""

from collections.abc import Callable
from pathlib import Path
from typing import Self

import torch
from torch import Tensor

from graphs.runtime.training.indexed_split import Split


def random_split(
    fields: dict[str, Tensor], validation: float, test: float, seed: int
) -> dict[str, dict[str, Tensor]]:
    """Split samples at random into train, validation and test; equal seeds give equal splits."""
    count = len(next(iter(fields.values())))
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    tested, validated = round(count * test), round(count * validation)
    parts = {
        "train": order[tested + validated :],
        "validation": order[tested : tested + validated],
        "test": order[:tested],
    }
    return {
        part: {name: values[index] for name, values in fields.items()}
        for part, index in parts.items()
    }


class Files(Split):
    """Files that are read when they are asked for; each has a label."""

    def __init__(
        self, field: str, paths: list[Path], label: Tensor, read: Callable[[Path], Tensor]
    ) -> None:
        self.field = field
        self.paths = paths
        self.label = label
        self.read = read
        self.device: str | torch.device = "cpu"

    def __len__(self) -> int:
        return len(self.paths)

    def to(self, device: str | torch.device) -> Self:
        self.device = device
        return self

    def take(self, index: Tensor) -> dict[str, Tensor]:
        values = torch.stack([self.read(self.paths[number]) for number in index.tolist()])
        batch = {self.field: values, "label": self.label[index]}
        return {name: values.to(self.device) for name, values in batch.items()}

    def column(self, name: str) -> Tensor:
        """One field of all samples, where no file need be read for it."""
        return {"label": self.label}[name]


def split_files(
    field: str,
    paths: list[Path],
    label: Tensor,
    read: Callable[[Path], Tensor],
    validation: float,
    test: float,
    seed: int,
) -> dict[str, Files]:
    """Split files at random as samples are split; nothing is read yet."""
    parts = random_split({"number": torch.arange(len(paths))}, validation, test, seed)
    numbers = {part: fields["number"] for part, fields in parts.items()}
    return {
        part: Files(field, [paths[n] for n in index.tolist()], label[index], read)
        for part, index in numbers.items()
    }
