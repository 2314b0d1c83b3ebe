"""Losses: KL divergences between distributions."""

from pydantic import PositiveFloat
from torch.nn import functional as F

from graphs.nodetypes.expressions import Call, call
from graphs.nodetypes.node_type import Example, Loss
from graphs.nodetypes.tensor_kinds import Numbers, Vector
from graphs.runtime.layers.distributions import distillation, kl_of_unit_normal, kl_to_normal
from nodes.losses.classification_losses import require_equal

_UNEQUAL = Example({}, [(2, 8), (2, 4)], problem="needs equal shapes, got (N, 8) and (N, 4)")


class KLToNormal(Loss):
    """KL divergence from the normal distributions that a network gives to the standard one, in nats
    a sample.

    Use it beside a likelihood in a variational autoencoder; their sum is the negative ELBO. It
    keeps the latent codes near the standard normal distribution, so that new ones can be drawn from
    it (Kingma and Welling 2013, arXiv 1312.6114). Without `log_variance` the variance is 1, as in
    UNIT (arXiv 1703.00848). An Anneal after it brings it in slowly.
    """

    keywords = (
        "kl",
        "kld",
        "kl divergence",
        "kl loss",
        "vae loss",
        "vae",
        "elbo",
        "beta-vae",
        "variational",
        "latent loss",
        "kl to standard normal",
    )
    examples = (
        Example({}, [(2, 8), (2, 8)], [()]),
        Example({}, [(2, 8, 4, 4)], [()]),
        Example({}, [(2, 4, 3, 3), (2, 4, 3, 3)], [()]),
        _UNEQUAL,
    )

    def build(self, mean: Numbers, log_variance: Numbers | None = None) -> Call:
        if log_variance is None:
            return call(kl_of_unit_normal, mean)
        require_equal(mean, log_variance)
        return call(kl_to_normal, mean, log_variance)


class KLDivergence(Loss):
    """KL divergence of the network's probabilities from given ones, in nats a sample.

    Use it with soft labels, where the target is not one class but a probability for each, such as
    the votes of several people. `log_probability` is the network's, after a LogSoftmax; `target`
    are the probabilities, which sum to 1.
    """

    keywords = (
        "nn.KLDivLoss",
        "kl divergence",
        "kl",
        "kullback-leibler",
        "relative entropy",
        "soft labels",
    )

    log_target: bool = False
    """The target is a logarithm too, such as another network's LogSoftmax."""

    examples = (
        Example({"log_target": True}, [(2, 10), (2, 10)], [()]),
        Example({"log_target": True}, [(2, 3, 8, 8), (2, 3, 8, 8)], [()]),
        _UNEQUAL,
    )

    def build(self, log_probability: Numbers, target: Numbers) -> Call:
        require_equal(log_probability, target)
        options = {"log_target": True} if self.log_target else {}
        return call(F.kl_div, log_probability, target, reduction="batchmean", **options)


class Distillation(Loss):
    """Knowledge distillation: the KL divergence of a student's answers from a teacher's, both
    softened by a temperature, in nats times its square.

    Use it to train a small network on the logits of a large one, with no labels at all (Hinton et
    al. 2015, arXiv 1503.02531). A Detach before `teacher` leaves the teacher as it is.
    """

    keywords = (
        "knowledge distillation",
        "teacher student",
        "soft targets",
        "temperature",
        "model compression",
        "kd loss",
    )

    temperature: PositiveFloat = 3.0
    """Temperature of both softmaxes: above 1 the student sees which wrong answers are nearly right.
    """

    examples = (
        Example({}, [(2, 10), (2, 10)], [()]),
        Example({"temperature": 1}, [(2, 3), (2, 3)], [()]),
        Example({}, [(2, 10), (2, 3)], problem="needs equal shapes, got (N, 10) and (N, 3)"),
    )

    def build(self, prediction: Vector, teacher: Vector) -> Call:
        require_equal(prediction, teacher)
        return call(distillation, prediction, teacher, temperature=self.temperature)
