"""Losses that torch has no function for."""

import torch
from torch import Tensor, nn
from torch.func import grad
from torch.nn import functional as F


def total_variation(image: Tensor, reduction: str = "mean") -> Tensor:
    """Total variation: how much neighbouring pixels differ, the sum over all pairs, or the mean in
    each direction (Rudin et al. 1992).
    """
    down = image.diff(dim=2).abs()
    across = image.diff(dim=3).abs()
    if reduction == "sum":
        return down.sum() + across.sum()
    return down.mean() + across.mean()


def cosine_distance(x: Tensor, target: Tensor) -> Tensor:
    """Cosine distance, one minus the cosine of the angle, mean over the batch: (N, F), (N, F) ->
    ().
    """
    return (1 - F.cosine_similarity(x, target)).mean()


def cosine_embedding(x: Tensor, other: Tensor, label: Tensor, margin: float = 0.0) -> Tensor:
    """Cosine embedding loss: pairs with label 1 are pulled together, pairs with label 0 pushed
    apart.
    """
    return F.cosine_embedding_loss(x, other, 2 * label - 1, margin=margin)


def info_nce(query: Tensor, key: Tensor, temperature: float, symmetric: bool = False) -> Tensor:
    """InfoNCE: the cross-entropy of finding each query's key among all keys of the batch (van den
    Oord et al. 2018, arXiv 1807.03748).
    """
    scores = F.normalize(query) @ F.normalize(key).T / temperature
    right = torch.arange(len(scores), device=scores.device)
    loss = F.cross_entropy(scores, right)
    return (loss + F.cross_entropy(scores.T, right)) / 2 if symmetric else loss


def nt_xent(first: Tensor, second: Tensor, temperature: float) -> Tensor:
    """NT-Xent: the cross-entropy of finding the other view of each sample among all views but
    itself (SimCLR, Chen et al. 2020, arXiv 2002.05709).
    """
    views = F.normalize(torch.cat([first, second]))
    scores = views @ views.T / temperature
    itself = torch.eye(len(views), dtype=torch.bool, device=views.device)
    right = torch.arange(len(views), device=views.device).roll(len(first))
    return F.cross_entropy(scores.masked_fill(itself, -torch.inf), right)


def ctc(
    prediction: Tensor, tokens: Tensor, lengths: Tensor | None = None, blank: int = 0
) -> Tensor:
    """Connectionist temporal classification: the negative log-likelihood of shorter sequences of
    tokens, (N, S), over all alignments, from logits at each step, (N, T, C). The class `blank` is
    no token, and pads short sequences.
    """
    scores = F.log_softmax(prediction, 2).transpose(0, 1)
    if lengths is None:
        lengths = torch.full_like(tokens[:, 0], prediction.shape[1])
    counts = (tokens != blank).sum(1)
    return F.ctc_loss(scores, tokens, lengths, counts, blank=blank, zero_infinity=True)


def hinge_adversarial(score: Tensor, side: str) -> Tensor:
    """Hinge loss of a GAN, from a discriminator's logits (Lim and Ye 2017, arXiv 1705.02894)."""
    if side == "generator":
        return -score.mean()
    return F.relu(1 - score if side == "real" else 1 + score).mean()


def gradient_penalty(critic: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """Gradient penalty: how far the norm of a critic's gradient is from 1 between real and
    generated samples, squared (Gulrajani et al. 2017, arXiv 1704.00028).
    """
    share = torch.rand(len(real), *[1] * (real.dim() - 1), device=real.device)
    between = (share * real + (1 - share) * fake).detach()
    slope: Tensor = grad(lambda x: critic(x).sum())(between)
    length: Tensor = slope.flatten(1).norm(dim=1)
    return (length - 1).square().mean()


class Anneal(nn.Module):
    """Annealing: multiplies by a weight that goes from one value to another over so many training
    batches, and stays there. In evaluation it is the last one, so that epochs can be compared.
    """

    batches: Tensor

    def __init__(self, start: float, end: float, steps: int, shape: str = "linear") -> None:
        super().__init__()
        self.start, self.end, self.steps, self.shape = start, end, steps, shape
        self.register_buffer("batches", torch.tensor(0))

    def forward(self, x: Tensor) -> Tensor:
        """x times the weight."""
        return x * (self.weight() if self.training else self.end)

    def weight(self) -> Tensor:
        """The weight at this batch, which is counted."""
        share = (self.batches / self.steps).clamp(max=1)
        self.batches += 1
        if self.shape == "cosine":
            share = (1 - torch.cos(torch.pi * share)) / 2
        if self.shape == "exponential":
            return self.start * (self.end / self.start) ** share
        return self.start + (self.end - self.start) * share
