"""Gradients that differ from those of the value."""

import torch
from torch import Tensor, nn


class GradientReversal(nn.Module):
    """Gradient reversal: the identity, whose gradient changes its sign, so that what lies before it
    is trained to maximise a loss (Ganin et al. 2016, arXiv 1505.07818).

    With `steps` the strength grows from 0 to the full one over so many training batches, as 2 / (1
    + exp(-10 p)) - 1 of the share p of them.
    """

    batches: Tensor

    def __init__(self, strength: float = 1.0, steps: int = 0) -> None:
        super().__init__()
        self.strength = strength
        self.steps = steps
        self.register_buffer("batches", torch.tensor(0))

    def forward(self, x: Tensor) -> Tensor:
        """The value itself; the difference is 0, and has the gradient."""
        strength = self.growing() if self.steps else self.strength
        return x.detach() - strength * (x - x.detach())

    def growing(self) -> Tensor:
        """The strength at this batch, which is counted in training."""
        progress = (self.batches / self.steps).clamp(max=1)
        if self.training:
            self.batches += 1
        return self.strength * (2 / (1 + torch.exp(-10 * progress)) - 1)


def straight_through(x: Tensor, value: Tensor) -> Tensor:
    """Straight-through estimator: `value`, with its gradient going to x; both have one shape."""
    return value.detach() + (x - x.detach())
