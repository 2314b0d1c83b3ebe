"""Distributions: likelihoods, each beside its sampler."""

from typing import Annotated, Any, Literal

from pydantic import Field, PositiveFloat

from graphs.nodetypes.expressions import Call, Expression, call
from graphs.nodetypes.node_type import Example, Loss, Misfit, NodeType
from graphs.nodetypes.tensor_kinds import Meta, Numbers
from graphs.nodetypes.time_dependence import alone, mixes
from graphs.runtime.measures import likelihoods
from nodes.losses.classification_losses import require_equal

Levels = Annotated[int, Field(ge=2)]
"""A number of levels that values are rounded to."""


class Likelihood(Loss, base=True):
    """Nats of each value, made one number."""

    per: Literal["sample", "value"] = "sample"
    """Summed over the values of each sample, as a variational autoencoder needs it, or the mean
    over all values (per dimension); both are means over the batch.
    """
    unit: Literal["nats", "bits"] = "nats"
    """Nats, or bits: nats divided by log(2)."""

    def measured(self, nats: Expression) -> Call:
        """The description of one number made of the nats of each value."""
        return call(likelihoods.measured, nats, per=self.per, unit=self.unit)


class GaussianLikelihood(Likelihood):
    """Negative log-likelihood of a target under a normal distribution whose mean, and if wired
    log-variance, the network gives.

    Use it for a regression that also says how sure it is, and as the reconstruction term of a
    variational autoencoder or the loss of a WaveNet. Its sampler is Reparameterise. It can be below
    0, since a density can be above 1.
    """

    keywords = (
        "gaussian nll",
        "nn.GaussianNLLLoss",
        "normal likelihood",
        "log likelihood",
        "heteroscedastic regression",
        "uncertainty",
        "density",
        "reconstruction loss",
        "elbo reconstruction term",
    )

    deviation: PositiveFloat = 1.0
    """The standard deviation where no log_variance is wired."""
    step: PositiveFloat | None = None
    """The distance between values that the target can have, such as 2/255 for 256 levels from -1 to
    1: the result then compares with that of classes; none: the target is continuous.
    """

    examples = (
        Example({}, [(2, 8), (2, 8), (2, 8)], [()]),
        Example({"deviation": 0.1, "per": "value", "unit": "bits"}, [(2, 1, 4, 4)] * 2, [()]),
        Example({"step": 0.1}, [(2, 8), (2, 8), (2, 8)], [()]),
        Example({}, [(2, 8), (2, 4)], problem="needs equal shapes, got (N, 8) and (N, 4)"),
        Example({"deviation": 0}, [(2, 8), (2, 8)], problem="deviation"),
    )

    def build(self, mean: Numbers, target: Numbers, log_variance: Numbers | None = None) -> Call:
        require_equal(mean, target)
        options: dict[str, Any] = {"step": self.step} if self.step else {}
        if log_variance is None:
            options = {"deviation": self.deviation, **options}
            return self.measured(call(likelihoods.fixed_normal_nats, mean, target, **options))
        require_equal(mean, log_variance)
        nats = call(likelihoods.normal_nats, mean, target, log_variance, **options)
        return self.measured(nats)


class LogisticLikelihood(Likelihood):
    """Negative log-likelihood of a target under a logistic distribution whose mean and log-scale
    the network gives.

    Use it for sound: large deviations are less improbable than under a normal one. Its sampler is
    LogisticSample. It can be below 0, since a density can be above 1.
    """

    keywords = ("logistic distribution", "log likelihood", "density", "wavenet")
    examples = (
        Example({}, [(2, 1, 16), (2, 1, 16), (2, 1, 16)], [()]),
        Example({"per": "value", "unit": "bits"}, [(2, 8), (2, 8), (2, 8)], [()]),
        Example({}, [(2, 8), (2, 8), (2, 4)], problem="needs equal shapes"),
    )

    def build(self, mean: Numbers, target: Numbers, log_scale: Numbers) -> Call:
        require_equal(mean, target)
        require_equal(mean, log_scale)
        return self.measured(call(likelihoods.logistic_nats, mean, target, log_scale))


