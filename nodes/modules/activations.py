"""Non-linearities that torch has no function for."""

import torch
from torch import Tensor


def gated_tanh(x: Tensor) -> Tensor:
    """The tanh of the first half of the channels, let through by the sigmoid of the second."""
    value, gate = x.chunk(2, 1)
    return torch.tanh(value) * torch.sigmoid(gate)


def binarise(x: Tensor, threshold: float) -> Tensor:
    """1 where a value reaches the threshold, 0 elsewhere."""
    return (x >= threshold).to(x.dtype)
