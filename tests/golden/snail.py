"""snail: five signs with their names and one without are read as a sequence, by convolutions along
time and attention to what came before

Run it: python snail.py --epochs 25
Load the weights that it saves:
    Snail().load_state_dict(load_file("snail.safetensors"))

Fixed in this file: filters = 48.
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

EPOCHS = 25
SEED = 0
BATCH_SIZE = 64
FEATURES = 64


def over_axis(module: nn.Module, *inputs: Tensor, axis: int) -> Tensor | tuple[Tensor, ...]:
    """Map a module over an axis: apply it to every place as if each were a sample of its own."""
    places = [value.movedim(axis, 1) for value in inputs]
    sizes = places[0].shape[:2]
    result = module(*(value.flatten(0, 1) for value in places))
    if isinstance(result, tuple):
        return tuple(value.unflatten(0, sizes).movedim(1, axis) for value in result)
    joined: Tensor = result.unflatten(0, sizes).movedim(1, axis)
    return joined


def known_labels(label: Tensor, classes: int, asked: int) -> Tensor:
    """One-hot labels, and zeros for what is asked after them: (N, K) to (N, K + asked, classes)."""
    return F.pad(F.one_hot(label, classes).float(), (0, 0, 0, asked))


def in_heads(x: Tensor, num_heads: int) -> Tensor:
    """Features split into heads: (N, T, F) to (N, heads, T, F / heads)."""
    return x.reshape(*x.shape[:2], num_heads, -1).transpose(1, 2)


def rotated(x: Tensor, first: int = 0) -> Tensor:
    """Rotary embedding: rotate each pair of features by an angle that grows with the step, counted
    from `first`: (…, T, F) with an even F (Su et al. 2021, arXiv 2104.09864).
    """
    length, features = x.shape[-2:]
    position = torch.arange(first, first + length, device=x.device)[:, None]
    angle = position * 10_000 ** -(torch.arange(0, features, 2, device=x.device) / features)
    left, right = x[..., ::2], x[..., 1::2]
    cosine, sine = angle.cos(), angle.sin()
    return torch.stack([left * cosine - right * sine, left * sine + right * cosine], -1).flatten(-2)


def alibi_slopes(num_heads: int) -> list[float]:
    """ALiBi slopes: how much each head weighs down distance (Press et al. 2021, arXiv 2108.12409).

    Where their number is no power of 2, the slopes of the next smaller one come first, then those
    that lie between, as in the authors' code.
    """
    power = 2 ** int(math.log2(num_heads))
    slopes = [2 ** (-8 * number / power) for number in range(1, power + 1)]
    between = [2 ** (-4 * number / power) for number in range(1, 2 * power, 2)]
    return [*slopes, *between][:num_heads]


class DotProductAttention(nn.Module):
    """Scaled dot-product attention in several heads: (N, T, F), (N, S, F) and (N, S, V) to
    (N, T, V). Each step of a query takes from the values what matches by its key.

    `positions` are "none", "rotary" or "alibi". While it `remembers` and is causal, the keys and
    values that it has seen are its `past`, the key-value cache.
    """

    past: tuple[Tensor, Tensor] | None = None
    remembers = False

    def __init__(
        self, num_heads: int, dropout: float = 0.0, causal: bool = False, positions: str = "none"
    ) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.dropout = dropout
        self.causal = causal
        self.positions = positions

    def forward(
        self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
    ) -> Tensor:
        """The weighted values for each step; `mask` (N, S) is true at the steps that may be looked
        at.
        """
        query, key, value = (in_heads(x, self.num_heads) for x in (query, key, value))
        if self.positions == "rotary":
            seen = 0 if self.past is None else self.past[0].shape[2]
            query, key = rotated(query, seen), rotated(key, seen)
        if self.past is not None:
            key, value = torch.cat([self.past[0], key], 2), torch.cat([self.past[1], value], 2)
        if self.remembers and self.causal:
            self.past = key, value
        bias = self.bias(query, key, mask)
        result = F.scaled_dot_product_attention(
            query,
            key,
            value,
            bias,
            dropout_p=self.dropout if self.training else 0.0,
            is_causal=self.causal and bias is None and query.shape[2] == key.shape[2],
        )
        joined: Tensor = result.transpose(1, 2).flatten(2)
        return joined

    def bias(self, query: Tensor, key: Tensor, mask: Tensor | None) -> Tensor | None:
        """The attention bias: how far a step looks back, and what it may not look at.

        The steps of the query are the last of those that there are keys for.
        """
        length, seen = query.shape[2], key.shape[2]
        alibi = self.positions == "alibi"
        if mask is None and not alibi and (length in (1, seen) or not self.causal):
            return None
        bias = query.new_zeros(length, seen)
        if self.causal or alibi:
            step = torch.arange(seen, device=query.device)
            ahead = step - step[seen - length :, None]
            if alibi:
                slopes = query.new_tensor(alibi_slopes(self.num_heads))
                bias = bias - slopes[:, None, None] * ahead.abs()
            if self.causal:
                bias = bias.masked_fill(ahead > 0, -math.inf)
        if mask is not None:
            bias = bias.masked_fill(~mask[:, None, None], -math.inf)
        return bias


class CausalConv1d(nn.Conv1d):
    """Causal 1d convolution, in which no step sees a later one: (N, C, T) to (N, out, T).

    While it `remembers`, the inputs that it saw last are its `past`, and stand before what it sees
    next.
    """

    past: Tensor | None = None
    remembers = False

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        dilation: int = 1,
        bias: bool = True,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, dilation=dilation, bias=bias)
        self.reach = dilation * (kernel_size - 1)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve after as many zeros, or steps of the past, as the filter reaches back."""
        x = F.pad(x, (self.reach, 0)) if self.past is None else torch.cat([self.past, x], 2)
        if self.remembers:
            self.past = x[:, :, x.shape[2] - self.reach :]
        if x.shape[2] == self.reach + 1:  # one step: only those that the filter looks at
            return F.conv1d(x[:, :, :: self.dilation[0]], self.weight, self.bias)
        return super().forward(x)


