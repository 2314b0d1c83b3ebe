"""memory_network: signs come one by one, each with the last one's label, and a cell with a memory
of its own learns their names as they come

Run it: python memory_network.py --epochs 18
Load the weights that it saves:
    MemoryNetwork().load_state_dict(load_file("memory_network.safetensors"))

Fixed in this file: hidden = 96, heads = 1, width = 32.
"""

import argparse
import math
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any, Self

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence
from torch.optim.lr_scheduler import LRScheduler

EPOCHS = 18
SEED = 0
BATCH_SIZE = 64
WAY = 3
PLACES = 16


def over_axis(module: nn.Module, *inputs: Tensor, axis: int) -> Tensor | tuple[Tensor, ...]:
    """Map a module over an axis: apply it to every place as if each were a sample of its own."""
    places = [value.movedim(axis, 1) for value in inputs]
    sizes = places[0].shape[:2]
    result = module(*(value.flatten(0, 1) for value in places))
    if isinstance(result, tuple):
        return tuple(value.unflatten(0, sizes).movedim(1, axis) for value in result)
    joined: Tensor = result.unflatten(0, sizes).movedim(1, axis)
    return joined


def previous_labels(label: Tensor, classes: int) -> Tensor:
    """One-hot labels of the step before, and zeros at the first: (N, T) to (N, T, classes)."""
    return F.pad(F.one_hot(label, classes).float(), (0, 0, 1, 0))[:, :-1]


def scan(
    cell: nn.Module,
    *inputs: Tensor | None,
    takes: tuple[str, ...],
    gives: tuple[str, ...],
    features: int,
    whole: tuple[str, ...] = (),
) -> Tensor | tuple[Tensor, ...]:
    """Recurrent loop: run a cell over time, on one step of every sequence and its states.

    `takes` and `gives` name the cell's inputs and outputs. A name in both is a state: what the cell
    gives for it is what it takes at the next step. States begin as inputs, or as zeros
    (N, features); their last values leave. Other outputs leave for all steps, (N, T, …). Inputs in
    `whole` are not cut into steps.
    """
    given = dict(zip(takes, [*inputs, *[None] * len(takes)], strict=False))
    sequences = {
        name: value.unbind(1)
        for name, value in given.items()
        if value is not None and name not in (*gives, *whole)
    }
    first = next(iter(sequences.values()))[0]
    zeros = torch.zeros(len(first), features, device=first.device)
    given = {name: zeros if value is None else value for name, value in given.items()}
    rows: list[dict[str, Tensor]] = []
    for steps in zip(*sequences.values(), strict=True):
        given.update(zip(sequences, steps, strict=True))
        result = cell(*given.values())
        rows.append(
            dict(zip(gives, result if isinstance(result, tuple) else [result], strict=True))
        )
        given.update({name: value for name, value in rows[-1].items() if name in takes})
    outputs = tuple(
        rows[-1][name] if name in takes else torch.stack([row[name] for row in rows], 1)
        for name in gives
    )
    return outputs if len(outputs) > 1 else outputs[0]


def one_hot(labels: Tensor, num_classes: int) -> Tensor:
    """One-hot encoding: a vector for each class, 1 at the class and 0 elsewhere."""
    return F.one_hot(labels, num_classes).float()


def cosine_distances(x: Tensor, y: Tensor) -> Tensor:
    """Pairwise cosine distances, one minus the cosine of the angle, 0 to 2: (N, Q, F) and (N, P, F)
    to (N, Q, P).
    """
    return 1 - F.normalize(x, dim=-1) @ F.normalize(y, dim=-1).mT


class Eye(nn.Module):
    """Encodes one image.

    From image (12N, 1, 8, 8) to (12N, 32).
    """

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(64, elementwise_affine=False)
        self.linear = nn.Linear(64, 32)

    def forward(self, image: Tensor) -> Tensor:
        x = self.norm(torch.flatten(image, 1))  # (12N, 64)
        return self.linear(x)  # (12N, 32)