class LogisticSample(NodeType):
    """Samples from a logistic distribution whose mean and log-scale a network gives, so that
    gradients reach both.

    Use it as the sampler of a LogisticLikelihood, and where a loss is a mean over samples.
    """

    keywords = ("logistic distribution", "sampling", "sampler", "reparameterised")
    over_time = alone
    examples = (
        Example({}, [(2, 1, 16), (2, 1, 16)], [(2, 1, 16)]),
        Example({}, [(2, 8), (2, 8)], [(2, 8)]),
        Example({}, [(2, 8), (2, 4)], problem="needs equal shapes, got (N, 8) and (N, 4)"),
    )

    def build(self, mean: Numbers, log_scale: Numbers) -> Call:
        require_equal(mean, log_scale)
        return call(likelihoods.logistic_sample, mean, log_scale)


class LogisticMixtureLikelihood(Likelihood):
    """Negative log-likelihood of values of a few levels under a discretised mixture of logistic
    distributions, each cut into as many bins as there are levels.

    Use it for sound of 256 levels, or grey images, in the place of one class a level: it knows that
    neighbouring levels are alike (PixelCNN++, Salimans et al. 2017, arXiv 1701.05517). `prediction`
    has 3 channels for each component of the mixture: all weights, then all means, then all
    log-scales, (N, 3K, …). `target` are the values, from -1 to 1, (N, 1, …). Its sampler is
    LogisticMixtureSample.
    """

    keywords = (
        "mixture of logistics",
        "mixture",
        "discretized logistic mixture",
        "mixture density network",
        "mdn",
        "mol",
        "pixelcnn++",
    )

    levels: Levels = 256
    """How many values there are from -1 to 1."""

    examples = (
        Example({}, [(2, 15, 16), (2, 1, 16)], [()]),
        Example({"levels": 17, "per": "value"}, [(2, 6, 4, 4), (2, 1, 4, 4)], [()]),
        Example({"unit": "bits"}, [(2, 6, 16), (2, 16)], [()]),
        Example({}, [(2, 5, 16), (2, 1, 16)], problem="needs 3 channels for each part"),
        Example({}, [(2, 6, 16), (2, 1, 8)], problem="target needs (N, 1, 16), got (N, 1, 8)"),
        Example({"levels": 1}, [(2, 6, 16), (2, 1, 16)], problem="levels"),
    )

    def build(self, prediction: Numbers, target: Numbers) -> Call:
        _require_mixture(prediction)
        batch, _, *places = prediction.shape
        if target.shape not in ((batch, 1, *places), (batch, *places)):
            needed = Meta((batch, 1, *places)).text
            raise Misfit(f"target needs {needed}, got {target.meta.text}")
        nats = call(likelihoods.logistic_mixture_nats, prediction, target, levels=self.levels)
        return self.measured(nats)


class LogisticMixtureSample(NodeType):
    """Samples values from a mixture of logistic distributions, rounded to levels from -1 to 1.

    Use it to generate sound or images with a network that was trained by a
    LogisticMixtureLikelihood: (N, 3K, …) becomes (N, 1, …). No gradient passes through.
    """

    keywords = (
        "mixture of logistics",
        "mixture",
        "sampling",
        "sampler",
        "mixture density network",
        "mdn",
    )

    levels: Levels = 256
    """How many values there are from -1 to 1."""

    stops_gradient = True
    over_time = mixes(1)
    examples = (
        Example({}, [(2, 15, 16)], [(2, 1, 16)]),
        Example({"levels": 17}, [(2, 6, 4, 4)], [(2, 1, 4, 4)]),
        Example({}, [(2, 5, 16)], problem="needs 3 channels for each part"),
    )

    def build(self, prediction: Numbers) -> Call:
        _require_mixture(prediction)
        return call(likelihoods.logistic_mixture_sample, prediction, levels=self.levels)


def _require_mixture(prediction: Numbers) -> None:
    if len(prediction.shape) < 2 or prediction.shape[1] % 3:
        text = "needs 3 channels for each part of the mixture, (N, 3K, …)"
        raise Misfit(f"{text}, got {prediction.meta.text}")
