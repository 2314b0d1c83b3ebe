"""A user's own module, for tests: what it needs of this file goes along, and the rest does not."""

from __future__ import annotations

import cmath
from typing import Annotated, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

EPS = 1e-5
UNUSED = cmath.pi


def average(x: Tensor) -> Tensor:
    """The mean of the features; an exported file has an `average` of its own."""
    return x.mean(-1, keepdim=True)


class Gate(nn.Module):
    """Lets a part of each feature through.

    Use it after a layer whose features are not all wanted all the time.

    width: how many hidden features decide
    mode: what stands between the two layers
    """

    def __init__(
        self,
        in_features: int,
        width: int = 16,
        mode: Literal["relu", "tanh"] = "relu",
        dropout: float = 0.0,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.inner = nn.Linear(in_features, width, bias=bias)
        self.outer = nn.Linear(width, in_features)
        self.dropout = dropout
        self.between = getattr(torch, mode)

    def forward(self, x: Annotated[Tensor, "features"], mask: Tensor | None = None) -> Tensor:
        # A mask says which features there are.
        x = x if mask is None else x * mask
        hidden = F.dropout(self.between(self.inner(x)), self.dropout, self.training)
        return x * torch.sigmoid(self.outer(hidden)) + EPS * average(x)
