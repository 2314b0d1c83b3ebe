"""Distributions: noise, and the reparameterisation trick."""

import operator
from typing import Any

import torch
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from graphs.nodetypes.expressions import Call, Expression, call
from graphs.nodetypes.node_type import Example, Misfit, NodeType
from graphs.nodetypes.tensor_kinds import Meta, Numbers, Tensor
from graphs.nodetypes.time_dependence import alone
from graphs.runtime.layers.distributions import GaussianNoise as GaussianNoiseModule
from graphs.runtime.layers.distributions import fixed_noise, logistic_noise, reparameterise
from nodes.losses.classification_losses import require_equal


class Noise(NodeType):
    """Standard normal noise: a fresh random vector for each sample of the batch.

    Use it as the latent vector that a generator starts from. The wire says only how many samples
    there are and on which device. For noise of other shapes there are NormalNoise, LogisticNoise
    and UniformNoise.
    """

    keywords = (
        "torch.randn",
        "gaussian noise",
        "latent vector",
        "latent code",
        "z",
        "random vector",
        "gan input",
        "generator input",
    )

    features: PositiveInt = 32
    """How many features each sample's vector has."""

    examples = (
        Example({}, [(2, 3, 8, 8)], [(2, 32)]),
        Example({"features": 3}, [Meta((2,), "int64")], [(2, 3)]),
        Example({"features": 0}, [(2, 3)], problem="features"),
    )

    def build(self, like: Tensor) -> Call:
        return call(torch.randn, like.batch, self.features, device=like.device)


class _ShapedNoise(NodeType, base=True):
    """Noise as large as what arrives, or of given sizes."""

    sizes: tuple[PositiveInt, ...] = ()
    """The sizes of each sample's noise, such as 1 and 384 for (N, 1, 384); none: those of what
    arrives.
    """

    def shape(self, like: Tensor) -> list[Any]:
        """Batch and sizes, as arguments of a function of torch."""
        if not like.shape:
            raise Misfit(f"needs a batch of values, got {like.meta.text}")
        return [like.batch, *(self.sizes or like.shape[1:])]


class NormalNoise(_ShapedNoise):
    """Normal (Gaussian) noise around 0: as many fresh random values as arrive, or of the sizes that
    you give for each sample.

    Use it as the latent variable of a generator or a flow, or add it to a value to disturb it. The
    wire says only how many values there are and on which device.
    """

    keywords = (
        "torch.randn_like",
        "gaussian noise",
        "normal",
        "normal distribution",
        "random normal",
        "gaussian",
        "torch.randn",
    )

    deviation: PositiveFloat = 1.0
    """The standard deviation: two thirds of the values lie nearer to 0."""
    seed: int | None = None
    """Draw the same values each time, to watch one set of samples change as a generator trains;
    none: fresh ones.
    """

    examples = (
        Example({}, [(2, 3, 8, 8)], [(2, 3, 8, 8)]),
        Example({"sizes": [1, 9], "deviation": 0.1}, [Meta((2,), "int64")], [(2, 1, 9)]),
        Example({"seed": 1}, [(2, 16)], [(2, 16)]),
        Example({"deviation": 0}, [(2, 3)], problem="deviation"),
        Example({}, [()], problem="needs a batch of values, got ()"),
    )

    def build(self, like: Tensor) -> Expression:
        sizes = self.shape(like)
        if self.seed is not None:
            noise = call(fixed_noise, *sizes, seed=self.seed, device=like.device)
        else:
            noise = call(torch.randn, *sizes, device=like.device)
        return noise if self.deviation == 1 else call(operator.mul, self.deviation, noise)


