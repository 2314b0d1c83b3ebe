"""A hand-written program with the shape of an exported one, small enough for many trainings."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from graphs.program.interface import Interface

TITLE = "standin"
EPOCHS = 3
SEED = 0
BATCH_SIZE = 32
LOSSES = ("loss",)
METRICS = {"accuracy": "max"}


def interface(batch_size: int = BATCH_SIZE, **known: Any) -> Interface:
    """What runners know of it."""
    return Interface(LOSSES, METRICS, batch_size, **known)


class Program(nn.Module):
    """A classifier with dropout, batch norm and two optimizers: all that a checkpoint must hold."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(6, 16)
        self.norm = nn.BatchNorm1d(16)
        self.score = nn.Linear(16, 3)

    def configure_optimizers(self, steps_per_epoch: int, epochs: int = EPOCHS) -> None:
        self.adam = torch.optim.AdamW(self.hidden.parameters(), lr=0.01)
        rest = [*self.norm.parameters(), *self.score.parameters()]
        self.sgd = torch.optim.SGD(rest, lr=0.05, momentum=0.9)

    def evaluate(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        hidden = F.dropout(torch.relu(self.norm(self.hidden(batch["x"]))), 0.2, self.training)
        scores = self.score(hidden)
        accuracy = (scores.argmax(1) == batch["y"]).float().mean()
        return {"loss": F.cross_entropy(scores, batch["y"]), "accuracy": accuracy}

    def step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        values = self.evaluate(batch)
        self.adam.zero_grad()
        self.sgd.zero_grad()
        values["loss"].backward()
        self.adam.step()
        self.sgd.step()
        return {name: value.detach() for name, value in values.items()}


def load(device: torch.device) -> dict[str, dict[str, Tensor]]:
    x = torch.randn(300, 6)
    y = (x[:, 0] + x[:, 1] > 0).long() + (x[:, 2] > 0.5).long()
    data = {"x": x.to(device), "y": y.to(device)}
    return {
        "train": {name: values[:200] for name, values in data.items()},
        "validation": {name: values[200:] for name, values in data.items()},
    }


def size_of(batch: dict[str, Tensor]) -> int:
    return len(next(iter(batch.values())))


def steps_in(split: dict[str, Tensor], batch_size: int) -> int:
    return math.ceil(size_of(split) / batch_size)


def batches(
    split: dict[str, Tensor], batch_size: int, shuffle: bool = False
) -> Iterator[dict[str, Tensor]]:
    size = size_of(split)
    order = torch.randperm(size) if shuffle else torch.arange(size)
    for start in range(0, size, batch_size):
        chosen = order[start : start + batch_size]
        yield {name: values[chosen.to(values.device)] for name, values in split.items()}


def average(values: list[dict[str, Tensor]], sizes: list[int]) -> dict[str, float]:
    names = list(values[0])
    table = torch.stack([torch.stack([row[name] for row in values]) for name in names])
    weights = torch.tensor(sizes, dtype=table.dtype, device=table.device)
    return dict(zip(names, (table @ weights / weights.sum()).tolist(), strict=True))
