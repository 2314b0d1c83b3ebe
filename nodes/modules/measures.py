"""Measures of quality, as plain functions."""

from torch import Tensor


def accuracy(prediction: Tensor, label: Tensor) -> Tensor:
    """The share of samples whose largest prediction is the right class: (N, C), (N,) -> ()."""
    return (prediction.argmax(1) == label).float().mean()