class LogisticNoise(_ShapedNoise):
    """Logistic noise around 0: fresh random values, like normal ones with heavier tails.

    Use it as the base distribution of a flow whose output is judged by logistic likelihoods, as in
    Parallel WaveNet (van den Oord et al. 2017, arXiv 1711.10433). At scale 1 its standard deviation
    is 1.81.
    """

    keywords = ("logistic distribution", "random numbers", "flow base distribution")

    scale: PositiveFloat = 1.0
    """How wide it is: half of the numbers lie within 1.1 times the scale."""

    examples = (
        Example({}, [(2, 1, 16)], [(2, 1, 16)]),
        Example({"sizes": [8], "scale": 0.5}, [Meta((2,), "int64")], [(2, 8)]),
        Example({"scale": -1}, [(2, 3)], problem="scale"),
    )

    def build(self, like: Tensor) -> Expression:
        noise = call(logistic_noise, *self.shape(like), device=like.device)
        return noise if self.scale == 1 else call(operator.mul, self.scale, noise)


class UniformNoise(_ShapedNoise):
    """Uniform noise: fresh random values between two limits, each equally often.

    Use it to dequantise pixels or sound before a continuous likelihood (from minus half a step to
    half a step), or as the latent variable of a generator.
    """

    keywords = (
        "torch.rand",
        "torch.rand_like",
        "uniform distribution",
        "random numbers",
        "dequantisation noise",
    )

    low: float = 0.0
    """The lower limit."""
    high: float = 1.0
    """The upper limit."""

    examples = (
        Example({}, [(2, 1, 8, 8)], [(2, 1, 8, 8)]),
        Example({"sizes": [8], "low": -1}, [Meta((2,), "int64")], [(2, 8)]),
        Example({"low": 1}, [(2, 3)], problem="low is not below high"),
    )

    def build(self, like: Tensor) -> Expression:
        if not self.low < self.high:
            raise Misfit("low is not below high: exchange the two")
        noise: Expression = call(torch.rand, *self.shape(like), device=like.device)
        if self.high - self.low != 1:
            noise = call(operator.mul, self.high - self.low, noise)
        return call(operator.add, noise, self.low) if self.low else noise


class GaussianNoise(NodeType):
    """Adds Gaussian noise to every value while training, and does nothing in validation.

    Use it before a discriminator (instance noise), which then cannot tell real from generated by
    trifles, or against overfitting.
    """

    keywords = (
        "additive noise",
        "noise layer",
        "denoising",
        "instance noise",
        "regularisation",
        "GaussianNoise",
    )

    deviation: NonNegativeFloat = 0.1
    """The noise's standard deviation, in the units of what arrives."""

    examples = (
        Example({}, [(2, 3, 8, 8)], [(2, 3, 8, 8)]),
        Example({"deviation": 0.0}, [(2, 16)], [(2, 16)]),
        Example({"deviation": -1}, [(2, 16)], problem="deviation"),
    )

    def build(self, x: Numbers) -> Call:
        return call(GaussianNoiseModule, self.deviation)


class Reparameterise(NodeType):
    """Reparameterisation trick: samples from a normal distribution whose mean and log-variance a
    network gives, so that gradients reach both.

    Use it for the latent code between the encoder and the decoder of a variational autoencoder
    (VAE, Kingma and Welling 2013, arXiv 1312.6114), and as the sampler of a GaussianLikelihood.
    """

    keywords = (
        "reparameterize",
        "reparameterization trick",
        "vae",
        "variational autoencoder",
        "sample latent",
        "sampling layer",
        "latent sample",
        "mu and sigma",
        "rsample",
        "torch.distributions.Normal",
    )
    over_time = alone
    examples = (
        Example({}, [(2, 8), (2, 8)], [(2, 8)]),
        Example({}, [(2, 4, 3, 3), (2, 4, 3, 3)], [(2, 4, 3, 3)]),
        Example({}, [(2, 8), (2, 4)], problem="needs equal shapes, got (N, 8) and (N, 4)"),
    )

    def build(self, mean: Numbers, log_variance: Numbers) -> Call:
        require_equal(mean, log_variance)
        return call(reparameterise, mean, log_variance)
