"""Episodes for few-shot learning: n-way k-shot tasks, dealt from labelled samples."""

from typing import Self

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from graphs.runtime.training.indexed_split import Split


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


def in_random_order(samples: Tensor, draw: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
    """The samples of each task in random order, with their classes' numbers: (T, way, K) to
    (T, way * K) twice.
    """
    count, way, each = samples.shape
    order = torch.rand(count, way * each, generator=draw).argsort(1)
    number = torch.arange(way).repeat_interleave(each).expand(count, -1)
    return samples.flatten(1).gather(1, order), number.gather(1, order)
