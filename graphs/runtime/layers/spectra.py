"""Standardisation and spectrograms."""

import torch
from torch import Tensor, nn


class Standardise(nn.Module):
    """Standardisation: subtracts a mean from each channel, (N, C, …), and divides by a standard
    deviation; by each sample's own where none is given.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, mean: list[float], deviation: list[float]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean), persistent=False)
        self.register_buffer("deviation", torch.tensor(deviation), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """The standardised samples."""
        if len(self.mean) == 0:
            own = x.flatten(1)
            mean, deviation = own.mean(1), own.std(1).clamp(min=1e-6)
            shape = [-1, *[1] * (x.dim() - 1)]
            return (x - mean.reshape(shape)) / deviation.reshape(shape)
        shape = [-1, *[1] * (x.dim() - 2)]
        return (x - self.mean.reshape(shape)) / self.deviation.reshape(shape)


def spectrogram(wave: Tensor, window: int, hop: int, logarithm: bool) -> Tensor:
    """Magnitude spectrogram: (N, 1, T) to (N, 1, window // 2 + 1, 1 + T // hop)."""
    shape = torch.hann_window(window, device=wave.device)
    waves = torch.stft(wave[:, 0], window, hop, window=shape, return_complex=True)
    strength = waves.abs()[:, None]
    return (strength + 0.001).log() if logarithm else strength
