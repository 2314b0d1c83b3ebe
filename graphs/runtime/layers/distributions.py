"""Random numbers inside networks, and KL divergences."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class GaussianNoise(nn.Module):
    """Adds Gaussian noise while training, and nothing in evaluation."""

    def __init__(self, deviation: float) -> None:
        super().__init__()
        self.deviation = deviation

    def forward(self, x: Tensor) -> Tensor:
        """The input, with fresh noise on it."""
        return x + self.deviation * torch.randn_like(x) if self.training else x


def logistic_noise(*sizes: int, device: torch.device) -> Tensor:
    """Random numbers from the logistic distribution around 0 with scale 1."""
    share = torch.rand(*sizes, device=device).clamp(1e-6, 1 - 1e-6)
    return torch.logit(share)


def fixed_noise(*sizes: int, seed: int, device: torch.device) -> Tensor:
    """The same normal random numbers each time; other draws go on as if there were none."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*sizes, generator=generator).to(device)


def reparameterise(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Reparameterisation trick: a sample of a normal distribution, through which gradients pass."""
    return mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)


def kl_to_normal(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL divergence from normal distributions to the standard one, in nats a sample."""
    divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance)
    return divergence.flatten(1).sum(1).mean()


def kl_of_unit_normal(mean: Tensor) -> Tensor:
    """KL divergence from normal distributions of variance 1 to the standard one, in nats."""
    return 0.5 * mean.square().flatten(1).sum(1).mean()


def distillation(prediction: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """KL divergence of answers softened by a temperature, in nats times the temperature's square,
    so that its gradient is of the same size at every temperature: logits (N, C), (N, C) -> ().
    """
    mine = F.log_softmax(prediction / temperature, 1)
    theirs = F.log_softmax(teacher / temperature, 1)
    divergence = F.kl_div(mine, theirs, reduction="batchmean", log_target=True)
    return divergence * temperature**2
