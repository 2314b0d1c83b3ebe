"""Losses: cross-entropies and likelihoods of classes."""

import operator
from typing import Annotated, Any, Literal

import torch
from pydantic import Field, NonNegativeFloat, PositiveFloat
from torch import nn
from torch.nn import functional as F

from graphs.nodetypes.expressions import Apply, Call, Expression, call
from graphs.nodetypes.node_type import Example, Loss, Misfit
from graphs.nodetypes.tensor_kinds import (
    Classes,
    Labels,
    Meta,
    Numbers,
    Sequence,
    Tensor,
    Tokens,
    Vector,
)

_LABELS = Meta((2,), "int64")


class _CrossEntropy(Loss, base=True):
    """What the cross-entropies have in common."""

    label_smoothing: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Label smoothing: how much of the target is spread over all classes, from 0 to 1; 0.1 keeps a
    network from being too sure.
    """
    class_weights: tuple[NonNegativeFloat, ...] = ()
    """Class weights: how much a mistake on each class counts, one number a class, such as 1 and 10
    where the second is rare; none: all count alike.
    """
    ignore_index: int | None = None
    """A class that does not count, such as that of padding; none: all count. A batch in which
    nothing counts has no loss.
    """

    def surprise(self, scores: Expression, classes: Expression, count: int) -> Call | Apply:
        """The call of torch's function, or of its module where it must keep weights."""
        options: dict[str, Any] = {"label_smoothing": self.label_smoothing}
        if self.ignore_index is not None:
            options["ignore_index"] = self.ignore_index
        if not self.class_weights:
            return call(F.cross_entropy, scores, classes, **options)
        if len(self.class_weights) != count:
            given = len(self.class_weights)
            raise Misfit(f"there are {count} classes and {given} class_weights: give one for each")
        weights = call(torch.tensor, [float(weight) for weight in self.class_weights])
        return call(nn.CrossEntropyLoss, weight=weights, **options)(scores, classes)


class CrossEntropy(_CrossEntropy):
    """Cross-entropy of the right class: the usual loss of a classifier, in nats.

    `prediction` are the logits, one for each class, before any softmax; `label` is the right class.
    It says how surprised the network is: guessing among C classes costs log(C).
    """

    keywords = (
        "nn.CrossEntropyLoss",
        "cross entropy loss",
        "ce",
        "softmax loss",
        "categorical crossentropy",
        "sparse categorical crossentropy",
        "log loss",
        "classification loss",
        "logits",
        "label smoothing",
        "class weights",
    )
    examples = (
        Example({}, [(2, 10), _LABELS], [()]),
        Example({"label_smoothing": 0.1}, [(2, 3), _LABELS], [()]),
        Example({"class_weights": [1, 2, 0.5], "ignore_index": 7}, [(2, 3), _LABELS], [()]),
        Example(
            {},
            [(2, 10), (2, 10)],
            problem="label needs (N,) of integers, got (N, 10) of float32",
        ),
        Example({}, [(2, 3, 8, 8), _LABELS], problem="prediction needs (N, F), got (N, 3, 8, 8)"),
        Example(
            {"class_weights": [1, 2]}, [(2, 3), _LABELS], problem="3 classes and 2 class_weights"
        ),
    )

    def build(self, prediction: Vector, label: Labels) -> Call | Apply:
        return self.surprise(prediction, label, prediction.features)


class SequenceCrossEntropy(_CrossEntropy):
    """Cross-entropy of the right token at each step: the usual loss of a language model, in nats a
    step.

    `prediction` are the logits, one for each token at each step, (N, T, C), before any softmax;
    `tokens`, (N, T), are the right ones. Set `ignore_index` to the padding token.
    """

    keywords = (
        "language model loss",
        "token loss",
        "next-token loss",
        "nn.CrossEntropyLoss",
        "seq2seq loss",
        "ignore_index",
        "teacher forcing",
        "logits",
    )
    examples = (
        Example({}, [(2, 7, 10), Meta((2, 7), "int64")], [()]),
        Example({"ignore_index": 0}, [(2, 7, 10), Meta((2, 7), "int64")], [()]),
        Example(
            {},
            [(2, 7, 10), Meta((2, 6), "int64")],
            problem="needs as many steps in tokens as in prediction, got 6 and 7",
        ),
        Example({}, [(2, 10), _LABELS], problem="prediction needs (N, T, F), got (N, 10)"),
    )

    def build(self, prediction: Sequence, tokens: Tokens) -> Call | Apply:
        if prediction.shape[1] != tokens.shape[1]:
            steps = f"{tokens.shape[1]} and {prediction.shape[1]}"
            raise Misfit(f"needs as many steps in tokens as in prediction, got {steps}")
        rows = call(torch.flatten, prediction, 0, 1)
        return self.surprise(rows, call(torch.flatten, tokens), prediction.features)


