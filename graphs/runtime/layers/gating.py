"""Channel attention."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class SqueezeExcite(nn.Module):
    """Squeeze-and-excitation: weighs each channel by what all channels say of the whole, (N, C, …)
    to the same (Hu et al. 2017, arXiv 1709.01507).
    """

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        hidden = max(1, channels // reduction)
        self.squeeze = nn.Linear(channels, hidden)
        self.excite = nn.Linear(hidden, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Each channel times its weight, from 0 to 1."""
        whole = x.flatten(2).mean(2)
        weight = torch.sigmoid(self.excite(F.relu(self.squeeze(whole))))
        return x * weight.view(*weight.shape, *[1] * (x.dim() - 2))
