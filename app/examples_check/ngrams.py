"""What counting alone foretells: the baseline of every model that predicts the next token."""

import math
from collections import Counter
from typing import NamedTuple

from torch import Tensor

DISCOUNT = 0.75
Context = tuple[int, ...]


class Counts(NamedTuple):
    """What followed contexts of one length in the training data."""

    pairs: Counter[tuple[Context, int]]
    """How often a token followed a context."""
    seen: Counter[Context]
    """How often the context was followed by anything."""
    kinds: Counter[Context]
    """By how many different tokens."""


def ngram_bits(train: Tensor, test: Tensor, longest: int, vocabulary: int) -> float:
    """Bits a token of test sequences (N, T), foretold from up to `longest` - 1 tokens before each.

    Counts of each length are discounted, and what that leaves goes to the next shorter one
    (interpolated absolute discounting, Ney et al. 1994).
    """
    known = [counted(train.tolist(), length) for length in range(longest)]
    rows: list[list[int]] = test.tolist()
    nats = sum(
        -math.log(chance(row[max(0, place - longest + 1) : place], token, known, vocabulary))
        for row in rows
        for place, token in enumerate(row)
    )
    return nats / math.log(2) / test.numel()


def counted(rows: list[list[int]], length: int) -> Counts:
    """Counts of what follows contexts of a length."""
    pairs = Counter(
        (tuple(row[place - length : place]), row[place])
        for row in rows
        for place in range(length, len(row))
    )
    seen: Counter[Context] = Counter()
    for (context, _), count in pairs.items():
        seen[context] += count
    return Counts(pairs, seen, Counter(context for context, _ in pairs))


def chance(before: list[int], token: int, known: list[Counts], vocabulary: int) -> float:
    """How probable a token is after some others."""
    found = 1 / vocabulary
    for length, counts in enumerate(known[: len(before) + 1]):
        context = tuple(before[len(before) - length :])
        seen = counts.seen[context]
        if not seen:
            break
        own = max(counts.pairs[context, token] - DISCOUNT, 0) / seen
        found = own + DISCOUNT * counts.kinds[context] / seen * found
    return found
