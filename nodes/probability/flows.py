"""Distributions: normalising flows, and entropies."""

import operator
from typing import Literal

from graphs.nodetypes.expressions import Call, call
from graphs.nodetypes.node_type import Example, Misfit, NodeType
from graphs.nodetypes.tensor_kinds import Meta, Numbers
from graphs.runtime.layers import flows
from graphs.runtime.measures import likelihoods
from nodes.losses.classification_losses import require_equal
from nodes.probability.likelihoods import Likelihood


class AffineFlow(NodeType):
    """Affine flow: x * exp(log_scale) + shift, as a network says, and the log-determinant of its
    Jacobian.

    Use it as a step of a flow. Where shift and log_scale come from the values before each one (a
    causal network of x), it is an inverse autoregressive flow, which makes all of its values at
    once, as in Parallel WaveNet (arXiv 1711.10433); where they come from another half of the
    values, a coupling layer (RealNVP, Dinh et al. 2016, arXiv 1605.08803). `log_determinant`, (N,),
    is the sum of log_scale; add those of all steps.
    """

    keywords = (
        "flow",
        "normalising flow",
        "coupling layer",
        "realnvp",
        "glow",
        "inverse autoregressive flow",
        "iaf",
        "invertible",
        "bijector",
        "affine coupling",
    )
    outputs = ("y", "log_determinant")
    examples = (
        Example({}, [(2, 1, 16)] * 3, [(2, 1, 16), (2,)]),
        Example({}, [(2, 8)] * 3, [(2, 8), (2,)]),
        Example({}, [(2, 8), (2, 8), (2, 4)], problem="needs equal shapes"),
    )

    def build(self, x: Numbers, shift: Numbers, log_scale: Numbers) -> Call:
        _require_one_shape(x, shift, log_scale)
        return call(flows.affine_flow, x, shift, log_scale)


class InverseAffineFlow(NodeType):
    """Inverse of an AffineFlow of the same shift and log_scale: (y - shift) * exp(-log_scale), and
    the log-determinant.

    Use it from data back to noise: what leaves, and the log-determinant, go to a FlowLikelihood.
    """

    keywords = (
        "inverse flow",
        "normalising flow",
        "masked autoregressive flow",
        "maf",
        "invertible",
        "bijector",
    )
    outputs = ("x", "log_determinant")
    examples = (
        Example({}, [(2, 1, 16)] * 3, [(2, 1, 16), (2,)]),
        Example({}, [(2, 8)] * 3, [(2, 8), (2,)]),
        Example({}, [(2, 8), (2, 4), (2, 8)], problem="needs equal shapes"),
    )

    def build(self, y: Numbers, shift: Numbers, log_scale: Numbers) -> Call:
        _require_one_shape(y, shift, log_scale)
        return call(flows.inverse_affine_flow, y, shift, log_scale)


class FlowLikelihood(Likelihood):
    """Negative log-likelihood of data under a normalising flow, by the change of variables: of the
    noise that it becomes, less the log-determinant.

    Use it to train a flow on data. `noise` is what the data became, `log_determinant` the sum of
    those of all steps from data to noise.
    """

    keywords = (
        "normalising flow loss",
        "change of variables",
        "log determinant",
        "flow nll",
        "density estimation",
    )

    base: Literal["normal", "logistic"] = "normal"
    """The base distribution, which the noise should have, around 0 with scale 1."""

    examples = (
        Example({}, [(2, 8), (2,)], [()]),
        Example({"base": "logistic", "per": "value", "unit": "bits"}, [(2, 1, 16), (2,)], [()]),
        Example({}, [(2, 8), (2, 8)], problem="log_determinant needs (N,), got (N, 8)"),
    )

    def build(self, noise: Numbers, log_determinant: Numbers) -> Call:
        if len(log_determinant.shape) != 1 or log_determinant.shape != noise.shape[:1]:
            needed = Meta(noise.shape[:1]).text
            raise Misfit(f"log_determinant needs {needed}, got {log_determinant.meta.text}")
        return self.measured(call(flows.flow_nats, noise, log_determinant, base=self.base))


class _Entropy(Likelihood, base=True):
    """What the entropies of a wide distribution have in common."""

    examples = (
        Example({}, [(2, 1, 16)], [()]),
        Example({"per": "value", "unit": "bits"}, [(2, 8)], [()]),
        Example({"unit": "digits"}, [(2, 8)], problem="unit"),
    )


class NormalEntropy(_Entropy):
    """Entropy of a normal distribution, from its log-variance: (log_variance + log(2πe)) / 2 for
    each value.

    Use it, subtracted from a loss, to keep a distribution that a network gives from collapsing to a
    point.
    """

    keywords = ("gaussian entropy", "differential entropy", "entropy bonus", "uncertainty")

    def build(self, log_variance: Numbers) -> Call:
        return self.measured(call(likelihoods.normal_entropy, log_variance))


class LogisticEntropy(_Entropy):
    """Entropy of a logistic distribution, from its log-scale: log_scale + 2 for each value.

    Use it where a student distribution is fitted to a teacher: the KL divergence is a cross-entropy
    minus this, and without it the student collapses (Parallel WaveNet, arXiv 1711.10433).
    """

    keywords = ("differential entropy", "entropy bonus", "parallel wavenet", "uncertainty")

    def build(self, log_scale: Numbers) -> Call:
        return self.measured(call(operator.add, log_scale, 2.0))


def _require_one_shape(x: Numbers, shift: Numbers, log_scale: Numbers) -> None:
    require_equal(x, shift)
    require_equal(x, log_scale)
