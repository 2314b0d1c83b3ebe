"""Judges of networks that find a digit wherever it lies on a larger canvas."""

import torch
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from torch import Tensor

from app.examples_check.judging import Measure, judges
from app.examples_check.trained import Trained, changed
from graphs.document.document import End, Wire
from graphs.document.edits import Connect, Edit, RemoveNodes, SetGraphParameters, SetParameters

PLACES = 3
"""At how many places each digit is judged."""
AS_WIDE = 18
"""How many maps each layer of a plain row needs to have as many weights as the dense network."""


@judges("cnn")
def cnn(example: Trained) -> list[Measure]:
    """Beside what weighs each pixel by itself, and what looks for the most similar canvases."""
    _, known, labels = on_canvases(example, "train")
    scores, unseen, right = on_canvases(example, "test")
    found = accuracy(scores, right)
    linear, similar = (
        simple.fit(known.flatten(1), labels).score(unseen.flatten(1), right)
        for simple in (LogisticRegression(max_iter=200), KNeighborsClassifier(3))
    )
    return [
        Measure("accuracy", found, 0.98, baseline=linear, baseline_is="logistic regression"),
        Measure("accuracy above that of 3 nearest neighbours", found - similar, 0.1),
    ]


@judges("densenet")
def densenet(example: Trained) -> list[Measure]:
    """Beside layers in a row that are so wide that they have as many weights."""
    dense, row = (
        accuracy(*on_canvases(found, "test")[::2]) for found in (example, in_a_row(example))
    )
    is_ = "as many weights in a row"
    return [Measure("accuracy", dense, 0.975, baseline=row, baseline_is=is_)]


def in_a_row(example: Trained) -> Trained:
    """The same layers, of which each sees the one before it alone."""
    wire = Wire(source=End("conv", "output"), target=End("maps", "value"))
    edits: list[Edit] = [
        RemoveNodes(graph="DenseLayer", ids=("grown",)),
        Connect(graph="DenseLayer", wire=wire),
        SetGraphParameters(parameters={"growth": AS_WIDE}),
    ]
    narrowed = {"arguments": {"channels": AS_WIDE}}
    for id in ("transition_1", "transition_2"):
        edits.append(SetParameters(id=id, parameters=narrowed))
    return changed(example, *edits)


@torch.no_grad()
def on_canvases(example: Trained, split: str) -> tuple[Tensor, Tensor, Tensor]:
    """Every digit of a split at some random places, the same for every seed: its scores, its
    canvases and its labels.
    """
    data, network = example.samples(split), example.program.network.eval()
    network.canvas.train()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        scores, canvas = network(data["image"].repeat(PLACES, 1, 1, 1))
    return scores, canvas, data["label"].repeat(PLACES)


def accuracy(scores: Tensor, label: Tensor) -> float:
    """The share of samples whose largest score is the right one's."""
    return (scores.argmax(1) == label).float().mean().item()
