"""Judges of networks that read an episode step by step: its examples, then what is asked."""

import torch
from torch import Tensor
from torch.nn import functional as F

from app.gallery.judging import Measure, judges
from app.gallery.trained import Trained, trained
from graphs.document import End, Node, Wire
from graphs.edits import AddNode, Connect, Edit, RemoveNodes, apply


@judges("memory_network")
def memory_network(example: Trained) -> list[Measure]:
    """Signs of classes that it never saw, by how many times each came before."""
    found, simple = by_sight(example), by_sight(with_lstm(example))
    bars = {2: ("at the 2nd sight", 0.8), 5: ("at the 5th sight", 0.85)}
    return [
        Measure(f"accuracy {when}", found[sight], bar, "above", simple[sight], "an LSTM")
        for sight, (when, bar) in bars.items()
    ]


@torch.no_grad()
def by_sight(example: Trained) -> dict[int, float]:
    """The share of right answers by which time it is that a class comes in its episode."""
    split = example.data["test"]
    batch = split.take(torch.arange(len(split)))
    scores, label, *_ = example.program.network(batch["support"], batch["support_label"])
    right, sight = scores.argmax(-1) == label, sights(label)
    return {time: right[sight == time].float().mean().item() for time in range(1, 6)}


def sights(label: Tensor) -> Tensor:
    """For each step which time it is that its class comes, from 1: (N, T)."""
    return F.one_hot(label).cumsum(1).gather(2, label[..., None])[..., 0]


def with_lstm(example: Trained) -> Trained:
    """A larger LSTM in the place of the cell and its memory, trained for three times as many
    epochs, each of which takes a third of the time.
    """
    main = example.document.main
    lost = ("network", "empty", "unused", "nowhere", "writes", "reads", "memory_use")
    (source,), kept = main.into("network", "x"), main.out_of("network", "steps")
    lstm = Node(type="LSTM", parameters={"hidden_size": 128})
    edits: list[Edit] = [
        RemoveNodes(ids=lost),
        AddNode(id="lstm", node=lstm),
        Connect(wire=Wire(source=source.source, target=End("lstm", "x"))),
    ]
    for wire in kept:
        edits.append(Connect(wire=Wire(source=End("lstm", "sequence"), target=wire.target)))
    document = apply(example.document, *edits)
    return trained(document, example.folder, example.seed, 3 * document.settings.epochs)
