"""What probes show, as plain functions."""

import torch
from torch import Tensor


def histogram(values: Tensor, bins: int) -> tuple[Tensor, Tensor]:
    """Histogram: how many values lie in each of equal bins from the least to the largest, and the
    edges of the bins: (bins,), (bins + 1,). Values that are not finite count nowhere.
    """
    flat = values.flatten().float()
    finite = flat.isfinite()
    low, high = flat.where(finite, torch.inf).amin(), flat.where(finite, -torch.inf).amax()
    edges = torch.lerp(low, high, torch.linspace(0, 1, bins + 1, device=flat.device))
    places = torch.bucketize(flat, edges[1:-1], right=True)
    counts = torch.zeros(bins, dtype=torch.int64, device=flat.device)
    return counts.scatter_add(0, places, finite.long()), edges


def principal(points: Tensor) -> Tensor:
    """Projection to the first two principal components (PCA): (N, F) -> (N, 2).

    Each direction points to where its largest weight is positive, so that pictures do not flip.
    """
    centred = torch.nan_to_num(points.float() - points.float().mean(0))
    directions = torch.linalg.eigh(centred.T @ centred).eigenvectors[:, -2:].flip(1)
    largest = directions.gather(0, directions.abs().argmax(0, keepdim=True))
    upright: Tensor = directions * largest.sign()
    return centred @ upright


def confusion(prediction: Tensor, label: Tensor) -> Tensor:
    """Confusion matrix: how often each class (row) was taken for each (column): (N, C), (N,) ->
    (C, C).
    """
    classes = prediction.shape[1]
    known = (label >= 0) & (label < classes)
    pairs = label.clamp(0, classes - 1) * classes + prediction.argmax(1)
    counts = torch.zeros(classes * classes, dtype=torch.int64, device=label.device)
    return counts.scatter_add(0, pairs, known.long()).view(classes, classes)
