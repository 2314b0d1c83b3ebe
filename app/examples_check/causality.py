"""Whether a network that predicts what comes next looks at what is to come."""

from collections.abc import Callable

import torch
from torch import Tensor


@torch.no_grad()
def felt(network: Callable[[Tensor], Tensor], tokens: Tensor, place: int) -> Tensor:
    """Which steps of what leaves a network, (T,), are not bit for bit what they were when the token
    at a place is another one.
    """
    other = tokens.clone()
    other[:, place] = tokens[:, place].roll(1) + (tokens[:, place].roll(1) == tokens[:, place])
    changed = network(tokens) != network(other)
    return changed.flatten(2).any(2).any(0)


def leaks(network: Callable[[Tensor], Tensor], tokens: Tensor, place: int) -> int:
    """How many steps feel a token that comes after them: none of a causal network."""
    return int(felt(network, tokens, place)[:place].sum())
