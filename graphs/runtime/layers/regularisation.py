"""Regularisation that torch lacks."""

import torch
from torch import Tensor, nn


class StochasticDepth(nn.Module):
    """Stochastic depth (drop path): zeroes all values of random samples while training, (N, …) to
    (N, …) (Huang et al. 2016, arXiv 1603.09382).

    What is left is divided by the share that stays, so that the mean is the same in evaluation.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """Zeros for some samples, the others larger in turn; x itself in evaluation mode."""
        if not self.training or self.p == 0:
            return x
        kept = torch.rand(len(x), *[1] * (x.dim() - 1), device=x.device) >= self.p
        return x * kept / (1 - self.p)
