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
    classes = dealt_classes(label, validation, test, draw)
    counts = {"train": tasks, "validation": held_out, "test": held_out}
    parts = {}
    for part, members in classes.items():
        require_enough(members, part, way, shot + queries)
        count = counts[part] if members else 0
        places = torch.zeros(count, way, shot + queries, dtype=torch.int64)
        for task in places:
            task.copy_(drawn_task(members, way, shot + queries, draw))
        known, asked = (mixed(p, draw) for p in (places[:, :, :shot], places[:, :, shot:]))
        place, number = (torch.cat(pair, 1) for pair in zip(known, asked, strict=True))
        parts[part] = Tasks(sample, place, number, way * shot)
    return parts


def dealt_classes(
    label: Tensor, validation: float, test: float, draw: torch.Generator
) -> dict[str, list[Tensor]]:
    """The places of the samples of each class, for every split."""
    classes = torch.tensor(sorted(set(label.tolist())))
    order = classes[torch.randperm(len(classes), generator=draw)]
    tested = round(len(classes) * test)
    validated = tested + round(len(classes) * validation)
    parts = {
        "train": order[validated:],
        "validation": order[tested:validated],
        "test": order[:tested],
    }
    return {
        part: [torch.nonzero(label == one)[:, 0] for one in ones] for part, ones in parts.items()
    }


def require_enough(members: list[Tensor], part: str, way: int, samples: int) -> None:
    """Raise ValueError where no task can be dealt; a split without classes has no tasks."""
    if (members or part == "train") and len(members) < way:
        raise ValueError(
            f"episodes of {way} classes need as many in every split, and there are {len(members)} "
            f"in {part}: lower way, or give another share of the classes"
        )
    fewest = min(map(len, members), default=samples)
    if fewest < samples:
        raise ValueError(
            f"episodes need {samples} samples of a class, and one has {fewest}: lower shot or "
            "queries"
        )


def drawn_task(members: list[Tensor], way: int, samples: int, draw: torch.Generator) -> Tensor:
    """The places of one task's samples: (way, samples)."""
    chosen = torch.randperm(len(members), generator=draw)[:way]
    pools = [members[one] for one in chosen]
    return torch.stack([p[torch.randperm(len(p), generator=draw)[:samples]] for p in pools])


def mixed(places: Tensor, draw: torch.Generator) -> tuple[Tensor, Tensor]:
    """The samples of each task in random order, with their classes' numbers: (T, way, K) to
    (T, way * K) twice.
    """
    count, way, samples = places.shape
    order = torch.rand(count, way * samples, generator=draw).argsort(1)
    number = torch.arange(way).repeat_interleave(samples).expand(count, -1)
    return places.flatten(1).gather(1, order), number.gather(1, order)
