"""maml_glyphs: a network that learns to tell five new signs in two gradient steps on one example
of each (MAML)

Run it: python maml_glyphs.py --epochs 30
Load the weights that it saves:
    MamlGlyphs().load_state_dict(load_file("maml_glyphs.safetensors"))
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
from torch.func import functional_call, grad, vmap
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence
from torch.optim.lr_scheduler import LRScheduler

EPOCHS = 30
SEED = 0
BATCH_SIZE = 8
WAY = 5
SHOT = 1
QUERIES = 3
STEPS = 2
INNER_LR = 0.4
WIDTH = 24


def adapt(
    module: nn.Module,
    support: Tensor,
    answers: Tensor,
    query: Tensor,
    steps: int,
    lr: float,
    loss: str = "mean_squared_error",
    order: str = "second",
) -> Tensor:
    """Model-agnostic meta-learning (MAML): adapt a module to each task by gradient steps on its
    examples, and apply it to the task's queries.

    The first axis of every tensor is the task: support (N, K, …), answers (N, K, …), query
    (N, Q, …). The weights themselves stay as they are, and a gradient reaches them through the
    inner steps (Finn et al. 2017, arXiv 1703.03400); of first order, the inner gradients are taken
    as constants.
    """
    wrong = F.cross_entropy if loss == "cross_entropy" else F.mse_loss

    def loss_of(weights: dict[str, Tensor], x: Tensor, y: Tensor) -> Tensor:
        return wrong(functional_call(module, weights, (x,)), y)

    def one_task(support: Tensor, answers: Tensor, query: Tensor) -> Tensor:
        weights: dict[str, Tensor] = dict(module.named_parameters())
        for _ in range(steps):
            slopes = grad(loss_of)(weights, support, answers)
            if order == "first":
                slopes = {name: slope.detach() for name, slope in slopes.items()}
            weights = {name: weight - lr * slopes[name] for name, weight in weights.items()}
        predicted: Tensor = functional_call(module, weights, (query,))
        return predicted

    return vmap(one_task, randomness="different")(support, answers, query)


def prototypes(embedding: Tensor, label: Tensor, classes: int) -> Tensor:
    """Class prototypes, the mean embedding of each class's examples (Snell et al. 2017,
    arXiv 1703.05175): embedding (N, K, F) and label (N, K) to (N, classes, F). A class without
    examples is at 0.
    """
    member = F.one_hot(label, classes).to(embedding.dtype)
    return member.mT @ embedding / member.sum(1).clamp(min=1)[..., None]


class Convolution(nn.Module):
    """A convolution with average pooling, batch normalisation and ReLU.

    From x (…, in_channels, …, …) to (…, channels, …, …).
    """

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        self.filters = nn.Conv2d(in_channels, channels, 3, padding="same", bias=False)
        self.norm = nn.BatchNorm2d(channels, track_running_stats=False)

    def forward(self, x: Tensor) -> Tensor:
        x = F.avg_pool2d(self.filters(x), 2)  # (…, channels, …, …)
        return F.relu(self.norm(x))  # (…, channels, …, …)


class SignReader(nn.Module):
    """The classifier whose weights are adapted to each task.

    From image (…, 1, 16, 16) to (…, way).
    """

    def __init__(self, width: int, way: int) -> None:
        super().__init__()
        self.stage_1 = Convolution(in_channels=1, channels=width)
        self.stage_2 = Convolution(in_channels=width, channels=width)
        self.stage_3 = Convolution(in_channels=width, channels=width)
        self.linear = nn.Linear(width * 4, way)

    def forward(self, image: Tensor) -> Tensor:
        x = self.stage_1(image)  # (…, width, 8, 8)
        x = self.stage_2(x)  # (…, width, 4, 4)
        x = torch.flatten(self.stage_3(x), 1)  # (…, width * 4)
        return self.linear(x)  # (…, way)


class Guess(nn.Module):
    """A baseline without training: the nearest class mean of the raw pixels.

    From support (N, …, 1, 16, 16), label (N, …), query (N, …, 1, 16, 16), scores (N, …, way) to
    (N, 1, 128, 16), (N, 1, 128, 16).
    """

    def __init__(self, way: int) -> None:
        super().__init__()
        self.way = way

    def forward(
        self, support: Tensor, label: Tensor, query: Tensor, scores: Tensor
    ) -> tuple[Tensor, Tensor]:
        typical = prototypes(torch.flatten(support, 2), label, classes=self.way)  # (N, way, 256)
        first_mixed = (torch.softmax(scores, -1) @ typical)[:, :8]  # (N, 8, 256)
        first_asked = query[:, :8]  # (N, 8, 1, 16, 16)
        column_asked = torch.reshape(first_asked, (len(first_asked), 1, -1, 16))  # (N, 1, 128, 16)
        column_mixed = torch.reshape(first_mixed, (len(first_mixed), 1, -1, 16))  # (N, 1, 128, 16)
        return column_asked, column_mixed  # (N, 1, 128, 16), (N, 1, 128, 16)


class MamlGlyphs(nn.Module):
    """From support (N, 5, 1, 16, 16), support_label (N, 5), query (N, 15, 1, 16, 16) to
    (N, 15, 5).
    """

    def __init__(
        self, way: int = WAY, steps: int = STEPS, inner_lr: float = INNER_LR, width: int = WIDTH
    ) -> None:
        super().__init__()
        self.steps = steps
        self.inner_lr = inner_lr
        self.reader = SignReader(width=width, way=way)

    def forward(self, support: Tensor, support_label: Tensor, query: Tensor) -> Tensor:
        return adapt(
            self.reader,
            support,
            support_label,
            query,
            steps=self.steps,
            lr=self.inner_lr,
            loss="cross_entropy",
        )  # (N, 15, 5)


def accuracy(prediction: Tensor, label: Tensor) -> Tensor:
    """Accuracy: how often the largest logit is the right class: (N, C, …), (N, …) -> ()."""
    return (prediction.argmax(1) == label).float().mean()


class Program(nn.Module):
    """What happens on one batch."""

    def __init__(
        self, way: int = WAY, steps: int = STEPS, inner_lr: float = INNER_LR, width: int = WIDTH
    ) -> None:
        super().__init__()
        self.network = MamlGlyphs(way=way, steps=steps, inner_lr=inner_lr, width=width)
        self.guess = Guess(way=way)

    def evaluate(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Losses and metrics of one batch."""
        support = batch["support"]  # (N, 5, 1, 16, 16)
        support_label = batch["support_label"]  # (N, 5)
        query = batch["query"]  # (N, 15, 1, 16, 16)
        query_label = batch["query_label"]  # (N, 15)
        adapted = self.network(support, support_label, query)  # (N, 15, 5)
        loss = F.cross_entropy(
            torch.flatten(adapted, 0, 1), torch.flatten(query_label), label_smoothing=0.0
        )
        return {"loss": loss, "accuracy": accuracy(torch.transpose(adapted, 1, 2), query_label)}

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

        # minimise loss
        self.adam_optimizer.zero_grad()
        values["loss"].backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 10.0)
        self.adam_optimizer.step()
        self.adam_scheduler.step()

        return {name: value.detach() for name, value in values.items()}

    def probe(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """What the probes show of one batch."""
        support = batch["support"]  # (N, 5, 1, 16, 16)
        support_label = batch["support_label"]  # (N, 5)
        query = batch["query"]  # (N, 15, 1, 16, 16)
        adapted = self.network(support, support_label, query)  # (N, 15, 5)
        asked, taken_for = self.guess(support, support_label, query, adapted)
        return {"taken_for.images": torch.stack([asked[:4], taken_for[:4]], 1)}


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


def load(device: str, way: int = WAY, shot: int = SHOT, queries: int = QUERIES) -> dict[str, Split]:
    """Every split of the data, on a device: samples by their indices."""
    glyphs = random_signs(
        classes=1000, samples=20, size=16, variation=1.0, validation=0.15, test=0.15, seed=0
    )
    image, label = samples_of(glyphs, "image", "label")
    splits = episodes(
        image,
        label,
        way=way,
        shot=shot,
        queries=queries,
        tasks=120,
        held_out=80,
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
        default="maml_glyphs.safetensors",
        help="where the last weights go; those of the lowest validation loss go to …_best",
    )
    parser.add_argument(
        "--resume",
        type=Path,
        help="keeps the training's state after each epoch, and goes on from it",
    )
    parser.add_argument("--probes", type=Path, help="folder for what the probes show, by epoch")
    parser.add_argument(
        "--way",
        type=int,
        default=WAY,
        help="Classes in a task, 2 to 50; accuracy by chance is one of so many.",
    )
    parser.add_argument(
        "--shot", type=int, default=SHOT, help="Known examples of each class in a task, 1 to 10."
    )
    parser.add_argument(
        "--queries",
        type=int,
        default=QUERIES,
        help="Other drawings of each class that are asked, 1 to 10.",
    )
    parser.add_argument(
        "--steps", type=int, default=STEPS, help="Gradient steps on a task's examples, 1 to 10."
    )
    parser.add_argument(
        "--inner-lr", type=float, default=INNER_LR, help="Learning rate of such a step, 0.01 to 1."
    )
    parser.add_argument(
        "--width",
        type=int,
        default=WIDTH,
        help="Filters of each convolution, 8 to 64; the work grows by its square.",
    )
    arguments = parser.parse_args()

    torch.manual_seed(arguments.seed)
    data = load(arguments.device, way=arguments.way, shot=arguments.shot, queries=arguments.queries)
    steps_per_epoch = steps_in(data["train"], arguments.batch_size)
    program = Program(
        way=arguments.way, steps=arguments.steps, inner_lr=arguments.inner_lr, width=arguments.width
    ).to(arguments.device)
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
        loss = (validation or training)["loss"]
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
