"""Likelihoods and flows: against torch.distributions, and each beside its sampler."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.distributions import (
    AffineTransform,
    Categorical,
    Normal,
    SigmoidTransform,
    TransformedDistribution,
    Uniform,
)

from graphs.runtime.layers import flows
from graphs.runtime.layers.distributions import fixed_noise, logistic_noise
from graphs.runtime.measures import likelihoods


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def logistic(mean: Tensor, log_scale: Tensor) -> TransformedDistribution:
    """torch's way to say it."""
    base = Uniform(torch.zeros_like(mean), torch.ones_like(mean))
    turns = [SigmoidTransform().inv, AffineTransform(mean, log_scale.exp())]
    return TransformedDistribution(base, turns)


def test_normal_and_logistic_nats_are_torchs() -> None:
    mean, x, log = torch.randn(3, 4, 5)
    wanted = -Normal(mean, (log / 2).exp()).log_prob(x)
    torch.testing.assert_close(likelihoods.normal_nats(mean, x, log), wanted)
    wanted = -Normal(mean, 0.3).log_prob(x)
    torch.testing.assert_close(likelihoods.fixed_normal_nats(mean, x, 0.3), wanted)
    wanted = -logistic(mean, log).log_prob(x)
    torch.testing.assert_close(likelihoods.logistic_nats(mean, x, log), wanted)


def test_steps_make_a_density_a_probability() -> None:
    """Over values 0.01 apart the probabilities of a wide normal sum to 1."""
    x = torch.arange(-10, 10, 0.01)
    nats = likelihoods.fixed_normal_nats(torch.zeros_like(x), x, 1.0, step=0.01)
    assert torch.exp(-nats).sum().item() == pytest.approx(1, abs=1e-4)


def test_nats_per_sample_or_value_and_bits() -> None:
    nats = torch.rand(3, 2, 4)
    assert likelihoods.measured(nats).item() == pytest.approx(nats.sum().item() / 3)
    bits = likelihoods.measured(nats, per="value", unit="bits").item()
    assert bits == pytest.approx(nats.mean().item() / math.log(2))


def mixture(scale: float = -2.0) -> Tensor:
    """Five parts at one place: weights, means, log-scales, (1, 15, 1)."""
    parts = [torch.randn(5), torch.linspace(-0.8, 0.8, 5), torch.full((5,), scale)]
    return torch.cat(parts).view(1, 15, 1)


@pytest.mark.parametrize("levels", [17, 256])
def test_a_mixtures_bins_sum_to_1(levels: int) -> None:
    values = torch.linspace(-1, 1, levels)
    prediction = mixture().expand(levels, 15, 1)
    nats = likelihoods.logistic_mixture_nats(prediction, values.view(-1, 1, 1), levels)
    assert nats.shape == (levels, 1)
    assert torch.exp(-nats).sum().item() == pytest.approx(1, abs=1e-5)


def test_a_bin_far_off_still_has_a_slope() -> None:
    """Where the bin's share is 0 in float32, its density stands for it."""
    prediction = mixture(-6.0).requires_grad_()
    nats = likelihoods.logistic_mixture_nats(prediction, torch.tensor([[[0.3]]]))
    (slope,) = torch.autograd.grad(nats.sum(), prediction)
    assert torch.isfinite(nats).all() and torch.isfinite(slope).all() and slope.abs().sum() > 1


def test_draws_of_a_mixture_have_its_probabilities() -> None:
    levels, count = 9, 20_000
    prediction = mixture().expand(count, 15, 1)
    drawn = likelihoods.logistic_mixture_sample(prediction, levels)
    assert drawn.shape == (count, 1, 1)
    values = torch.linspace(-1, 1, levels)
    nats = likelihoods.logistic_mixture_nats(
        prediction[:levels], values.view(-1, 1, 1), levels
    ).flatten()
    found = torch.stack([(drawn - value).abs() < 1e-4 for value in values]).flatten(1)
    assert found.any(0).all()
    torch.testing.assert_close(found.float().mean(1), torch.exp(-nats), atol=0.015, rtol=0)


def test_draws_of_classes_have_their_probabilities() -> None:
    scores = torch.randn(1, 4, 1).expand(20_000, 4, 2)
    drawn = likelihoods.categorical_sample(scores, dim=1, temperature=0.5)
    assert drawn.shape == (20_000, 2)
    share = torch.nn.functional.one_hot(drawn.flatten(), 4).float().mean(0)
    torch.testing.assert_close(share, (scores[0, :, 0] / 0.5).softmax(0), atol=0.01, rtol=0)
    best = likelihoods.categorical_sample(scores, dim=1, temperature=0)
    assert torch.equal(best, scores.argmax(1))


