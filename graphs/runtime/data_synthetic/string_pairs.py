"""Synthetic string pairs for sequence-to-sequence models."""

import datetime
import random

import torch
from torch import Tensor

LETTERS = " ,./-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def date_pairs(samples: int, held_out: int, seed: int) -> dict[str, dict[str, Tensor]]:
    """Dates as people write them, of 8 to 21 letters, and as ISO 8601 has them, of 10."""
    draw = random.Random(seed)
    sizes = {"train": samples, "validation": held_out, "test": held_out}
    return {
        part: as_tokens([date_pair(draw) for _ in range(count)], 21, 10)
        for part, count in sizes.items()
    }


def date_pair(draw: random.Random) -> tuple[str, str]:
    """A day of 1900 to 2099 in one of five ways, and in the one of ISO 8601."""
    day = datetime.date(1900, 1, 1) + datetime.timedelta(draw.randrange(73_000))
    month, weekday = MONTHS[day.month - 1], WEEKDAYS[day.weekday()]
    ways = (
        f"{day.day} {month} {day.year}",
        f"{month} {day.day}, {day.year}",
        f"{weekday} {day.day} {month[:3]} {day.year}",
        f"{day.month}/{day.day}/{day.year}",
        f"{day.day:02d}.{day.month:02d}.{day.year}",
    )
    return draw.choice(ways), day.isoformat()


def reversal_pairs(
    samples: int, held_out: int, shortest: int, longest: int, seed: int
) -> dict[str, dict[str, Tensor]]:
    """Letters of a to p, and the same reversed."""
    draw = random.Random(seed)
    sizes = {"train": samples, "validation": held_out, "test": held_out}
    return {
        part: as_tokens(
            [reversal_pair(shortest, longest, draw) for _ in range(count)], longest, longest
        )
        for part, count in sizes.items()
    }


def reversal_pair(shortest: int, longest: int, draw: random.Random) -> tuple[str, str]:
    """A word of some letters, and its reverse."""
    word = "".join(draw.choices("abcdefghijklmnop", k=draw.randint(shortest, longest)))
    return word, word[::-1]


def as_tokens(
    pairs: list[tuple[str, str]], source_length: int, target_length: int
) -> dict[str, Tensor]:
    """Strings as tokens: 0 is padding, 1 begins an answer, 2 ends it, letters count from 3."""
    source = torch.zeros(len(pairs), source_length, dtype=torch.long)
    before = torch.zeros(len(pairs), target_length + 1, dtype=torch.long)
    target = torch.zeros(len(pairs), target_length + 1, dtype=torch.long)
    for row, (question, answer) in enumerate(pairs):
        asked, said = numbers_of(question), numbers_of(answer)
        source[row, : len(asked)] = torch.tensor(asked)
        before[row, : len(said) + 1] = torch.tensor([1, *said])
        target[row, : len(said) + 1] = torch.tensor([*said, 2])
    return {"source": source, "mask": source > 0, "before": before, "target": target}


def numbers_of(text: str) -> list[int]:
    """The letters of a text as tokens from 3."""
    return [LETTERS.index(letter) + 3 for letter in text]
