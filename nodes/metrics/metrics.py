"""Metrics: accuracy, precision, recall, F1 and AUROC."""

from typing import Any, Literal

import torch
from pydantic import PositiveInt

from graphs.nodetypes.expressions import Call, Expression, call
from graphs.nodetypes.node_type import Example, Metric, Misfit
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
from graphs.runtime.measures import metrics
from nodes.losses.classification_losses import require_equal, require_places

_LABELS = Meta((2,), "int64")
_TOKENS = Meta((2, 7), "int64")


class Accuracy(Metric):
    """Accuracy: the share of samples whose largest logit is of the right class, from 0 to 1."""

    keywords = ("acc", "classification accuracy", "top-1", "correct", "torchmetrics", "error rate")
    examples = (
        Example({}, [(2, 10), _LABELS], [()]),
        Example({}, [(2, 10), (2,)], problem="label needs (N,) of integers"),
    )

    def build(self, prediction: Vector, label: Labels) -> Call:
        return call(metrics.accuracy, prediction, label)


class TopKAccuracy(Metric):
    """Top-k accuracy: the share of samples whose right class is among the k largest logits, from 0
    to 1.

    Use it with many classes, of which several may fit a sample: ImageNet's usual k is 5.
    """

    keywords = ("top 5", "top-5", "top-k accuracy", "imagenet accuracy")

    k: PositiveInt = 5
    """How many predictions may be looked at."""

    examples = (
        Example({}, [(2, 10), _LABELS], [()]),
        Example({"k": 2}, [(2, 3), _LABELS], [()]),
        Example({}, [(2, 3), _LABELS], problem="there are 3 classes, and k is 5"),
    )

    def build(self, prediction: Vector, label: Labels) -> Call:
        if self.k > prediction.features:
            text = f"there are {prediction.features} classes, and k is {self.k}: choose fewer"
            raise Misfit(text, use={"k": prediction.features})
        return call(metrics.top_k_accuracy, prediction, label, k=self.k)


class BinaryAccuracy(Metric):
    """Accuracy of answers of yes or no: the share that is right, from 0 to 1.

    Use it beside BinaryCrossEntropy: a prediction above the threshold says yes. `answer` is 1 for
    yes and 0 for no. Where one answer is rare, saying the other always looks good: watch F1 or
    AUROC too.
    """

    keywords = ("binary classification accuracy", "threshold", "multi-label accuracy")

    threshold: float = 0.0
    """What a prediction must exceed to say yes: 0 for logits, 0.5 for probabilities."""

    examples = (
        Example({}, [(2, 1), (2, 1)], [()]),
        Example({"threshold": 0.5}, [(2, 1, 4, 4), (2, 1, 4, 4)], [()]),
        Example({}, [(2, 1), (2,)], problem="needs equal shapes, got (N, 1) and (N,)"),
    )

    def build(self, prediction: Numbers, answer: Numbers) -> Call:
        require_equal(prediction, answer)
        options = {"threshold": self.threshold} if self.threshold else {}
        return call(metrics.binary_accuracy, prediction, answer, **options)


class _Counted(Metric, base=True):
    """The share of classes that are right among those that count."""

    ignore_index: int | None = None
    """A class that does not count, such as that of padding; none: all count."""

    @property
    def over_split(self) -> bool:  # type: ignore[override]
        """Where some do not count, batches do not count alike."""
        return self.ignore_index is not None

    def share(self, prediction: Expression, label: Expression) -> Call:
        """The description of the share."""
        if self.ignore_index is None:
            return call(metrics.accuracy, prediction, label)
        kept = call(metrics.right_and_counted, prediction, label, ignore_index=self.ignore_index)
        return call(metrics.ratio_of_sums, kept)


class TokenAccuracy(_Counted):
    """Token accuracy: the share of tokens that are right, over all steps of all sequences, from 0
    to 1.

    Use it beside SequenceCrossEntropy, with the same `ignore_index`.
    """

    keywords = ("sequence accuracy", "next-token accuracy", "per-token accuracy")
    examples = (
        Example({}, [(2, 7, 10), _TOKENS], [()]),
        Example({"ignore_index": 0}, [(2, 7, 10), _TOKENS], [()]),
        Example({}, [(2, 7, 10), Meta((2, 6), "int64")], problem="needs as many steps in tokens"),
    )

    def build(self, prediction: Sequence, tokens: Tokens) -> Call:
        require_steps(prediction, tokens)
        return self.share(call(torch.transpose, prediction, 1, 2), tokens)


class PixelAccuracy(_Counted):
    """Pixel accuracy: the share of pixels whose largest logit is that of the right class, from 0 to
    1.

    Use it beside PixelCrossEntropy, with the same `ignore_index`: `prediction` is (N, C, H, W),
    `label` (N, H, W).
    """

    keywords = ("segmentation accuracy", "per-pixel accuracy", "semantic segmentation")
    examples = (
        Example({}, [(2, 3, 8, 8), Meta((2, 8, 8), "int64")], [()]),
        Example({"ignore_index": 0}, [(2, 3, 16), Meta((2, 16), "int64")], [()]),
        Example({}, [(2, 3, 8, 8), _LABELS], problem="label needs (N, 8, 8), got (N,)"),
    )

    def build(self, prediction: Numbers, label: Classes) -> Call:
        require_places(prediction, label)
        return self.share(prediction, label)


