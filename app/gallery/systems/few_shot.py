"""Judges of networks that tell signs apart of classes that they never saw, from a few examples of
each.
"""

from typing import Any

import torch
from torch import Tensor, nn

from app.gallery.judging import Measure, judges
from app.gallery.trained import Trained


@judges("prototypical_networks")
def prototypical_networks(example: Trained) -> list[Measure]:
    """The nearest mean, after a training on more classes a task than are asked here."""
    return by_examples(example, {1: 0.86, 5: 0.95})


@judges("matching_networks")
def matching_networks(example: Trained) -> list[Measure]:
    """A look at all examples, in the same tasks."""
    return by_examples(example, {1: 0.84, 5: 0.93})


def by_examples(example: Trained, bars: dict[int, float]) -> list[Measure]:
    """The accuracy in tasks of five new classes, by how many examples of each are known, beside
    that of looking for the nearest of them pixel by pixel.
    """
    measures = []
    for shot, bar in bars.items():
        values = {"way": 5, "shot": shot, "queries": 5}
        tasks = example.module.load("cpu", **values)["test"]
        measures.append(
            Measure(
                f"accuracy, {shot} of each class known",
                accuracy(example, example.program, tasks, **values),
                bar,
                baseline=nearest_pixels(tasks.take(torch.arange(len(tasks)))),
                baseline_is="nearest pixels",
            )
        )
    return measures


def accuracy(example: Trained, weights: nn.Module, tasks: Any, **hyperparameters: float) -> float:
    """The accuracy of a program's weights in tasks, used with hyperparameters of its own."""
    program = example.module.Program(1, 1, **hyperparameters)
    program.load_state_dict(weights.state_dict())
    found: float = example.module.measure(program, tasks)["accuracy"]
    return found


def nearest_pixels(tasks: dict[str, Tensor]) -> float:
    """The accuracy of giving each query the class of the example whose pixels are nearest."""
    apart = torch.cdist(tasks["query"].flatten(2), tasks["support"].flatten(2))
    found = tasks["support_label"].gather(1, apart.argmin(2))
    return (found == tasks["query_label"]).float().mean().item()