def test_logistic_draws_have_their_width() -> None:
    mean = torch.zeros(50_000, requires_grad=True)
    drawn = likelihoods.logistic_sample(mean, torch.full((50_000,), math.log(2)))
    assert drawn.std().item() == pytest.approx(2 * math.pi / math.sqrt(3), rel=0.02)
    assert torch.autograd.grad(drawn.sum(), mean)[0].eq(1).all()
    noise = logistic_noise(50_000, device=torch.device("cpu"))
    assert noise.std().item() == pytest.approx(math.pi / math.sqrt(3), rel=0.02)


def test_entropies_are_torchs() -> None:
    scores, log = torch.randn(5, 4), torch.randn(6)
    wanted = Categorical(logits=scores).entropy()
    torch.testing.assert_close(likelihoods.categorical_entropy(scores), wanted)
    wanted = Normal(0.0, (log / 2).exp()).entropy()
    torch.testing.assert_close(likelihoods.normal_entropy(log), wanted)
    zero, scale = torch.zeros(50_000), torch.full((50_000,), 0.7)
    mean = likelihoods.logistic_nats(zero, likelihoods.logistic_sample(zero, scale), scale).mean()
    assert mean.item() == pytest.approx(0.7 + 2, abs=0.02)  # LogisticEntropy's formula


def test_quantised_numbers_are_the_nearest_levels() -> None:
    levels = torch.arange(17)
    assert torch.equal(likelihoods.quantise(levels / 16, 17), levels)
    assert torch.equal(likelihoods.dequantise(levels, 17), levels / 16)
    x = torch.tensor([-9.0, -0.6, -0.4, 0.1, 0.6, 9.0])
    assert likelihoods.quantise(x, 5, low=-1.0, high=1.0).tolist() == [0, 1, 1, 2, 3, 4]
    back = likelihoods.dequantise(torch.arange(5), 5, low=-1.0, high=1.0)
    assert back.tolist() == [-1.0, -0.5, 0.0, 0.5, 1.0]


def test_mu_law_keeps_its_levels() -> None:
    levels = torch.arange(256)
    wave = likelihoods.mu_law_decode(levels)
    assert torch.equal(likelihoods.mu_law_encode(wave), levels)
    assert wave[0].item() == -1 and wave[-1].item() == pytest.approx(1)
    assert likelihoods.mu_law_encode(torch.tensor([-9.0, 0.0, 9.0])).tolist() == [0, 128, 255]
    x = torch.tensor(0.25)
    code = math.floor((math.log1p(255 * 0.25) / math.log(256) + 1) / 2 * 255 + 0.5)
    assert likelihoods.mu_law_encode(x).item() == code
    even = likelihoods.dequantise(levels, 256, low=-1.0)
    torch.testing.assert_close(even, torch.linspace(-1, 1, 256))


def test_a_flow_is_undone_and_says_how_volume_grows() -> None:
    x, shift, log_scale = torch.randn(3, 4, 5)
    y, grown = flows.affine_flow(x, shift, log_scale)
    back, shrunk = flows.inverse_affine_flow(y, shift, log_scale)
    torch.testing.assert_close(back, x)
    torch.testing.assert_close(grown, -shrunk)
    jacobian = torch.autograd.functional.jacobian(
        lambda row: flows.affine_flow(row[None], shift[:1], log_scale[:1])[0][0], x[0]
    )
    torch.testing.assert_close(grown[0], torch.linalg.slogdet(jacobian).logabsdet)


def test_an_inverse_autoregressive_flow_has_the_density_of_its_output() -> None:
    """Shift and scale from the values before each one: the determinant is still the sum."""
    weight = torch.randn(5, 5).tril(-1)

    def step(x: Tensor) -> tuple[Tensor, Tensor]:
        h = x @ weight.T
        return flows.affine_flow(x, h, torch.tanh(h))

    x = torch.randn(1, 5)
    jacobian = torch.autograd.functional.jacobian(lambda row: step(row[None])[0][0], x[0])
    torch.testing.assert_close(step(x)[1][0], torch.linalg.slogdet(jacobian).logabsdet)


@pytest.mark.parametrize("base", ["normal", "logistic"])
def test_a_flows_likelihood_is_that_of_what_it_is_made_of(base: str) -> None:
    """Scale 2 and shift 1 of a base distribution."""
    y = torch.randn(6, 3)
    shift, log_scale = torch.ones_like(y), torch.full_like(y, math.log(2))
    nats = flows.flow_nats(*flows.inverse_affine_flow(y, shift, log_scale), base=base)
    made = Normal(shift, 2.0) if base == "normal" else logistic(shift, log_scale)
    torch.testing.assert_close(nats, -made.log_prob(y))


def test_fixed_noise_is_the_same_and_disturbs_nothing() -> None:
    torch.manual_seed(3)
    wanted = torch.rand(2)
    torch.manual_seed(3)
    noise = fixed_noise(4, 2, seed=1, device=torch.device("cpu"))
    assert torch.equal(torch.rand(2), wanted)
    assert torch.equal(noise, fixed_noise(4, 2, seed=1, device=torch.device("cpu")))
