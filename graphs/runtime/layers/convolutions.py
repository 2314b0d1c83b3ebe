"""Convolutions that torch lacks."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class CausalConv1d(nn.Conv1d):
    """Causal 1d convolution, in which no step sees a later one: (N, C, T) to (N, out, T).

    While it `remembers`, the inputs that it saw last are its `past`, and stand before what it sees
    next.
    """

    past: Tensor | None = None
    remembers = False

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        dilation: int = 1,
        bias: bool = True,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, dilation=dilation, bias=bias)
        self.reach = dilation * (kernel_size - 1)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve after as many zeros, or steps of the past, as the filter reaches back."""
        x = F.pad(x, (self.reach, 0)) if self.past is None else torch.cat([self.past, x], 2)
        if self.remembers:
            self.past = x[:, :, x.shape[2] - self.reach :]
        if x.shape[2] == self.reach + 1:  # one step: only those that the filter looks at
            return F.conv1d(x[:, :, :: self.dilation[0]], self.weight, self.bias)
        return super().forward(x)


class MaskedConv2d(nn.Conv2d):
    """Masked 2d convolution: a pixel sees those above it, those before it in its row, and with mask
    "B" itself, (N, C, H, W) to (N, out, H, W) (van den Oord et al. 2016, arXiv 1601.06759).

    Channels fall into `colours` of equal size; at its own pixel, a colour sees those before it, and
    with mask "B" itself.
    """

    seen: Tensor

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        mask: str = "B",
        colours: int = 1,
        bias: bool = True,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, padding="same", bias=bias)
        height, width = self.kernel_size
        row, column = height // 2, width // 2
        colour = torch.arange(out_channels)[:, None] * colours // out_channels
        colour_seen = torch.arange(in_channels) * colours // in_channels
        seen = torch.ones(out_channels, in_channels, height, width)
        seen[:, :, row, column] = (colour > colour_seen).float()
        if mask == "B":
            seen[:, :, row, column] = (colour >= colour_seen).float()
        seen[:, :, row, column + 1 :] = 0
        seen[:, :, row + 1 :] = 0
        self.register_buffer("seen", seen, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve with the masked filters."""
        convolved: Tensor = self._conv_forward(x, self.weight * self.seen, self.bias)
        return convolved
