"""Tasks of a few examples, dealt from labelled samples: what learning to learn learns from."""

from typing import Self

import torch
from torch import Tensor


class Tasks:
    """Tasks that are handed out by number: some known examples of a few classes, and others of the
    same classes that are asked. Labels are the numbers that the classes have in their task.
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
        """Some tasks, by their numbers."""
        index = index.to(self.members.device)
        sample, label = self.sample[self.members[index]], self.label[index]
        return {
            "support": sample[:, : self.known],
            "support_label": label[:, : self.known],
            "query": sample[:, self.known :],
            "query_label": label[:, self.known :],
        }


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
) -> dict[str, Tasks]:
    """Deal the classes into training, validation and test, so that none is in two of them, and
    tasks of the classes of each.

    A task has `way` classes, `shot` known samples of each and `queries` that are asked, all in
    random order. Raises ValueError where there are too few classes or samples.
    """
    draw = torch.Generator().manual_seed(seed)
    counts = {"train": tasks, "validation": held_out, "test": held_out}
    parts = {}
    for part, classes in dealt_classes(label, validation, test, draw).items():
        own = torch.isin(label, classes)
        pools = [torch.nonzero(label[own] == one)[:, 0] for one in classes]
        require_enough(pools, part, way, shot + queries)
        count = counts[part] if pools else 0
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
    """Raise ValueError where no task can be dealt; a split without classes has no tasks."""
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


def dealt_tasks(
    pools: list[Tensor], count: int, way: int, shot: int, queries: int, draw: torch.Generator
) -> tuple[Tensor, Tensor]:
    """The samples of every task, known ones first, and the numbers of their classes:
    (T, way * (shot + queries)) twice.
    """
    drawn = torch.zeros(count, way, shot + queries, dtype=torch.int64)
    for task in drawn:
        task.copy_(drawn_task(pools, way, shot + queries, draw))
    known, asked = (mixed(samples, draw) for samples in (drawn[:, :, :shot], drawn[:, :, shot:]))
    members, number = (torch.cat(pair, 1) for pair in zip(known, asked, strict=True))
    return members, number


def drawn_task(pools: list[Tensor], way: int, count: int, draw: torch.Generator) -> Tensor:
    """The samples of one task, a row for each class: (way, count)."""
    classes = torch.randperm(len(pools), generator=draw)[:way]
    chosen = [pools[one] for one in classes]
    return torch.stack([p[torch.randperm(len(p), generator=draw)[:count]] for p in chosen])


def mixed(samples: Tensor, draw: torch.Generator) -> tuple[Tensor, Tensor]:
    """The samples of each task in random order, with their classes' numbers: (T, way, K) to
    (T, way * K) twice.
    """
    count, way, each = samples.shape
    order = torch.rand(count, way * each, generator=draw).argsort(1)
    number = torch.arange(way).repeat_interleave(each).expand(count, -1)
    return samples.flatten(1).gather(1, order), number.gather(1, order)
