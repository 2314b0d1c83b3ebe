"""Modules that remember from one batch to the next; what they remember lies in checkpoints."""

import torch
from torch import Tensor, nn


class ReplayPool(nn.Module):
    """Keeps values of earlier batches and gives some of them back in the place of new ones
    (Shrivastava et al. 2017, arXiv 1612.07828).

    Each value of a batch goes to a place of the pool. Where one lies already, it is exchanged for
    it half of the time. More values than places pass unchanged; so do all in evaluation mode.
    """

    values: Tensor
    full: Tensor

    def __init__(self, shape: tuple[int, ...], size: int = 50) -> None:
        super().__init__()
        self.register_buffer("values", torch.zeros(size, *shape))
        self.register_buffer("full", torch.zeros(size, dtype=torch.bool))

    def forward(self, x: Tensor) -> Tensor:
        """New and remembered values, without their gradients: (N, …) to (N, …)."""
        if not self.training:
            return x.detach()
        size = len(self.full)
        new, more = x.detach()[:size], x.detach()[size:]
        places = torch.randperm(size, device=x.device)[: len(new)]
        known, old = self.full[places], self.values[places]
        exchanged = known & (torch.rand(len(new), device=x.device) < 0.5)
        wide = [-1, *[1] * (x.dim() - 1)]
        self.values[places] = torch.where((exchanged | ~known).view(wide), new, old)
        self.full[places] = True
        return torch.cat([torch.where(exchanged.view(wide), old, new), more])


class Average(nn.Module):
    """A module whose weights are the moving average of those of another one like it
    (Polyak and Juditsky 1992; Tarvainen and Valpola 2017, arXiv 1703.01780).
    """

    steps: Tensor

    def __init__(self, module: nn.Module, decay: float = 0.999) -> None:
        super().__init__()
        self.module = module
        self.decay = decay
        self.register_buffer("steps", torch.tensor(0))

    def forward(self, *inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
        """What the module makes of its inputs with the average weights."""
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
