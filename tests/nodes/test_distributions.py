"""Distributions: against torch's own."""

import torch
from torch.distributions import Normal, kl_divergence

from graphs.runtime.layers.distributions import (
    GaussianNoise,
    kl_of_unit_normal,
    kl_to_normal,
    reparameterise,
)


def test_the_divergence_is_torchs() -> None:
    mean, log_variance = torch.randn(5, 3), torch.randn(5, 3)
    drawn = Normal(mean, torch.exp(0.5 * log_variance))
    wanted = kl_divergence(drawn, Normal(0.0, 1.0)).sum(1).mean()
    torch.testing.assert_close(kl_to_normal(mean, log_variance), wanted)


def test_the_divergence_of_variance_one_is_that_of_log_variance_zero() -> None:
    mean = torch.randn(5, 3, 2)
    wanted = kl_to_normal(mean, torch.zeros_like(mean))
    torch.testing.assert_close(kl_of_unit_normal(mean), wanted)


def test_a_draw_is_that_of_torch() -> None:
    mean, log_variance = torch.randn(5, 3), torch.randn(5, 3)
    torch.manual_seed(0)
    found = reparameterise(mean, log_variance)
    torch.manual_seed(0)
    torch.testing.assert_close(found, Normal(mean, torch.exp(0.5 * log_variance)).rsample())


def test_noise_is_for_training_alone() -> None:
    noise, x = GaussianNoise(0.5), torch.zeros(10_000)
    assert abs(noise(x).std().item() - 0.5) < 0.02
    assert torch.equal(noise.eval()(x), x)
