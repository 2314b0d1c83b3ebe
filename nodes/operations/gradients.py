"""Gradients and state: values pass through, gradients are stopped, reversed or sent elsewhere."""

import torch
from pydantic import NonNegativeInt, PositiveFloat

from graphs.nodetypes.expressions import Call, call
from graphs.nodetypes.node_type import Example, Misfit, NodeType
from graphs.nodetypes.tensor_kinds import Numbers
from graphs.nodetypes.time_dependence import alone
from graphs.runtime.layers import gradients


class Detach(NodeType):
    """Stops the gradient (detach): the value passes, and nothing before it is trained by what comes
    after.

    An optimizer moves its own weights alone, so a GAN needs none of these; use it where a loss must
    take a value as given, such as a teacher's answer.
    """

    keywords = (
        "stop gradient",
        "stop_gradient",
        "torch.Tensor.detach",
        "no_grad",
        "torch.no_grad",
        "block gradient",
        "teacher",
        "target network",
    )
    stops_gradient = True
    over_time = alone
    examples = (
        Example({}, [(2, 16)], [(2, 16)]),
        Example({}, [(2, 3, 8, 8)], [(2, 3, 8, 8)]),
        Example({"x": 1}, [(2, 16)], problem="x is not a parameter"),
    )

    def build(self, x: Numbers) -> Call:
        return call(torch.detach, x)


class GradientReversal(NodeType):
    """Gradient reversal: the value passes, and its gradient changes its sign, so that what stands
    before is trained to maximise the loss after it.

    Put it between features and a domain classifier, and the features lose what tells the domains
    apart (Ganin et al. 2016, arXiv 1505.07818).
    """

    keywords = (
        "grl",
        "gradient reversal layer",
        "dann",
        "domain adversarial",
        "domain adaptation",
        "adversarial features",
    )

    strength: PositiveFloat = 1.0
    """What the reversed gradient is multiplied by, the lambda of the paper."""
    steps: NonNegativeInt = 0
    """Over how many training batches the strength grows from 0; 0: it is full from the start."""

    over_time = alone
    examples = (
        Example({}, [(2, 16)], [(2, 16)]),
        Example({"strength": 0.5, "steps": 100}, [(2, 3, 8, 8)], [(2, 3, 8, 8)]),
        Example({"strength": 0}, [(2, 16)], problem="strength"),
    )

    def build(self, x: Numbers) -> Call:
        return call(gradients.GradientReversal, strength=self.strength, steps=self.steps)


class StraightThrough(NodeType):
    """Straight-through estimator: passes `value` on and gives its gradient to `x`, as if the two
    were the same.

    Use it around a step that has no gradient, such as vector quantisation, which takes the nearest
    code; without a wire to `value`, x is rounded (Bengio et al. 2013, arXiv 1308.3432).
    """

    keywords = (
        "ste",
        "straight-through estimator",
        "vq",
        "vector quantisation",
        "vq-vae",
        "round",
        "rounding",
        "discrete codes",
        "gumbel",
    )
    examples = (
        Example({}, [(2, 16)], [(2, 16)]),
        Example({}, [(2, 16), (2, 16)], [(2, 16)]),
        Example({}, [(2, 16), (2, 8)], problem="needs equal shapes, got (N, 16) and (N, 8)"),
    )

    def build(self, x: Numbers, value: Numbers | None = None) -> Call:
        if value is None:
            return call(gradients.straight_through, x, call(torch.round, x))
        if x.shape != value.shape:
            raise Misfit(f"needs equal shapes, got {x.meta.text} and {value.meta.text}")
        return call(gradients.straight_through, x, value)


class Clamp(NodeType):
    """Clamps values between two limits; what lies outside gets the limit and no gradient.

    Use it on what must not run away, such as a log-variance.
    """

    keywords = ("torch.clamp", "clip", "clip values", "limit", "bound", "minimum and maximum")

    minimum: float | None = None
    """The lower limit; none: there is none."""
    maximum: float | None = None
    """The upper limit; none: there is none."""

    over_time = alone
    examples = (
        Example({"minimum": -0.5, "maximum": 0.5}, [(2, 16)], [(2, 16)]),
        Example({"minimum": 0.0}, [(2, 3, 8, 8)], [(2, 3, 8, 8)]),
        Example({}, [(2, 16)], problem="needs a minimum or a maximum"),
        Example({"minimum": 1, "maximum": 0}, [(2, 16)], problem="the minimum is above the"),
    )

    def build(self, x: Numbers) -> Call:
        if self.minimum is None and self.maximum is None:
            raise Misfit("needs a minimum or a maximum", use={"minimum": -10.0, "maximum": 10.0})
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise Misfit("the minimum is above the maximum: exchange the two")
        return call(torch.clamp, x, min=self.minimum, max=self.maximum)
