"""Losses: one number that says how wrong the network is, for an optimizer to make small."""

from typing import Annotated

import torch
from pydantic import Field
from torch.nn import functional as F

from graphs.expressions import Call, call
from graphs.kinds import Labels, Meta, Numbers, Vector
from graphs.node_type import Example, Loss, Misfit

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


class BinaryCrossEntropy(Loss):
    """How surprised the network is by a yes or a no: the usual loss of a detector, in nats.

    `prediction` is a number for each answer, before any sigmoid. The right answers arrive at
    `answer`, or are all the same number: 1 for what a discriminator should call real, 0 for fake.
    """

    target: Annotated[float, Field(ge=0, le=1)] = 1.0
    """The right answer where no wire says it, from 0 (no) to 1 (yes)."""

    examples = (
        Example({}, [(2, 1)], [()]),
        Example({"target": 0}, [(2, 5), (2, 5)], [()]),
        Example({"target": 2}, [(2, 1)], problem="target"),
        Example({}, [(2, 10), (2, 1)], problem="needs equal shapes, got (N, 10) and (N, 1)"),
    )

    def build(self, prediction: Numbers, answer: Numbers | None = None) -> Call:
        if answer is not None and prediction.shape != answer.shape:
            raise Misfit(f"needs equal shapes, got {prediction.meta.text} and {answer.meta.text}")
        target = answer if answer is not None else call(torch.full_like, prediction, self.target)
        return call(F.binary_cross_entropy_with_logits, prediction, target)


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
        if prediction.shape != target.shape:
            raise Misfit(f"needs equal shapes, got {prediction.meta.text} and {target.meta.text}")
        return call(F.mse_loss, prediction, target)