def gated_tanh(x: Tensor) -> Tensor:
    """Gated activation: the tanh of the first half of the channels, times the sigmoid of the
    second.
    """
    value, gate = x.chunk(2, 1)
    return torch.tanh(value) * torch.sigmoid(gate)


class Eye(nn.Module):
    """Encodes one image.

    From image (6N, 1, 8, 8) to (6N, 48).
    """

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(64)
        self.wide = nn.Linear(64, 256)
        self.linear = nn.Linear(256, 48)
        self.settled = nn.LayerNorm(48)

    def forward(self, image: Tensor) -> Tensor:
        x = self.norm(torch.flatten(image, 1))  # (6N, 64)
        x = F.relu(self.wide(x))  # (6N, 256)
        x = self.linear(x)  # (6N, 48)
        return self.settled(x)  # (6N, 48)


class Attention(nn.Module):
    """Causal self-attention with one head, concatenated to its input.

    From steps (N, 6, in_features) to (N, 6, …).
    """

    def __init__(self, in_features: int, features: int) -> None:
        super().__init__()
        self.query = nn.Linear(in_features, features)
        self.key = nn.Linear(in_features, features)
        self.value = nn.Linear(in_features, features)
        self.looked = DotProductAttention(1, causal=True)

    def forward(self, steps: Tensor) -> Tensor:
        query = self.query(steps)  # (N, 6, features)
        key = self.key(steps)  # (N, 6, features)
        value = self.value(steps)  # (N, 6, features)
        return torch.cat([steps, self.looked(query, key, value)], dim=-1)  # (N, 6, …)


class Dense(nn.Module):
    """A dense block: a dilated causal convolution with a gated tanh, concatenated to its input.

    From signal (N, in_channels, 6) to (N, …, 6).
    """

    def __init__(self, in_channels: int, i: int) -> None:
        super().__init__()
        self.conv = CausalConv1d(in_channels, 96, 2, dilation=2**i)

    def forward(self, signal: Tensor) -> Tensor:
        return torch.cat([signal, gated_tanh(self.conv(signal))], dim=1)  # (N, …, 6)


class TemporalConvolution(nn.Module):
    """Dense blocks whose dilations double until they span the sequence.

    From steps (N, 6, in_channels) to (N, 6, …).
    """

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *[Dense(in_channels=in_channels + 48 * i, i=i) for i in range(3)]
        )

    def forward(self, steps: Tensor) -> Tensor:
        return torch.permute(self.layers(torch.permute(steps, (0, 2, 1))), (0, 2, 1))  # (N, 6, …)


