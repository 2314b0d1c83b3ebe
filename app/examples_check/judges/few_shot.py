"""Judges of networks that tell signs apart of classes that they never saw, from a few examples of
each.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from app.examples_check.judging import Measure, judges
from app.examples_check.trained import Trained, changed
from graphs.document.edits import SetParameters


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
    program = example.module.Program(**hyperparameters)
    program.load_state_dict(weights.state_dict())
    found: float = example.module.measure(program, tasks)["accuracy"]
    return found


def nearest_pixels(tasks: dict[str, Tensor]) -> float:
    """The accuracy of giving each query the class of the example whose pixels are nearest."""
    apart = torch.cdist(tasks["query"].flatten(2), tasks["support"].flatten(2))
    found = tasks["support_label"].gather(1, apart.argmin(2))
    return (found == tasks["query_label"]).float().mean().item()


@judges("maml_glyphs")
def maml_glyphs(example: Trained) -> list[Measure]:
    """What two gradient steps reach, of second and of first order; beside steps from weights that
    learned nothing, and from those of a reader of all training classes, which is hard to beat on
    signs as alike as these.
    """
    edit = SetParameters(graph="main", id="adapted", parameters={"order": "first"})
    new = example.module.Program()
    return [
        Measure(
            "accuracy",
            example.test()["accuracy"],
            0.74,
            baseline=fine_tuned(example, new),
            baseline_is="steps from nothing learned",
        ),
        Measure(
            "accuracy, first order",
            changed(example, edit).test()["accuracy"],
            0.68,
            baseline=fine_tuned(example, pretrained(example)),
            baseline_is="steps from all classes learned",
        ),
    ]


def fine_tuned(example: Trained, program: nn.Module) -> float:
    """The best that a few or more steps, short or long, make of a program's weights."""
    ways = [(steps, lr) for steps in (2, 10) for lr in (0.05, 0.4)]
    tasks = example.data["test"]
    return max(accuracy(example, program, tasks, steps=s, inner_lr=lr) for s, lr in ways)


def pretrained(example: Trained, steps: int = 500) -> Any:
    """A program whose reader learned to tell all training classes apart, with a new last layer."""
    split = example.data["train"]
    label = torch.empty(len(split.sample), dtype=torch.long)
    label[split.pools] = torch.arange(len(split.pools))[:, None].expand_as(split.pools)
    reader = example.module.Program(way=len(split.pools)).network.reader.train()
    adam = torch.optim.Adam(reader.parameters(), 0.003)
    for _ in range(steps):
        chosen = torch.randint(len(label), (128,))
        adam.zero_grad()
        F.cross_entropy(reader(split.sample[chosen]), label[chosen]).backward()
        adam.step()
    program: Any = example.module.Program()
    known = {n: w for n, w in reader.state_dict().items() if not n.startswith("linear.")}
    program.network.reader.load_state_dict(known, strict=False)
    return program
