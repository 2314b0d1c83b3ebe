"""Judges of networks that read and write sequences."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from app.examples_check.judging import Measure, judges
from app.examples_check.trained import Trained, changed
from graphs.document.document import Document, End, Node, Wire
from graphs.document.edits import AddNode, Connect, Edit, RemoveNodes


@judges("char_lm")
def char_lm(example: Trained) -> list[Measure]:
    """Bits for each character of a text that it never saw, beside what counting gives."""
    bits = example.test()["bits"]
    counts = trigram(example.data["train"]["tokens"], example.data["test"]["tokens"])
    return [Measure("bits per character", bits, 2.1, "below", counts, "trigram")]


def trigram(train: Tensor, test: Tensor, weight: float = 5.0) -> float:
    """Bits a token by counts of the three that followed each other, mixed with those of two and of
    one, which count as much as so many sightings.
    """
    size = int(max(train.max(), test.max())) + 1
    one, two, three = (counted(train.flatten(), length, size) for length in (1, 2, 3))
    single = (one + 0.5) / (one.sum() + 0.5 * size)
    double = (two + weight * single) / (two.sum(1, keepdim=True) + weight)
    triple = (three + weight * double) / (three.sum(2, keepdim=True) + weight)
    first, second, third = test.flatten().unfold(0, 3, 1).T
    return -(triple[first, second, third].log().mean().item()) / math.log(2)


def counted(tokens: Tensor, length: int, size: int) -> Tensor:
    """How often each row of so many tokens occurs, an axis for each place."""
    powers = size ** torch.arange(length - 1, -1, -1)
    places = (tokens.unfold(0, length, 1) * powers).sum(1)
    return torch.bincount(places, minlength=size**length).reshape([size] * length).double()


@judges("lstm_lengths")
def lstm_lengths(example: Trained) -> list[Measure]:
    """Digits read at a changing pace, and what the steps after their ends change."""
    value, data = example.test()["accuracy"], example.data
    blind = without_order(data["train"], data["test"], example.seed)
    padding = padding_changes(example.program.network, data["test"])
    return [
        Measure("accuracy", value, 0.93, baseline=blind, baseline_is="blind to order"),
        Measure("what padding changes", padding, 1e-5, "below"),
    ]


@torch.no_grad()
def padding_changes(network: nn.Module, samples: dict[str, Tensor]) -> float:
    """The largest change of a score when noise fills sequences up, more of it, or nothing does."""
    sequence, mask = samples["sequence"], samples["mask"]
    scores = network(sequence, mask)[0]
    noise = torch.rand(len(mask), 9, 8, generator=torch.Generator().manual_seed(0))
    noisy = torch.where(mask[..., None], sequence, noise[:, :1])
    longer = network(torch.cat([noisy, noise], 1), F.pad(mask, (0, 9)))[0]
    change = (longer - scores).abs().max().item()
    for length in samples["length"].unique().tolist():
        chosen = samples["length"] == length
        alone = network(sequence[chosen, :length], mask[chosen, :length])[0]
        change = max(change, (alone - scores[chosen]).abs().max().item())
    return change


class Bag(nn.Module):
    """Looks at each step alone and takes the mean of the real ones: (N, T, 8) to (N, 10)."""

    def __init__(self, hidden: int = 64) -> None:
        super().__init__()
        self.step = nn.Sequential(nn.Linear(8, hidden), nn.ReLU(), nn.Linear(hidden, hidden))
        self.head = nn.Sequential(nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 10))

    def forward(self, sequence: Tensor, mask: Tensor) -> Tensor:
        known = mask[..., None]
        mean = (self.step(sequence).relu() * known).sum(1) / known.sum(1)
        scores: Tensor = self.head(mean)
        return scores


def without_order(
    train: dict[str, Tensor], test: dict[str, Tensor], seed: int, steps: int = 1200
) -> float:
    """The test accuracy of a network that sees which rows there are, and not in which order."""
    torch.manual_seed(seed)
    bag = Bag()
    adam = torch.optim.Adam(bag.parameters(), 0.005)
    for _ in range(steps):
        chosen = torch.randint(len(train["label"]), (32,))
        scores = bag(train["sequence"][chosen], train["mask"][chosen])
        adam.zero_grad()
        F.cross_entropy(scores, train["label"][chosen]).backward()
        adam.step()
    right = bag(test["sequence"], test["mask"]).argmax(1) == test["label"]
    return right.float().mean().item()


@judges("seq2seq_attention")
def seq2seq_attention(example: Trained) -> list[Measure]:
    """Dates that it never saw, written letter by letter from what it wrote itself."""
    value = exact_match(example)
    blind = exact_match(changed(example, *without_attention(example.document)))
    return [
        Measure("exact match", value, 0.97, baseline=blind, baseline_is="without attention"),
        Measure("exact match above that without attention", value - blind, 0.15),
    ]


@torch.no_grad()
def exact_match(example: Trained) -> float:
    """The share of answers that are right to the last letter, and end where they should."""
    test, network = example.data["test"], example.program.network
    memory, summary = network.encoder(test["source"], test["mask"])
    target = test["target"]
    written = example.module.generate(
        network.decoder,
        test["before"][:, :1],
        memory,
        summary,
        test["mask"],
        steps=target.shape[1],
        temperature=0.0,
    )
    return ((written[:, 1:] == target) | (target == 0)).all(1).float().mean().item()


def without_attention(document: Document) -> list[Edit]:
    """Edits after which every step gets the mean of the memory."""
    place = document.graphs["DecoderStep"].nodes["attention"].position
    wires = [
        Wire(source=End("memory", "output"), target=End("mean", "x")),
        Wire(source=End("mean", "output"), target=End("seen", "values")),
        Wire(source=End("mean", "output"), target=End("known", "values")),
    ]
    return [
        RemoveNodes(ids=("maps", "attention")),
        RemoveNodes(graph="Decoder", ids=("shares",)),
        RemoveNodes(graph="DecoderStep", ids=("attention", "shares")),
        AddNode(graph="DecoderStep", id="mean", node=Node(type="Mean", position=place)),
        *(Connect(graph="DecoderStep", wire=wire) for wire in wires),
    ]