class Snail(nn.Module):
    """From query (N, 5, 1, 8, 8), support (N, 5, 1, 8, 8), support_label (N, 5), query_label
    (N, 5) to (N, 5), (N,), (N, 6, 1, 8, 8).
    """

    def __init__(self, features: int = FEATURES) -> None:
        super().__init__()
        self.eye = Eye()
        self.look_1 = Attention(in_features=53, features=features)
        self.mix_1 = TemporalConvolution(in_channels=features + 53)
        self.look_2 = Attention(in_features=features + 197, features=features)
        self.mix_2 = TemporalConvolution(in_channels=features * 2 + 197)
        self.look_3 = Attention(in_features=features * 2 + 341, features=features)
        self.scores = nn.Linear(features * 3 + 341, 5)

    def forward(
        self, query: Tensor, support: Tensor, support_label: Tensor, query_label: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        episode = torch.cat([support, query[:, :1]], dim=1)  # (N, 6, 1, 8, 8)
        steps = torch.cat(
            [over_axis(self.eye, episode, axis=1), known_labels(support_label, classes=5, asked=1)],
            dim=-1,
        )  # (N, 6, 53)
        x = self.look_1(steps)  # (N, 6, 117)
        x = self.mix_1(x)  # (N, 6, 261)
        x = self.look_2(x)  # (N, 6, 325)
        x = self.mix_2(x)  # (N, 6, 469)
        last = self.look_3(x)[:, -1]  # (N, 533)
        return self.scores(last), query_label[:, 0], episode  # (N, 5), (N,), (N, 6, 1, 8, 8)


def accuracy(prediction: Tensor, label: Tensor) -> Tensor:
    """Accuracy: how often the largest logit is the right class: (N, C, …), (N, …) -> ()."""
    return (prediction.argmax(1) == label).float().mean()


class Program(nn.Module):
    """What happens on one batch."""

    def __init__(self, features: int = FEATURES) -> None:
        super().__init__()
        self.network = Snail(features=features)

    def evaluate(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Losses and metrics of one batch."""
        query = batch["query"]  # (N, 5, 1, 8, 8)
        support = batch["support"]  # (N, 5, 1, 8, 8)
        support_label = batch["support_label"]  # (N, 5)
        query_label = batch["query_label"]  # (N, 5)
        # (N, 5), (N,), (N, 6, 1, 8, 8)
        scores, right, _ = self.network(query, support, support_label, query_label)
        return {
            "cross_entropy": F.cross_entropy(scores, right, label_smoothing=0.0),
            "accuracy": accuracy(scores, right),
        }

    def configure_optimizers(self, steps_per_epoch: int, epochs: int = EPOCHS) -> None:
        """Make the optimizer; their learning rates follow a schedule over the whole training."""
        self.adam_optimizer = torch.optim.Adam(
            self.network.parameters(), lr=0.003, betas=(0.9, 0.999), weight_decay=0.0
        )
        self.adam_scheduler = torch.optim.lr_scheduler.OneCycleLR(
            self.adam_optimizer,
            max_lr=0.003,
            total_steps=epochs * steps_per_epoch,
            cycle_momentum=False,
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
        query = batch["query"]  # (N, 5, 1, 8, 8)
        support = batch["support"]  # (N, 5, 1, 8, 8)
        support_label = batch["support_label"]  # (N, 5)
        query_label = batch["query_label"]  # (N, 5)
        # (N, 5), (N,), (N, 6, 1, 8, 8)
        scores, right, episode = self.network(query, support, support_label, query_label)
        side_by_side = torch.permute(episode, (0, 2, 3, 1, 4))  # (N, 1, 8, 6, 8)
        strip = torch.reshape(side_by_side, (len(side_by_side), 1, 8, 48))  # (N, 1, 8, 48)
        return {
            "signs_shown.images": strip[:12],
            "answers.wire_1": support_label[:12],
            "answers.wire_2": right[:12],
            "answers.wire_3": torch.softmax(scores, -1)[:12],
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


def load(device: str) -> dict[str, Split]:
    """Every split of the data, on a device: samples by their indices."""
    signs = random_signs(
        classes=3000, samples=20, size=8, variation=0.8, validation=0.15, test=0.15, seed=0
    )
    image, label = samples_of(signs, "image", "label")
    splits = episodes(
        image,
        label,
        way=5,
        shot=1,
        queries=1,
        tasks=2048,
        held_out=1000,
        validation=0.03,
        test=0.06,
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
        default="snail.safetensors",
        help="where the last weights go; those of the lowest validation cross_entropy go to …_best",
    )
    parser.add_argument(
        "--resume",
        type=Path,
        help="keeps the training's state after each epoch, and goes on from it",
    )
    parser.add_argument("--probes", type=Path, help="folder for what the probes show, by epoch")
    parser.add_argument(
        "--features",
        type=int,
        default=FEATURES,
        help="Numbers that steps are compared by and that a look brings back, 16 to 128.",
    )
    arguments = parser.parse_args()

    torch.manual_seed(arguments.seed)
    data = load(arguments.device)
    steps_per_epoch = steps_in(data["train"], arguments.batch_size)
    program = Program(features=arguments.features).to(arguments.device)
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
