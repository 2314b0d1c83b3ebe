"""Judges of generated digits, after tests of generative models: how many look real, and how many of
the real ones are matched.
"""

import torch
from sklearn.svm import SVC
from torch import Tensor


def precision_and_recall(real: Tensor, fake: Tensor, neighbours: int = 3) -> tuple[float, float]:
    """The share of fakes that lie among real images, and of real ones among fakes: within the
    distance of some image to its third neighbour (Kynkäänniemi et al. 2019, arXiv 1904.06991).
    """
    real, fake = real.flatten(1), fake.flatten(1)
    distance = torch.cdist(real, fake)
    precise = distance <= _reach(real, neighbours)[:, None]
    recalled = distance <= _reach(fake, neighbours)[None]
    return precise.any(0).float().mean().item(), recalled.any(1).float().mean().item()


def _reach(images: Tensor, neighbours: int) -> Tensor:
    """The distance of each image to its so-manieth neighbour; the nearest is itself."""
    return torch.cdist(images, images).kthvalue(neighbours + 1, dim=1).values


def rarest_share(real: Tensor, labels: Tensor, fake: Tensor) -> float:
    """The share of the digit that is drawn least, as a support vector machine reads the fakes."""
    reader = SVC(gamma=0.25, C=10).fit(real.flatten(1).numpy(), labels.numpy())
    read = torch.tensor(reader.predict(fake.flatten(1).numpy()))
    return torch.bincount(read, minlength=10).min().item() / len(fake)
