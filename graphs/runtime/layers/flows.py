"""Normalising flows."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F


def affine_flow(x: Tensor, shift: Tensor, log_scale: Tensor) -> tuple[Tensor, Tensor]:
    """Affine flow, x * exp(log_scale) + shift, and its log-determinant, (N,)."""
    return x * torch.exp(log_scale) + shift, log_scale.flatten(1).sum(1)


def inverse_affine_flow(y: Tensor, shift: Tensor, log_scale: Tensor) -> tuple[Tensor, Tensor]:
    """Inverse affine flow, and its log-determinant, (N,)."""
    return (y - shift) * torch.exp(-log_scale), -log_scale.flatten(1).sum(1)


def flow_nats(noise: Tensor, log_determinant: Tensor, base: str = "normal") -> Tensor:
    """Negative log-likelihood of data under a flow, in nats of each value; each has a share of the
    log-determinant.
    """
    if base == "logistic":
        nats = noise + 2 * F.softplus(-noise)
    else:
        nats = (noise.square() + math.log(2 * math.pi)) / 2
    share = log_determinant / noise[0].numel()
    return nats - share.view(-1, *[1] * (noise.dim() - 1))
