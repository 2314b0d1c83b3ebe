"""Exponential moving averages of weights (EMA)."""

import torch
from torch import Tensor, nn


class Average(nn.Module):
    """Exponential moving average (EMA) of the weights of another module like it (Polyak and
    Juditsky 1992; Tarvainen and Valpola 2017, arXiv 1703.01780).
    """

    steps: Tensor

    def __init__(self, module: nn.Module, decay: float = 0.999) -> None:
        super().__init__()
        self.module = module
        self.decay = decay
        self.register_buffer("steps", torch.tensor(0))

    def forward(self, *inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
        """The output of the module with the averaged weights."""
        result: Tensor | tuple[Tensor, ...] = self.module(*inputs)
        return result

    @torch.no_grad()
    def follow(self, other: nn.Module) -> None:
        """Move the weights a little towards those of the other; the first time, all the way."""
        share = torch.where(self.steps == 0, 1.0, 1 - self.decay)
        theirs = other.state_dict()
        for name, mine in self.module.state_dict().items():
            if mine.is_floating_point():
                mine.lerp_(theirs[name], share.to(mine.dtype))
            else:
                mine.copy_(theirs[name])
        self.steps += 1
