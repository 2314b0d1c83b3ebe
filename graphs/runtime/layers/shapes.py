"""Shape operations that torch has no function for."""

import torch
from torch import Tensor
from torch.nn import functional as F


def one_hot(labels: Tensor, num_classes: int) -> Tensor:
    """One-hot encoding: a vector for each class, 1 at the class and 0 elsewhere."""
    return F.one_hot(labels, num_classes).float()


def shifted(x: Tensor, steps: int, dim: int = 1) -> Tensor:
    """Shifted so many steps later along an axis, or earlier below 0, padded with zeros."""
    size = x.shape[dim]
    zeros = torch.zeros_like(x.narrow(dim, 0, abs(steps)))
    if steps < 0:
        return torch.cat([x.narrow(dim, -steps, size + steps), zeros], dim)
    return torch.cat([zeros, x.narrow(dim, 0, size - steps)], dim)


def center_crop(image: Tensor, like: Tensor) -> Tensor:
    """Centre crop: the middle of an image, as high and wide as another is."""
    height, width = like.shape[2:]
    top, left = (image.shape[2] - height) // 2, (image.shape[3] - width) // 2
    return image[:, :, top : top + height, left : left + width]