class _OfClasses(Metric, base=True):
    """What is measured for each class, and made one number."""

    average: Literal["macro", "micro", "weighted"] = "macro"
    """Each class counts alike (macro), or as often as it occurs (weighted); or all decisions are
    counted together (micro), which for one class a sample is the accuracy.
    """

    examples = (
        Example({}, [(2, 10), _LABELS], [()]),
        Example({"average": "micro"}, [(2, 3), _LABELS], [()]),
        Example({}, [(2, 1), (2, 1)], [()]),
        Example({}, [(2, 3), (2, 1)], problem="label needs (N,) of integers, a class for"),
        Example({"average": "best"}, [(2, 10), _LABELS], problem="average"),
    )

    over_split = True

    def measured(self, measure: Any, prediction: Numbers, label: Tensor) -> Call:
        """The description of a measure of the counts of all batches."""
        _require_answers(prediction, label)
        return call(measure, call(metrics.class_counts, prediction, label), averaging=self.average)


class Precision(_OfClasses):
    """Precision: of what the network says, the share that is right, from 0 to 1.

    Use it where a false positive is dear. `label` is a class for each sample, with (N, C)
    predictions; or 1 for yes and 0 for no in the prediction's shape. A class that the network never
    says has 0. It is counted over the whole split, not batch by batch.
    """

    keywords = ("positive predictive value", "macro precision", "sklearn.metrics", "torchmetrics")

    def build(self, prediction: Numbers, label: Tensor) -> Call:
        return self.measured(metrics.precision, prediction, label)


class Recall(_OfClasses):
    """Recall (sensitivity): the share of what is there that the network finds, from 0 to 1.

    Use it where a false negative is dear. `label` is a class for each sample, with (N, C)
    predictions; or 1 for yes and 0 for no in the prediction's shape. It is counted over the whole
    split, not batch by batch.
    """

    keywords = ("sensitivity", "true positive rate", "hit rate", "torchmetrics")

    def build(self, prediction: Numbers, label: Tensor) -> Call:
        return self.measured(metrics.recall, prediction, label)


class F1(_OfClasses):
    """F1 score: the harmonic mean of precision and recall, from 0 to 1, high only where both are.

    Use it in the place of accuracy where classes are unequally frequent. `label` is a class for
    each sample, with (N, C) predictions; or 1 for yes and 0 for no in the prediction's shape. It is
    counted over the whole split, not batch by batch.
    """

    keywords = (
        "f1 score",
        "f-score",
        "f-measure",
        "dice",
        "dice score",
        "macro f1",
        "torchmetrics",
    )

    def build(self, prediction: Numbers, label: Tensor) -> Call:
        return self.measured(metrics.f1, prediction, label)


class AUROC(Metric):
    """Area under the ROC curve (AUROC): how probably something right scores higher than something
    wrong, 0.5 for guessing and 1 for a perfect order.

    Use it where no threshold is chosen yet. `label` is a class for each sample, with (N, C)
    predictions: the mean over the classes, each against all others; or 1 for yes and 0 for no in
    the prediction's shape. It is measured over the whole split, whose scores are kept until its
    end. A class that is always or never right is left out.
    """

    keywords = ("auc", "roc", "roc auc", "area under the curve", "roc curve", "torchmetrics")
    examples = (
        Example({}, [(2, 10), _LABELS], [()]),
        Example({}, [(2, 1), (2, 1)], [()]),
        Example({}, [(2, 3), (2, 1)], problem="label needs (N,) of integers, a class for"),
    )

    over_split = True

    def build(self, prediction: Numbers, label: Tensor) -> Call:
        _require_answers(prediction, label)
        return call(metrics.auroc, call(metrics.scores_and_answers, prediction, label))


def require_steps(prediction: Tensor, tokens: Tensor) -> None:
    """Raise Misfit unless there is a token for each step."""
    if prediction.shape[1] != tokens.shape[1]:
        steps = f"{tokens.shape[1]} and {prediction.shape[1]}"
        raise Misfit(f"needs as many steps in tokens as in prediction, got {steps}")


def _require_answers(prediction: Tensor, label: Tensor) -> None:
    """A class for each sample, or yes and no in the prediction's shape."""
    classes = len(prediction.shape) == 2 and label.shape == prediction.shape[:1]
    if label.shape == prediction.shape if label.meta.floating else classes:
        return
    needed = f"(N,) of integers, a class for each sample, or {prediction.meta.text}"
    raise Misfit(f"label needs {needed}, got {label.meta.text} of {label.meta.dtype}")
