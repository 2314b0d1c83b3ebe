"""Few-shot learning: prototypes, similarities and labels as inputs."""

import torch
from torch import Tensor
from torch.nn import functional as F


def prototypes(embedding: Tensor, label: Tensor, classes: int) -> Tensor:
    """Class prototypes, the mean embedding of each class's examples (Snell et al. 2017,
    arXiv 1703.05175): embedding (N, K, F) and label (N, K) to (N, classes, F). A class without
    examples is at 0.
    """
    member = F.one_hot(label, classes).to(embedding.dtype)
    return member.mT @ embedding / member.sum(1).clamp(min=1)[..., None]


def cosine_distances(x: Tensor, y: Tensor) -> Tensor:
    """Pairwise cosine distances, one minus the cosine of the angle, 0 to 2: (N, Q, F) and (N, P, F)
    to (N, Q, P).
    """
    return 1 - F.normalize(x, dim=-1) @ F.normalize(y, dim=-1).mT


def cosine_attention(
    query: Tensor, support: Tensor, label: Tensor, classes: int, sharpness: float
) -> Tensor:
    """Log-probabilities of classes by attention to labelled examples (Vinyals et al. 2016,
    arXiv 1606.04080): query (N, Q, F), support (N, K, F), label (N, K) to (N, Q, classes).
    """
    likeness = F.normalize(query, dim=-1) @ F.normalize(support, dim=-1).mT
    attention = (sharpness * likeness).softmax(-1)
    member = F.one_hot(label, classes).to(attention.dtype)
    return (attention @ member).clamp(min=torch.finfo(attention.dtype).tiny).log()


def known_labels(label: Tensor, classes: int, asked: int) -> Tensor:
    """One-hot labels, and zeros for what is asked after them: (N, K) to (N, K + asked, classes)."""
    return F.pad(F.one_hot(label, classes).float(), (0, 0, 0, asked))


def previous_labels(label: Tensor, classes: int) -> Tensor:
    """One-hot labels of the step before, and zeros at the first: (N, T) to (N, T, classes)."""
    return F.pad(F.one_hot(label, classes).float(), (0, 0, 1, 0))[:, :-1]
