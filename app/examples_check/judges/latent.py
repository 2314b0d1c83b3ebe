"""Judges of networks that draw: likelihoods and adversaries."""

import math
import statistics

import torch
from torch import Tensor

from app.examples_check.generated_images import precision_and_recall, rarest_share
from app.examples_check.judging import Measure, judges
from app.examples_check.trained import Trained


@judges("vae")
def vae(example: Trained) -> list[Measure]:
    """In nats a digit, on digits that it never saw; a few draws, since each is noisy."""
    draws = [example.module.measure(example.program, example.data["test"]) for _ in range(5)]
    bound = statistics.fmean(values["negative_elbo"] for values in draws)
    mixture = mixture_of_classes(example.data)
    return [
        Measure("−ELBO, nats", bound, 18.8, "below", mixture, "a mean image for each class"),
        Measure("KL, nats", statistics.fmean(values["divergence"] for values in draws), 3.0),
    ]


def mixture_of_classes(data: dict[str, dict[str, Tensor]]) -> float:
    """Nats a digit, black on white, of one mean image for each class, its pixels independent."""
    train, test = data["train"], data["test"]
    ink, seen = ((split["image"].flatten(1) >= 0.5).float() for split in (train, test))
    groups = [ink[train["label"] == label] for label in range(10)]
    means = torch.stack([(group.sum(0) + 1) / (len(group) + 2) for group in groups])
    each = torch.distributions.Bernoulli(means).log_prob(seen[:, None]).sum(2) - math.log(10)
    return -each.logsumexp(1).mean().item()


@judges("gan")
def gan(example: Trained) -> list[Measure]:
    """How many drawn digits look real, and how many real ones are drawn."""
    data = example.data
    torch.manual_seed(example.seed)
    with torch.no_grad():
        fake = example.program.generator(torch.randn(500, 16))
    unseen = torch.cat([data["test"]["image"], data["validation"]["image"]])[:500]
    image, label = data["train"]["image"], data["train"]["label"]
    fitted = normal_like(image, 500)
    precision, recall = precision_and_recall(unseen, fake)
    simple = precision_and_recall(unseen, fitted)
    is_ = "a normal distribution of pixels"
    return [
        Measure("precision", precision, 0.65, baseline=simple[0], baseline_is=is_),
        Measure("recall", recall, 0.60, baseline=simple[1], baseline_is=is_),
        Measure("share of the rarest digit", rarest_share(image, label, fake), 0.03),
    ]


def normal_like(images: Tensor, count: int) -> Tensor:
    """Draws from a normal distribution with the mean and covariance of images."""
    flat = images.flatten(1)
    covariance = torch.cov(flat.T) + 1e-4 * torch.eye(flat.shape[1])
    drawn = torch.distributions.MultivariateNormal(flat.mean(0), covariance).sample((count,))
    return drawn.clamp(0, 1).reshape(count, *images.shape[1:])