class PixelCrossEntropy(_CrossEntropy):
    """Cross-entropy of the right class at each pixel, in nats a pixel.

    Use it for semantic segmentation, and for images of a few grey levels, as PixelCNN models them.
    `prediction` are the logits, (N, C, H, W), one channel a class, before any softmax; `label` is
    (N, H, W). Signals, (N, C, T) with (N, T), go as well: a WaveNet's loss.
    """

    keywords = (
        "segmentation loss",
        "per-pixel loss",
        "nn.CrossEntropyLoss",
        "semantic segmentation",
        "unet loss",
        "wavenet loss",
        "logits",
    )
    examples = (
        Example({}, [(2, 3, 8, 8), Meta((2, 8, 8), "int64")], [()]),
        Example({"class_weights": [1, 1, 9]}, [(2, 3, 16), Meta((2, 16), "int64")], [()]),
        Example({}, [(2, 3, 8, 8), _LABELS], problem="label needs (N, 8, 8), got (N,)"),
        Example({}, [(2, 3), _LABELS], problem="needs classes with places, such as (N, C, H, W)"),
    )

    def build(self, prediction: Numbers, label: Classes) -> Call | Apply:
        require_places(prediction, label)
        return self.surprise(prediction, label, prediction.shape[1])


class NegativeLogLikelihood(Loss):
    """Negative log-likelihood of the right class, where the network gives log-probabilities.

    Use it after a LogSoftmax, or where probabilities come from elsewhere, such as a mixture of
    several networks; for logits CrossEntropy does both at once.
    """

    keywords = ("nn.NLLLoss", "nll", "nll loss", "negative log likelihood", "log probabilities")
    examples = (
        Example({}, [(2, 10), _LABELS], [()]),
        Example({}, [(2, 10), (2, 10)], problem="label needs (N,) of integers"),
    )

    def build(self, log_probability: Vector, label: Labels) -> Call:
        return call(F.nll_loss, log_probability, label)


class BinaryCrossEntropy(Loss):
    """Binary cross-entropy of answers of yes or no: the usual loss of a detector, in nats.

    `prediction` are the logits, one for each answer, before any sigmoid. The right answers arrive
    at `answer`, or are all the same number: 1 for what a discriminator should call real, 0 for
    fake.
    """

    keywords = (
        "nn.BCEWithLogitsLoss",
        "bce",
        "bce loss",
        "binary crossentropy",
        "nn.BCELoss",
        "log loss",
        "multi-label",
        "yes or no",
        "gan loss",
        "logits",
        "sigmoid cross entropy",
        "vanilla gan",
        "dcgan",
    )

    target: Annotated[float, Field(ge=0, le=1)] = 1.0
    """The right answer where no wire says it, from 0 (no) to 1 (yes)."""
    reduction: Literal["mean", "sample"] = "mean"
    """The mean over all answers, or the sum over each sample's answers (sample), as a likelihood
    needs; both are means over the batch.
    """
    pos_weight: PositiveFloat | None = None
    """How often a missed yes counts, such as 10 where one answer in ten is a yes; none: once."""
    probabilities: bool = False
    """The prediction is a probability already, from 0 to 1; better is to leave the sigmoid out,
    since the loss is computed more exactly from logits.
    """

    examples = (
        Example({}, [(2, 1)], [()]),
        Example({"target": 0}, [(2, 5), (2, 5)], [()]),
        Example({"reduction": "sample"}, [(2, 1, 8, 8), (2, 1, 8, 8)], [()]),
        Example({"pos_weight": 3.0}, [(2, 5), (2, 5)], [()]),
        Example({"target": 2}, [(2, 1)], problem="target"),
        Example({}, [(2, 10), (2, 1)], problem="needs equal shapes, got (N, 10) and (N, 1)"),
        Example(
            {"probabilities": True, "pos_weight": 2}, [(2, 1)], problem="pos_weight needs scores"
        ),
    )

    def build(self, prediction: Numbers, answer: Numbers | None = None) -> Call | Apply:
        if answer is not None:
            require_equal(prediction, answer)
        target = answer if answer is not None else filled_like(prediction, self.target)
        if self.reduction == "mean":
            return self._surprise(prediction, target)
        return call(operator.truediv, self._surprise(prediction, target, "sum"), prediction.batch)

    def _surprise(self, scores: Numbers, target: Expression, reduction: str = "") -> Call | Apply:
        options = {"reduction": reduction} if reduction else {}
        if self.pos_weight is None:
            made = F.binary_cross_entropy_with_logits
            function = F.binary_cross_entropy if self.probabilities else made
            return call(function, scores, target, **options)
        if self.probabilities:
            raise Misfit(
                "pos_weight needs scores before any sigmoid: take the sigmoid away",
                use={"probabilities": False},
            )
        weight = call(torch.tensor, self.pos_weight)
        return call(nn.BCEWithLogitsLoss, pos_weight=weight, **options)(scores, target)


def filled_like(x: Tensor, value: float) -> Call:
    """The description of a tensor of the same shape that holds one value everywhere."""
    if value in (0.0, 1.0):
        return call(torch.ones_like if value else torch.zeros_like, x)
    return call(torch.full_like, x, value)


def require_equal(left: Tensor, right: Tensor) -> None:
    """Raise Misfit where two shapes differ."""
    if left.shape != right.shape:
        raise Misfit(f"needs equal shapes, got {left.meta.text} and {right.meta.text}")


def require_places(prediction: Tensor, label: Tensor) -> None:
    """Raise Misfit unless there is a class for each place: (N, C, …) and (N, …)."""
    if len(prediction.shape) < 3:
        text = f"needs classes with places, such as (N, C, H, W), got {prediction.meta.text}"
        raise Misfit(text)
    places = Meta((prediction.shape[0], *prediction.shape[2:]))
    if label.shape != places.shape:
        raise Misfit(f"label needs {places.text}, got {label.meta.text}")
