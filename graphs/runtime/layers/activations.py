"""Activations that torch has no function for."""

import torch
from torch import Tensor


def gated_tanh(x: Tensor) -> Tensor:
    """Gated activation: the tanh of the first half of the channels, times the sigmoid of the
    second.
    """
    value, gate = x.chunk(2, 1)
    return torch.tanh(value) * torch.sigmoid(gate)


def binarise(x: Tensor, threshold: float) -> Tensor:
    """Step function: 1 where a value reaches the threshold, 0 elsewhere."""
    return (x >= threshold).to(x.dtype)


def maxout(x: Tensor, pieces: int, dim: int = 1) -> Tensor:
    """Maxout: the largest of each `pieces` neighbouring values along an axis (Goodfellow et al.
    2013, arXiv 1302.4389).
    """
    return torch.unflatten(x, dim, (-1, pieces)).amax(dim + 1 if dim >= 0 else dim)