class Read(nn.Module):
    """Reads the memory: the mean of its rows, weighted by attention.

    From shares (N, 1, …), memory (N, …, 32) to (N, 32).
    """

    def __init__(self) -> None:
        super().__init__()

    def forward(self, shares: Tensor, memory: Tensor) -> Tensor:
        return torch.flatten(shares @ memory, 1)  # (N, 32)


class Rows(nn.Module):
    """A vector for the memory, from the controller's state.

    From state (N, in_features) to (N, 1, 32).
    """

    def __init__(self, in_features: int) -> None:
        super().__init__()
        self.linear = nn.Linear(in_features, 32)

    def forward(self, state: Tensor) -> Tensor:
        tanh = torch.tanh(self.linear(state))  # (N, 32)
        return torch.reshape(tanh, (len(tanh), 1, 32))  # (N, 1, 32)


class Write(nn.Module):
    """Writes to the memory, where it was read before or where it was used least.

    From memory (N, places, 32), usage (N, places), looked (N, 1, places), rows (N, 1, 32), state
    (N, 96) to (N, places, 32), (N, 1, places).
    """

    def __init__(self, places: int) -> None:
        super().__init__()
        self.places = places
        self.linear = nn.Linear(96, 1)

    def forward(
        self, memory: Tensor, usage: Tensor, looked: Tensor, rows: Tensor, state: Tensor
    ) -> tuple[Tensor, Tensor]:
        free = one_hot(torch.topk(usage, 1, -1, largest=False)[1], self.places)  # (N, 1, places)
        again_2 = torch.unsqueeze(torch.sigmoid(self.linear(state)), 2)  # (N, 1, 1)
        share = again_2 * looked + (1 - again_2) * free  # (N, 1, places)
        changed = (
            memory * (1 - torch.unsqueeze(torch.sum(free, 1), 2))
            + torch.permute(share, (0, 2, 1)) @ rows
        )  # (N, places, 32)
        return changed, share  # (N, places, 32), (N, 1, places)


class Look(nn.Module):
    """Content-based addressing: attention weights over the rows of the memory.

    From memory (N, …, 32), keys (N, 1, 32), state (N, 96) to (N, 1, …).
    """

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(96, 1)

    def forward(self, memory: Tensor, keys: Tensor, state: Tensor) -> Tensor:
        scores = (
            5
            * torch.unsqueeze(F.softplus(self.linear(state)), 2)
            * torch.neg(cosine_distances(keys, memory))
        )  # (N, 1, …)
        return torch.softmax(scores, -1)  # (N, 1, …)


