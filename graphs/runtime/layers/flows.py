"""Steps of flows, and how probable their data is."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F


def affine_flow(x: Tensor, shift: Tensor, log_scale: Tensor) -> tuple[Tensor, Tensor]:
    """x stretched and shifted, and the logarithm of how much volume grows, (N,)."""
    return x * torch.exp(log_scale) + shift, log_scale.flatten(1).sum(1)


def inverse_affine_flow(y: Tensor, shift: Tensor, log_scale: Tensor) -> tuple[Tensor, Tensor]:
    """What `affine_flow` made y from, and the logarithm of how much volume grows, (N,)."""
    return (y - shift) * torch.exp(-log_scale), -log_scale.flatten(1).sum(1)


def flow_nats(noise: Tensor, log_determinant: Tensor, base: str = "normal") -> Tensor:
    """Nats of each value of data that a flow turns into noise; each has a share of the volume's
    growth.
    """
    if base == "logistic":
        nats = noise + 2 * F.softplus(-noise)
    else:
        nats = (noise.square() + math.log(2 * math.pi)) / 2
    share = log_determinant / noise[0].numel()
    return nats - share.view(-1, *[1] * (noise.dim() - 1))
