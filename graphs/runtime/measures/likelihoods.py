"""Negative log-likelihoods, in nats of each value, and samplers."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F


def measured(nats: Tensor, per: str = "sample", unit: str = "nats") -> Tensor:
    """Nats of each value, (N, …), summed over each sample or as the mean over all values; in bits
    where wanted.
    """
    mean = nats.mean() if per == "value" else nats.sum() / len(nats)
    return mean / math.log(2) if unit == "bits" else mean


def normal_nats(mean: Tensor, target: Tensor, log_variance: Tensor, step: float = 1.0) -> Tensor:
    """Gaussian negative log-likelihood, in nats; of a whole bin where values are `step` apart."""
    distance = (target - mean).square() * torch.exp(-log_variance)
    return (distance + log_variance + math.log(2 * math.pi)) / 2 - math.log(step)


def fixed_normal_nats(
    mean: Tensor, target: Tensor, deviation: float = 1.0, step: float = 1.0
) -> Tensor:
    """Gaussian negative log-likelihood with one standard deviation for all, in nats."""
    distance = ((target - mean) / deviation).square()
    return (distance + math.log(2 * math.pi)) / 2 + math.log(deviation / step)


def logistic_nats(mean: Tensor, target: Tensor, log_scale: Tensor) -> Tensor:
    """Logistic negative log-likelihood, in nats."""
    distance = (target - mean) * torch.exp(-log_scale)
    return distance + log_scale + 2 * F.softplus(-distance)


def logistic_sample(mean: Tensor, log_scale: Tensor) -> Tensor:
    """A reparameterised sample of logistic distributions, through which gradients pass."""
    share = torch.rand_like(mean).clamp(1e-6, 1 - 1e-6)
    return mean + torch.exp(log_scale) * torch.logit(share)


def logistic_mixture_nats(prediction: Tensor, target: Tensor, levels: int = 256) -> Tensor:
    """Negative log-likelihood of values from -1 to 1 under discretised mixtures of logistic
    distributions, with a bin for every level: (N, 3K, …) and (N, 1, …) to (N, …) (Salimans et al.
    2017, arXiv 1701.05517).

    The first and the last bin reach to infinity. Where a bin holds next to nothing, the density in
    its middle stands for it, whose gradient does not vanish.
    """
    weight, mean, log_scale = prediction.chunk(3, 1)
    log_scale = log_scale.clamp(min=-7)
    distance = target.reshape(len(prediction), 1, *prediction.shape[2:]) - mean
    inverse, half = torch.exp(-log_scale), 1 / (levels - 1)
    above, below = (distance + half) * inverse, (distance - half) * inverse
    inside = torch.sigmoid(above) - torch.sigmoid(below)
    middle = distance * inverse
    density = middle - log_scale - 2 * F.softplus(middle) + math.log(2 * half)
    nats = torch.where(inside > 1e-5, inside.clamp(min=1e-12).log(), density)
    value = distance + mean
    nats = torch.where(value > 1 - half, -F.softplus(below), nats)
    nats = torch.where(value < half - 1, F.logsigmoid(above), nats)
    return -torch.logsumexp(F.log_softmax(weight, 1) + nats, 1)


@torch.no_grad()
def logistic_mixture_sample(prediction: Tensor, levels: int = 256) -> Tensor:
    """Samples of mixtures of logistic distributions, rounded to levels from -1 to 1: (N, 3K, …) to
    (N, 1, …).
    """
    weight, mean, log_scale = prediction.chunk(3, 1)
    part = categorical_sample(weight, dim=1)[:, None]
    value = logistic_sample(mean.gather(1, part), log_scale.gather(1, part).clamp(min=-7))
    return ((value.clamp(-1, 1) + 1) / 2 * (levels - 1)).round() / (levels - 1) * 2 - 1


@torch.no_grad()
def categorical_sample(scores: Tensor, dim: int = -1, temperature: float = 1.0) -> Tensor:
    """A class sampled from logits along an axis, which goes away; at temperature 0 the argmax."""
    if temperature == 0:
        return scores.argmax(dim)
    share = (scores / temperature).movedim(dim, -1).softmax(-1)
    return torch.multinomial(share.flatten(0, -2), 1).view(share.shape[:-1])


def categorical_entropy(scores: Tensor, dim: int = -1) -> Tensor:
    """The entropy of the softmax of logits along an axis, in nats."""
    log_share = F.log_softmax(scores, dim)
    return -(log_share.exp() * log_share).sum(dim)


def normal_entropy(log_variance: Tensor) -> Tensor:
    """The entropy of normal distributions, in nats a value."""
    return (log_variance + math.log(2 * math.pi) + 1) / 2


def mu_law_encode(wave: Tensor, levels: int = 256) -> Tensor:
    """Mu-law companding: sound from -1 to 1 as classes that lie closer where it is quiet (ITU-T
    G.711).
    """
    wave = wave.clamp(-1, 1)
    loudness = torch.log1p((levels - 1) * wave.abs()) / math.log(levels)
    return ((wave.sign() * loudness + 1) / 2 * (levels - 1) + 0.5).long()


def mu_law_decode(classes: Tensor, levels: int = 256) -> Tensor:
    """Inverse of mu-law companding: classes as sound from -1 to 1."""
    even = classes / (levels - 1) * 2 - 1
    return even.sign() * torch.expm1(even.abs() * math.log(levels)) / (levels - 1)


def quantise(x: Tensor, levels: int, low: float = 0.0, high: float = 1.0) -> Tensor:
    """Quantisation: the nearest of some levels at equal distances, as a class from 0."""
    share = (x.clamp(low, high) - low) / (high - low)
    return (share * (levels - 1)).round().long()


def dequantise(classes: Tensor, levels: int, low: float = 0.0, high: float = 1.0) -> Tensor:
    """Inverse of quantisation: classes as values at equal distances."""
    return low + classes / (levels - 1) * (high - low)
