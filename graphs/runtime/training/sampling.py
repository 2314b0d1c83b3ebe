"""Orders of an epoch's samples: by class, again and again, in whole mini-batches. Plain torch,
copied as it stands.
"""

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor


def again(draw: Callable[[], Tensor], count: int) -> Tensor:
    """So many indices: an order, then another drawn anew, and so on."""
    first = draw()
    rounds = math.ceil(count / len(first))
    return torch.cat([first, *(draw() for _ in range(rounds - 1))])[:count]


def shuffled(indices: Tensor) -> Tensor:
    """The same indices in a random order."""
    return indices[torch.randperm(len(indices))]


def weighted_by_class(classes: Tensor) -> Tensor:
    """As many indices as there are samples, drawn with replacement so that classes come equally
    often on average.
    """
    classes = classes.cpu()
    weights = 1.0 / classes.bincount().clamp(min=1).double()
    return torch.multinomial(weights[classes], len(classes), replacement=True)


def classes_in_turn(classes: Tensor) -> Tensor:
    """As many indices as there are samples, of one class after another (balanced)."""
    classes = classes.cpu()
    present = sorted(set(classes.tolist()))
    members = [torch.nonzero(classes == number)[:, 0] for number in present]
    rounds = math.ceil(len(classes) / len(members))
    turns = [again(partial(shuffled, numbers), rounds) for numbers in members]
    return torch.stack(turns, 1).flatten()[: len(classes)]


def whole_batches(count: int, batch_size: int) -> int:
    """How many samples are left without the last mini-batch, where that is not full. Raises
    ValueError where nothing is left of some.
    """
    if 0 < count < batch_size:
        raise ValueError(f"drop_last leaves no batch of {batch_size} of {count} samples")
    return count - count % batch_size
