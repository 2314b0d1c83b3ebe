"""Losses: one number that says how wrong the network is, for an optimizer to make small."""

import operator
from typing import Annotated, Literal

import torch
from pydantic import Field, PositiveFloat
from torch.nn import functional as F

from graphs.expressions import Call, call
from graphs.kinds import Labels, Meta, Numbers, Sequence, Tensor, Tokens, Vector
from graphs.node_type import Example, Loss, Misfit
from nodes.modules.distributions import distillation, kl_to_normal

_LABELS = Meta((2,), "int64")


class CrossEntropy(Loss):
    """How surprised the network is by the right class: the usual loss of a classifier, in nats.

    `prediction` is one number for each class, before any softmax; `label` is the right class.
    Guessing among C classes costs log(C).
    """

    label_smoothing: Annotated[float, Field(ge=0, le=1)] = 0.0
    """How much of the right answer is spread over all classes, from 0 to 1; 0.1 keeps a network
    from being too sure.
    """

    examples = (
        Example({}, [(2, 10), _LABELS], [()]),
        Example({"label_smoothing": 0.1}, [(2, 3), _LABELS], [()]),
        Example(
            {},
            [(2, 10), (2, 10)],
            problem="label needs (N,) of whole numbers, got (N, 10) of float32",
        ),
        Example({}, [(2, 3, 8, 8), _LABELS], problem="prediction needs (N, F), got (N, 3, 8, 8)"),
    )

    def build(self, prediction: Vector, label: Labels) -> Call:
        return call(F.cross_entropy, prediction, label, label_smoothing=self.label_smoothing)


class SequenceCrossEntropy(Loss):
    """How surprised the network is by the right token at each step: the usual loss of a language
    model, in nats a step.

    `prediction` is one number for each token at each step, before any softmax; `tokens` are the
    right ones.
    """

    examples = (
        Example({}, [(2, 7, 10), Meta((2, 7), "int64")], [()]),
        Example(
            {},
            [(2, 7, 10), Meta((2, 6), "int64")],
            problem="needs as many steps in tokens as in prediction, got 6 and 7",
        ),
        Example({}, [(2, 10), _LABELS], problem="prediction needs (N, T, F), got (N, 10)"),
    )

    def build(self, prediction: Sequence, tokens: Tokens) -> Call:
        if prediction.shape[1] != tokens.shape[1]:
            steps = f"{tokens.shape[1]} and {prediction.shape[1]}"
            raise Misfit(f"needs as many steps in tokens as in prediction, got {steps}")
        rows = call(torch.flatten, prediction, 0, 1)
        return call(F.cross_entropy, rows, call(torch.flatten, tokens))


class BinaryCrossEntropy(Loss):
    """How surprised the network is by a yes or a no: the usual loss of a detector, in nats.

    `prediction` is a number for each answer, before any sigmoid. The right answers arrive at
    `answer`, or are all the same number: 1 for what a discriminator should call real, 0 for fake.
    """

    target: Annotated[float, Field(ge=0, le=1)] = 1.0
    """The right answer where no wire says it, from 0 (no) to 1 (yes)."""
    reduction: Literal["mean", "sample"] = "mean"
    """The mean over all answers, or the sum over each sample's answers (sample), as a likelihood
    needs; both are means over the batch.
    """

    examples = (
        Example({}, [(2, 1)], [()]),
        Example({"target": 0}, [(2, 5), (2, 5)], [()]),
        Example({"reduction": "sample"}, [(2, 1, 8, 8), (2, 1, 8, 8)], [()]),
        Example({"target": 2}, [(2, 1)], problem="target"),
        Example({}, [(2, 10), (2, 1)], problem="needs equal shapes, got (N, 10) and (N, 1)"),
    )

    def build(self, prediction: Numbers, answer: Numbers | None = None) -> Call:
        if answer is not None:
            _require_equal(prediction, answer)
        target = answer if answer is not None else call(torch.full_like, prediction, self.target)
        if self.reduction == "mean":
            return call(F.binary_cross_entropy_with_logits, prediction, target)
        total = call(F.binary_cross_entropy_with_logits, prediction, target, reduction="sum")
        return call(operator.truediv, total, prediction.batch)


class MeanSquaredError(Loss):
    """The mean of the squared differences between prediction and target: the usual loss where a
    number is wanted.
    """

    examples = (
        Example({}, [(2, 10), (2, 10)], [()]),
        Example({}, [(2, 3, 8, 8), (2, 3, 8, 8)], [()]),
        Example({}, [(2, 10), (2, 1)], problem="needs equal shapes, got (N, 10) and (N, 1)"),
    )

    def build(self, prediction: Numbers, target: Numbers) -> Call:
        _require_equal(prediction, target)
        return call(F.mse_loss, prediction, target)


class MeanAbsoluteError(Loss):
    """The mean of the differences between prediction and target, whatever their sign (L1).

    Use it where a few targets lie far off, which would rule a squared error.
    """

    examples = (
        Example({}, [(2, 10), (2, 10)], [()]),
        Example({}, [(2, 3, 8, 8), (2, 3, 8, 8)], [()]),
        Example({}, [(2, 10), (2, 1)], problem="needs equal shapes, got (N, 10) and (N, 1)"),
    )

    def build(self, prediction: Numbers, target: Numbers) -> Call:
        _require_equal(prediction, target)
        return call(F.l1_loss, prediction, target)


class KLToNormal(Loss):
    """How far the normal distributions that a network gives lie from the standard one, in nats a
    sample.

    Use it beside a likelihood in a variational autoencoder: it keeps codes where a generator can
    draw them (Kingma and Welling 2013, arXiv 1312.6114).
    """

    examples = (
        Example({}, [(2, 8), (2, 8)], [()]),
        Example({}, [(2, 4, 3, 3), (2, 4, 3, 3)], [()]),
        Example({}, [(2, 8), (2, 4)], problem="needs equal shapes, got (N, 8) and (N, 4)"),
    )

    def build(self, mean: Numbers, log_variance: Numbers) -> Call:
        _require_equal(mean, log_variance)
        return call(kl_to_normal, mean, log_variance)


class Distillation(Loss):
    """How far a student's answers are from a teacher's, both softened by a temperature, in nats
    times its square.

    Use it to train a small network on what a large one says, with no labels at all (Hinton et al.
    2015, arXiv 1503.02531). A Detach before `teacher` leaves the teacher as it is.
    """

    temperature: PositiveFloat = 3.0
    """How soft the answers are: above 1 the student sees which wrong answers are nearly right."""

    examples = (
        Example({}, [(2, 10), (2, 10)], [()]),
        Example({"temperature": 1}, [(2, 3), (2, 3)], [()]),
        Example({}, [(2, 10), (2, 3)], problem="needs equal shapes, got (N, 10) and (N, 3)"),
    )

    def build(self, prediction: Vector, teacher: Vector) -> Call:
        _require_equal(prediction, teacher)
        return call(distillation, prediction, teacher, temperature=self.temperature)


def _require_equal(left: Tensor, right: Tensor) -> None:
    if left.shape != right.shape:
        raise Misfit(f"needs equal shapes, got {left.meta.text} and {right.meta.text}")
