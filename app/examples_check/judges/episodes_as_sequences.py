"""Judges of networks that read an episode step by step: its examples, then what is asked."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from app.examples_check.judging import Measure, judges
from app.examples_check.trained import Trained, changed, trained
from graphs.document.document import End, Node, Wire
from graphs.document.edits import AddNode, Connect, Edit, RemoveNodes, apply


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


@judges("snail")
def snail(example: Trained) -> list[Measure]:
    """Five classes that it never saw, one example of each, then one sign to name."""
    value, nearest = example.test()["accuracy"], nearest_pixels(example.data["test"])
    alone = without_attention(example).test()["accuracy"]
    return [
        Measure("accuracy", value, 0.74, baseline=nearest, baseline_is="the nearest in pixels"),
        Measure("accuracy above that without attention", value - alone, 0.2),
        Measure("steps that feel their future", steps_that_feel(example), 1, "below"),
    ]


def nearest_pixels(split: Any) -> float:
    """The share of right answers of who names a sign as the example whose pixels are nearest."""
    batch = split.take(torch.arange(len(split)))
    support, query = batch["support"].flatten(2), batch["query"][:, :1].flatten(2)
    nearest = torch.cdist(query, support).argmin(-1)
    said = batch["support_label"].gather(1, nearest)
    return (said == batch["query_label"][:, :1]).float().mean().item()


def without_attention(example: Trained) -> Trained:
    """What is left where nothing looks back but the convolutions."""
    main = example.document.main
    edits: list[Edit] = [RemoveNodes(ids=("look_1", "look_2", "look_3"))]
    for look in ("look_1", "look_2", "look_3"):
        (before,), (after,) = main.into(look, "steps"), main.out_of(look, "told")
        edits.append(Connect(wire=Wire(source=before.source, target=after.target)))
    return changed(example, *edits)


@torch.no_grad()
def steps_that_feel(example: Trained, tasks: int = 16) -> int:
    """How many steps are not bit for bit what they were when a sign after them is another one."""
    network = example.program.network
    batch = example.data["test"].take(torch.arange(tasks))
    told: list[Tensor] = []
    hook = network.look_3.register_forward_hook(lambda *call: told.append(call[-1]))
    felt = 0
    for place in range(1, batch["support"].shape[1] + 1):
        for images in (batch, with_other_sign(batch, place)):
            network(**images)
        felt += int((told[-1] != told[-2])[:, :place].any((0, 2)).sum())
    hook.remove()
    return felt


def with_other_sign(batch: dict[str, Tensor], place: int) -> dict[str, Tensor]:
    """Episodes whose sign at a place is that of the next episode; the last place is asked."""
    known = batch["support"].shape[1]
    name, at = ("support", place) if place < known else ("query", 0)
    changed_ = batch[name].clone()
    changed_[:, at] = changed_[:, at].roll(1, 0)
    return {**batch, name: changed_}