class Cell(nn.Module):
    """One step of the controller: it reads the memory, updates its state, and writes.

    From x (N, …), h (N, 96), c (N, 96), memory (N, places, 32), usage (N, places), looked
    (N, 1, places) to (N, 128), (N, 96), (N, 96), (N, places, 32), (N, places), (N, 1, places),
    (N, places), (N, places).
    """

    def __init__(self, input_size: int, in_features: int, places: int) -> None:
        super().__init__()
        self.recalled = Read()
        self.controller = nn.LSTMCell(input_size, 96)
        self.keys = Rows(in_features=96)
        self.news = Rows(in_features=in_features)
        self.write = Write(places=places)
        self.look = Look()
        self.read = Read()

    def forward(
        self, x: Tensor, h: Tensor, c: Tensor, memory: Tensor, usage: Tensor, looked: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
        sees = torch.cat([x, self.recalled(looked, memory)], dim=1)  # (N, input_size)
        h_2, c_2 = self.controller(sees, (h, c))
        keys = self.keys(h_2)  # (N, 1, 32)
        news = self.news(torch.cat([x, h], dim=1))  # (N, 1, 32)
        memory_2, written = self.write(memory, usage, looked, news, h_2)
        look = self.look(memory_2, keys, h_2)  # (N, 1, places)
        return (
            torch.cat([h_2, self.read(look, memory_2)], dim=1),
            h_2,
            c_2,
            memory_2,
            0.95 * usage + torch.sum(look + written, 1),
            look,
            torch.sum(look, 1),
            torch.sum(written, 1),
        )


class MemoryNetwork(nn.Module):
    """From support (N, 24, 1, 8, 8), support_label (N, 24) to (N, 12, 3), (N, 12), (N, 3), (N,),
    (N, 12, 1, 8, 8), (N, 12, 16), (N, 12, 16).
    """

    def __init__(self, way: int = WAY, places: int = PLACES) -> None:
        super().__init__()
        self.way = way
        self.places = places
        self.eye = Eye()
        self.cell = Cell(input_size=way + 64, in_features=way + 128, places=places)
        self.scores = nn.Linear(128, way)

    def forward(
        self, support: Tensor, support_label: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
        shown = support[:, :12]  # (N, 12, 1, 8, 8)
        label = support_label[:, :12]  # (N, 12)
        stream = torch.cat(
            [over_axis(self.eye, shown, axis=1), previous_labels(label, classes=self.way)], dim=-1
        )  # (N, 12, 35)
        empty = torch.full(
            (len(stream), self.places, 32), 1e-06, device=stream.device
        )  # (N, 16, 32)
        unused = torch.full((len(stream), self.places), 0.0, device=stream.device)  # (N, 16)
        nowhere = torch.full((len(stream), 1, self.places), 0.0, device=stream.device)  # (N, 1, 16)
        steps, _, _, _, _, _, reads, writes = scan(
            self.cell,
            stream,
            None,
            None,
            empty,
            unused,
            nowhere,
            takes=("x", "h", "c", "memory", "usage", "looked"),
            gives=("steps", "h", "c", "memory", "usage", "looked", "reads", "writes"),
            features=96,
        )
        scores = self.scores(steps)  # (N, 12, 3)
        # (N, 12, 3), (N, 12), (N, 3), (N,), (N, 12, 1, 8, 8), (N, 12, 16), (N, 12, 16)
        return scores, label, scores[:, -1], label[:, -1], shown, writes, reads


def accuracy(prediction: Tensor, label: Tensor) -> Tensor:
    """Accuracy: how often the largest logit is the right class: (N, C, …), (N, …) -> ()."""
    return (prediction.argmax(1) == label).float().mean()


class Program(nn.Module):
    """What happens on one batch."""

    def __init__(self, way: int = WAY, places: int = PLACES) -> None:
        super().__init__()
        self.network = MemoryNetwork(way=way, places=places)

    def evaluate(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Losses and metrics of one batch."""
        support = batch["support"]  # (N, 24, 1, 8, 8)
        support_label = batch["support_label"]  # (N, 24)
        # (N, 12, 3), (N, 12), (N, 3), (N,), (N, 12, 1, 8, 8), (N, 12, 16), (N, 12, 16)
        scores, label, last_scores, last_label, *_ = self.network(support, support_label)
        cross_entropy = F.cross_entropy(
            torch.flatten(scores, 0, 1), torch.flatten(label), label_smoothing=0.0
        )
        return {
            "cross_entropy": cross_entropy,
            "accuracy": accuracy(torch.transpose(scores, 1, 2), label),
            "accuracy_at_the_end": accuracy(last_scores, last_label),
        }

    def configure_optimizers(self, steps_per_epoch: int, epochs: int = EPOCHS) -> None:
        """Make the optimizer; their learning rates follow a schedule over the whole training."""
        self.adam_optimizer = torch.optim.Adam(
            self.network.parameters(), lr=0.004, betas=(0.9, 0.999), weight_decay=0.0
        )
        self.adam_scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(
            self.adam_optimizer, T_max=epochs * steps_per_epoch
        )

    def step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Evaluate one batch, then let the optimizer move its weights."""
        values = self.evaluate(batch)

        # minimise cross_entropy
        self.adam_optimizer.zero_grad()
        values["cross_entropy"].backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.adam_optimizer.step()
        self.adam_scheduler.step()

        return {name: value.detach() for name, value in values.items()}

    def probe(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """What the probes show of one batch."""
        support = batch["support"]  # (N, 24, 1, 8, 8)
        support_label = batch["support_label"]  # (N, 24)
        # (N, 12, 3), (N, 12), (N, 3), (N,), (N, 12, 1, 8, 8), (N, 12, 16), (N, 12, 16)
        scores, label, _, _, shown, writes, reads = self.network(support, support_label)
        side_by_side = torch.permute(shown, (0, 2, 3, 1, 4))  # (N, 1, 8, 12, 8)
        strip = torch.reshape(side_by_side, (len(side_by_side), 1, 8, 96))  # (N, 1, 8, 96)
        memory_use = torch.stack(
            [torch.unsqueeze(writes, 1)[:8], torch.unsqueeze(reads, 1)[:8]], 1
        )  # (8, 2, 1, 12, 16)
        return {
            "signs_shown.images": strip[:8],
            "memory_use.images": memory_use,
            "right.tokens": label[:8],
            "answers.tokens": torch.argmax(scores[:8], -1),
        }


STROKES = 4


POINTS = 10


def sign_points(classes: int, samples: int, variation: float, draw: torch.Generator) -> Tensor:
    """Points along the strokes of every sample, (N, points, 2) from 0 to 1.

    A stroke is a quadratic Bezier curve; in the place of one that a sign does not have, its first
    is drawn again. Samples of a class differ by jitter, rotation, scale and shift.
    """
    control = 0.15 + 0.7 * torch.rand(classes, STROKES, 3, 2, generator=draw)
    strokes = torch.randint(2, STROKES + 1, (classes, 1, 1, 1), generator=draw)
    control, strokes = (x.repeat_interleave(samples, 0) for x in (control, strokes))
    control = control + 0.045 * variation * torch.randn(control.shape, generator=draw)
    there = torch.arange(STROKES)[:, None, None] < strokes
    control = torch.where(there, control, control[:, :1])
    count = len(control)
    angle = 0.26 * variation * torch.randn(count, generator=draw)
    stretch = 1 + 0.15 * variation * torch.randn(count, 1, 2, generator=draw)
    shift = 0.06 * variation * torch.randn(count, 1, 2, generator=draw)
    turn = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()], 1).view(-1, 2, 2)
    t = torch.linspace(0, 1, POINTS)[:, None]
    curve = torch.cat([(1 - t) ** 2, 2 * t * (1 - t), t**2], 1)
    points = torch.einsum("tk,nskd->nstd", curve, control).flatten(1, 2)
    return ((points - 0.5) * stretch) @ turn.mT + 0.5 + shift


def inked(points: Tensor, size: int) -> Tensor:
    """Rendered images, (N, 1, size, size): 1 at a point, less a pixel away."""
    middle = (torch.arange(size) + 0.5) / size
    across, down = ((points[..., axis, None] - middle) ** 2 for axis in (0, 1))
    distance = (down[..., :, None] + across[..., None, :]).amin(1)
    return torch.exp(-distance * size**2)[:, None]


def random_signs(
    classes: int,
    samples: int,
    size: int,
    variation: float,
    validation: float,
    test: float,
    seed: int,
) -> dict[str, dict[str, Tensor]]:
    """Synthetic characters of two to four strokes, each class drawn several times with random
    variation: image (N, 1, size, size) from 0 to 1, label (N,). Every class has its share of every
    split.
    """
    draw = torch.Generator().manual_seed(seed)
    points = sign_points(classes, samples, variation, draw)
    parts = [inked(points[first : first + 500], size) for first in range(0, len(points), 500)]
    image = torch.cat(parts)
    label = torch.arange(classes).repeat_interleave(samples)
    number = torch.arange(samples).repeat(classes)
    tested = round(samples * test)
    validated = tested + round(samples * validation)
    kept = {
        "train": number >= validated,
        "validation": (number >= tested) & (number < validated),
        "test": number < tested,
    }
    return {part: {"image": image[ours], "label": label[ours]} for part, ours in kept.items()}


class Split(ABC):
    """A map-style data set that gives whole mini-batches by the indices of their samples."""

    @abstractmethod
    def __len__(self) -> int:
        """How many samples there are."""

    @abstractmethod
    def to(self, device: str | torch.device) -> Self:
        """The same samples, given on a device."""

    @abstractmethod
    def take(self, index: Tensor) -> dict[str, Tensor]:
        """The mini-batch of some samples, by their indices; its fields may differ in length."""

    def in_order(self) -> Tensor:
        """The indices of all samples."""
        return torch.arange(len(self))

    def take_each(self, places: list[Tensor]) -> Iterator[dict[str, Tensor]]:
        """The mini-batches of some indices, one after another, each when it is asked for."""
        return map(self.take, places)


class Tasks(Split):
    """Few-shot tasks by index: a support set of known examples of a few classes, and a query set of
    others of the same classes. Labels are the numbers that the classes have in their task.
    """

    def __init__(self, sample: Tensor, members: Tensor, label: Tensor, known: int) -> None:
        self.sample = sample
        self.members = members
        self.label = label
        self.known = known

    def __len__(self) -> int:
        return len(self.members)

    def to(self, device: str | torch.device) -> Self:
        """The same tasks on a device."""
        sample, members, label = (x.to(device) for x in (self.sample, self.members, self.label))
        return type(self)(sample, members, label, self.known)

    def take(self, index: Tensor) -> dict[str, Tensor]:
        """The batch of some tasks, by their indices."""
        index = index.to(self.members.device)
        sample, label = self.sample[self.members[index]], self.label[index]
        return {
            "support": sample[:, : self.known],
            "support_label": label[:, : self.known],
            "query": sample[:, self.known :],
            "query_label": label[:, self.known :],
        }


def in_random_order(samples: Tensor, draw: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
    """The samples of each task in random order, with their classes' numbers: (T, way, K) to
    (T, way * K) twice.
    """
    count, way, each = samples.shape
    order = torch.rand(count, way * each, generator=draw).argsort(1)
    number = torch.arange(way).repeat_interleave(each).expand(count, -1)
    return samples.flatten(1).gather(1, order), number.gather(1, order)


def dealt_tasks(
    pools: Tensor,
    count: int,
    way: int,
    shot: int,
    queries: int,
    draw: torch.Generator | None = None,
) -> tuple[Tensor, Tensor]:
    """Samples of every task, support first, and their classes' numbers in it: (T, way * (shot +
    queries)) twice.
    """
    classes = torch.rand(count, len(pools), generator=draw).topk(way, largest=False).indices
    members = pools[classes]
    order = torch.rand(members.shape, generator=draw).masked_fill(members < 0, 2.0).argsort(2)
    drawn = members.gather(2, order[:, :, : shot + queries])
    known, asked = (
        in_random_order(samples, draw) for samples in (drawn[:, :, :shot], drawn[:, :, shot:])
    )
    members, number = (torch.cat(pair, 1) for pair in zip(known, asked, strict=True))
    return members, number


class TasksAnew(Split):
    """Few-shot tasks that are sampled when they are taken, so that no two epochs have the same
    ones; an index says nothing but that a task is wanted. `pools`, (classes, P), are the indices of
    each class's samples, padded with -1.
    """

    def __init__(
        self, sample: Tensor, pools: Tensor, count: int, way: int, shot: int, queries: int
    ) -> None:
        self.sample = sample
        self.pools = pools
        self.count = count
        self.way = way
        self.shot = shot
        self.queries = queries

    def __len__(self) -> int:
        return self.count

    def to(self, device: str | torch.device) -> Self:
        """The same samples on a device; tasks are sampled on the CPU, and so alike on all."""
        sample = self.sample.to(device)
        return type(self)(sample, self.pools, self.count, self.way, self.shot, self.queries)

    def take(self, index: Tensor) -> dict[str, Tensor]:
        """As many new tasks as there are indices."""
        dealt = dealt_tasks(self.pools, len(index), self.way, self.shot, self.queries)
        tasks = Tasks(self.sample, *dealt, self.way * self.shot).to(self.sample.device)
        return tasks.take(torch.arange(len(index)))


def dealt_classes(
    label: Tensor, validation: float, test: float, draw: torch.Generator
) -> dict[str, Tensor]:
    """The classes of every split."""
    classes = torch.tensor(sorted(set(label.tolist())))
    order = classes[torch.randperm(len(classes), generator=draw)]
    tested = round(len(classes) * test)
    validated = tested + round(len(classes) * validation)
    return {
        "train": order[validated:],
        "validation": order[tested:validated],
        "test": order[:tested],
    }


def require_enough(pools: list[Tensor], part: str, way: int, samples: int) -> None:
    """Raise ValueError where no task can be made; a split without classes has no tasks."""
    if (pools or part == "train") and len(pools) < way:
        raise ValueError(
            f"episodes of {way} classes need as many in every split, and there are {len(pools)} "
            f"in {part}: lower way, or give another share of the classes"
        )
    fewest = min(map(len, pools), default=samples)
    if fewest < samples:
        raise ValueError(
            f"episodes need {samples} samples of a class, and one has {fewest}: lower shot or "
            "queries"
        )


def padded(pools: list[Tensor], none: tuple[int, int]) -> Tensor:
    """The indices of each class's samples, padded with -1; where there is no class, of the size
    `none`.
    """
    if not pools:
        return torch.full(none, -1)
    return pad_sequence(pools, batch_first=True, padding_value=-1)


def episodes(
    sample: Tensor,
    label: Tensor,
    way: int,
    shot: int,
    queries: int,
    tasks: int,
    held_out: int,
    validation: float,
    test: float,
    seed: int,
    anew: bool = False,
) -> dict[str, Tasks | TasksAnew]:
    """Split the classes into training, validation and test, so that none is in two of them, and
    sample n-way k-shot tasks of the classes of each.

    A task has `way` classes, `shot` support samples of each and `queries` that are asked, all in
    random order. Those of training are sampled once, or anew whenever they are taken. Raises
    ValueError where there are too few classes or samples.
    """
    draw = torch.Generator().manual_seed(seed)
    counts = {"train": tasks, "validation": held_out, "test": held_out}
    parts: dict[str, Tasks | TasksAnew] = {}
    for part, classes in dealt_classes(label, validation, test, draw).items():
        own = torch.isin(label, classes)
        found = [torch.nonzero(label[own] == one)[:, 0] for one in classes]
        require_enough(found, part, way, shot + queries)
        pools = padded(found, (way, shot + queries))
        count = counts[part] if found else 0
        if anew and part == "train":
            parts[part] = TasksAnew(sample[own], pools, count, way, shot, queries)
        else:
            members, number = dealt_tasks(pools, count, way, shot, queries, draw)
            parts[part] = Tasks(sample[own], members, number, way * shot)
    return parts


def samples_of(splits: dict[str, dict[str, Tensor]], *names: str) -> list[Tensor]:
    """Fields of all samples, whatever split they are in."""
    return [torch.cat([part[name] for part in splits.values()]) for name in names]


def load(device: str, way: int = WAY) -> dict[str, Split]:
    """Every split of the data, on a device: samples by their indices."""
    signs = random_signs(
        classes=1000, samples=20, size=8, variation=0.35, validation=0.15, test=0.15, seed=0
    )
    image, label = samples_of(signs, "image", "label")
    splits = episodes(
        image,
        label,
        way=way,
        shot=8,
        queries=1,
        tasks=2048,
        held_out=500,
        validation=0.1,
        test=0.2,
        seed=0,
        anew=True,
    )
    return {name: split.to(device) for name, split in splits.items()}


def steps_in(split: Split, batch_size: int) -> int:
    """How many mini-batches an epoch of training has."""
    return math.ceil(len(split) / batch_size)


def epoch_order(split: Split, batch_size: int) -> Tensor:
    """The indices of an epoch's samples, in the order in which they come: all, shuffled."""
    return torch.randperm(len(split))


def batches(
    split: Split, batch_size: int, shuffle: bool = False, skip: int = 0
) -> Iterator[dict[str, Tensor]]:
    """Take a split mini-batch by mini-batch, in the order of a new epoch when shuffled; the first
    ones may be skipped unread. The order is drawn at once, each mini-batch when its turn comes.
    """
    order = epoch_order(split, batch_size) if shuffle else split.in_order()
    starts = range(skip * batch_size, len(order), batch_size)
    return split.take_each([order[start : start + batch_size] for start in starts])


def size_of(batch: dict[str, Tensor]) -> int:
    """How many samples a batch has; other fields of it may differ in length."""
    return len(batch["support_label"])


def average(values: list[dict[str, Tensor]], sizes: list[int]) -> dict[str, float]:
    """The mean over all samples of what was measured on each batch."""
    weights = torch.tensor(sizes, dtype=torch.float64) / max(sum(sizes), 1)
    return {
        name: float(torch.stack([value[name] for value in values]).cpu().double() @ weights)
        for name in (values[0] if values else {})
    }


def with_progress(
    loader: Iterator[dict[str, Tensor]], title: str, count: int
) -> Iterator[dict[str, Tensor]]:
    """The same mini-batches; in a terminal a line that is written over says once a second how many
    of them are done.
    """
    watched, told, line = sys.stderr.isatty(), monotonic(), ""
    for number, batch in enumerate(loader, 1):
        yield batch
        if watched and monotonic() - told > 1:
            told, line = monotonic(), f"{title}: batch {number} of {count}"
            print(f"\r{line}", end="", file=sys.stderr, flush=True)
    if line:
        print(f"\r{' ' * len(line)}\r", end="", file=sys.stderr, flush=True)


def moving_parts(program: nn.Module) -> dict[str, Any]:
    """The optimizers and learning-rate schedulers of a program, by name."""
    kinds = (torch.optim.Optimizer, LRScheduler)
    return {name: part for name, part in vars(program).items() if isinstance(part, kinds)}


def save_training(path: Path, program: nn.Module, epoch: int, best: float) -> None:
    """Keep all that the training needs to go on: weights, optimizers, schedulers, gradients that
    are being accumulated, and the states of torch's random generators.
    """
    device = next(program.parameters()).device
    state = {
        "epoch": epoch,
        "best": best,
        "batches": getattr(program, "batches", 0),
        "weights": program.state_dict(),
        "gradients": {name: weight.grad for name, weight in program.named_parameters()},
        "parts": {name: part.state_dict() for name, part in moving_parts(program).items()},
        "random": torch.get_rng_state(),
        "cuda_random": torch.cuda.get_rng_state(device) if device.type == "cuda" else None,
    }
    unfinished = path.with_name(f"{path.name}.unfinished")
    torch.save(state, unfinished)
    unfinished.replace(path)


def resume_training(path: Path, program: Any) -> tuple[int, float]:
    """Go on from what a file keeps; the epoch that comes next, and the best loss so far. Only
    tensors and plain values are read: nothing in the file is executed.
    """
    device = next(program.parameters()).device
    state = torch.load(path, map_location="cpu", weights_only=True)
    program.load_state_dict(state["weights"])
    program.batches = state["batches"]
    for name, part in moving_parts(program).items():
        part.load_state_dict(state["parts"][name])
    for name, weight in program.named_parameters():
        gradient = state["gradients"][name]
        weight.grad = None if gradient is None else gradient.to(device)
    torch.set_rng_state(state["random"])
    if state["cuda_random"] is not None and device.type == "cuda":
        torch.cuda.set_rng_state(state["cuda_random"], device)
    return state["epoch"] + 1, state["best"]


def train(
    program: Program, split: Split, batch_size: int = BATCH_SIZE, title: str = "training"
) -> dict[str, float]:
    """One epoch of training; the mean of what each step saw."""
    program.train()
    values, sizes = [], []
    for batch in with_progress(
        batches(split, batch_size, shuffle=True), title, steps_in(split, batch_size)
    ):
        values.append(program.step(batch))
        sizes.append(size_of(batch))
    return average(values, sizes)


@torch.no_grad()
def measure(program: Program, split: Split, batch_size: int = BATCH_SIZE) -> dict[str, float]:
    """Losses and metrics on a split, with nothing updated."""
    program.eval()
    values, sizes = [], []
    for batch in batches(split, batch_size):
        values.append(program.evaluate(batch))
        sizes.append(size_of(batch))
    return average(values, sizes)


@torch.no_grad()
def probed(program: Program, data: dict[str, Split]) -> dict[str, Tensor]:
    """What the probes show of the validation data. Random numbers drawn later stay the same."""
    program.eval()
    device = next(program.parameters()).device
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(SEED)
        split = data["validation"]
        if next(batches(split, BATCH_SIZE), None) is None:
            split = data["train"]
        shown: dict[str, Tensor] = program.probe(next(batches(split, BATCH_SIZE)))
    return {
        name: value.clone(memory_format=torch.contiguous_format).cpu()
        for name, value in shown.items()
    }


def report(name: str, values: dict[str, float]) -> None:
    """Print one line of measurements."""
    print(name, *(f"{key} {value:.9g}" for key, value in values.items()), sep="  ")


def main() -> None:
    """Train, say after each epoch how it goes, and save the last and the best weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    parser.add_argument("--device", default=device, help="cpu, cuda, cuda:1, mps")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="passes over the training data")
    parser.add_argument("--batch-size", type=int, default=BATCH_SIZE, help="samples a step")
    parser.add_argument("--seed", type=int, default=SEED, help="fixes every random choice")
    parser.add_argument(
        "--save",
        type=Path,
        default="memory_network.safetensors",
        help="where the last weights go; those of the lowest validation cross_entropy go to …_best",
    )
    parser.add_argument(
        "--resume",
        type=Path,
        help="keeps the training's state after each epoch, and goes on from it",
    )
    parser.add_argument("--probes", type=Path, help="folder for what the probes show, by epoch")
    parser.add_argument("--way", type=int, default=WAY, help="Classes of an episode, 2 to 5.")
    parser.add_argument(
        "--places",
        type=int,
        default=PLACES,
        help="Rows of the memory, 4 to 64; with fewer than 12 some are written over.",
    )
    arguments = parser.parse_args()

    torch.manual_seed(arguments.seed)
    data = load(arguments.device, way=arguments.way)
    steps_per_epoch = steps_in(data["train"], arguments.batch_size)
    program = Program(way=arguments.way, places=arguments.places).to(arguments.device)
    program.configure_optimizers(steps_per_epoch, arguments.epochs)
    first, best = 1, math.inf
    if arguments.resume and arguments.resume.exists():
        first, best = resume_training(arguments.resume, program)
    for epoch in range(first, arguments.epochs + 1):
        title = f"epoch {epoch} train"
        training = train(program, data["train"], arguments.batch_size, title)
        report(title, training)
        validation = measure(program, data["validation"], arguments.batch_size)
        report(f"epoch {epoch} validation", validation)
        if arguments.probes:
            arguments.probes.mkdir(parents=True, exist_ok=True)
            save_file(probed(program, data), arguments.probes / f"epoch_{epoch}.safetensors")
        loss = (validation or training)["cross_entropy"]
        if loss < best:
            best = loss
            best_weights = arguments.save.with_stem(f"{arguments.save.stem}_best")
            save_file(program.network.state_dict(), best_weights)
        if arguments.resume:
            save_training(arguments.resume, program, epoch, best)
    report("test", measure(program, data["test"], arguments.batch_size))
    save_file(program.network.state_dict(), arguments.save)


if __name__ == "__main__":
    main()
