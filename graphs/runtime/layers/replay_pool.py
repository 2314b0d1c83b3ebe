"""Replay pools, which remember samples from one batch to the next; they lie in checkpoints."""

import torch
from torch import Tensor, nn


class ReplayPool(nn.Module):
    """Replay pool (image buffer): keeps samples of earlier batches and gives some of them back in
    the place of new ones (Shrivastava et al. 2017, arXiv 1612.07828).

    Each sample of a batch goes to a place of the pool. Where one lies already, it is exchanged for
    it half of the time. More samples than places pass unchanged; so do all in evaluation mode.
    """

    values: Tensor
    full: Tensor

    def __init__(self, shape: tuple[int, ...], size: int = 50) -> None:
        super().__init__()
        self.register_buffer("values", torch.zeros(size, *shape))
        self.register_buffer("full", torch.zeros(size, dtype=torch.bool))

    def forward(self, x: Tensor) -> Tensor:
        """New and remembered samples, detached: (N, …) to (N, …)."""
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
