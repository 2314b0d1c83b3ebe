"""Metrics, as plain functions. Those of a whole split come in two parts: what is kept of each
batch, and what is made of all that was kept.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F


def accuracy(prediction: Tensor, label: Tensor) -> Tensor:
    """Accuracy: how often the largest logit is the right class: (N, C, …), (N, …) -> ()."""
    return (prediction.argmax(1) == label).float().mean()


def top_k_accuracy(prediction: Tensor, label: Tensor, k: int) -> Tensor:
    """Top-k accuracy: the share of samples whose right class is among the k largest logits."""
    return (prediction.topk(k, 1).indices == label[:, None]).any(1).float().mean()


def binary_accuracy(score: Tensor, answer: Tensor, threshold: float = 0.0) -> Tensor:
    """Binary accuracy: the share of answers, 0 or 1, that a threshold on the score gets right."""
    return ((score > threshold) == (answer > 0.5)).float().mean()


def right_and_counted(prediction: Tensor, label: Tensor, ignore_index: int = -100) -> Tensor:
    """How many classes are right and how many count: (N, C, …), (N, …) -> (1, 2)."""
    counts = label != ignore_index
    right = (prediction.argmax(1) == label) & counts
    return torch.stack([right.sum(), counts.sum()])[None].float()


def ratio_of_sums(kept: Tensor) -> Tensor:
    """The first of two sums, divided by the second: (…, 2) -> ()."""
    part, whole = kept.sum(0).unbind()
    return part / whole


def class_counts(prediction: Tensor, label: Tensor) -> Tensor:
    """True positives, predictions and labels of each class, counted: (1, C, 3).

    Classes are (N,) with predictions (N, C); yes and no are numbers of the predictions' shape.
    """
    if label.is_floating_point():
        said, right = (prediction > 0).flatten()[:, None], (label > 0.5).flatten()[:, None]
    else:
        classes = prediction.shape[1]
        said = F.one_hot(prediction.argmax(1), classes).bool()
        right = F.one_hot(label, classes).bool()
    return torch.stack([(said & right).sum(0), said.sum(0), right.sum(0)], 1)[None].float()


def precision(kept: Tensor, averaging: str = "macro") -> Tensor:
    """Precision: the share of the predictions of a class that is right."""
    hits, said, right = _counts(kept, averaging)
    return _over_classes(hits / said, said, right, averaging)


def recall(kept: Tensor, averaging: str = "macro") -> Tensor:
    """Recall: the share of a class that is predicted."""
    hits, said, right = _counts(kept, averaging)
    return _over_classes(hits / right, said, right, averaging)


def f1(kept: Tensor, averaging: str = "macro") -> Tensor:
    """F1 score: the harmonic mean of precision and recall."""
    hits, said, right = _counts(kept, averaging)
    return _over_classes(2 * hits / (said + right), said, right, averaging)


def _counts(kept: Tensor, averaging: str) -> tuple[Tensor, Tensor, Tensor]:
    """True positives, predictions and labels of each class; for micro, of all together."""
    counts = kept.sum(0)
    counts = counts.sum(0, keepdim=True) if averaging == "micro" else counts
    hits, said, right = counts.unbind(1)
    return hits, said, right


def _over_classes(value: Tensor, said: Tensor, right: Tensor, averaging: str) -> Tensor:
    """The mean over the classes that occur, each alike or by how often it is right; a class that is
    never predicted or never right has 0.
    """
    weight = right if averaging == "weighted" else (said + right > 0).to(value)
    return (value.nan_to_num(0.0) * weight).sum() / weight.sum()


def scores_and_answers(prediction: Tensor, label: Tensor) -> Tensor:
    """The score of each class and whether it is right, side by side: (N, 2C).

    Classes are (N,) with predictions (N, C); yes and no are numbers of the predictions' shape.
    """
    if label.is_floating_point():
        return torch.cat([prediction.view(len(label), -1), label.view(len(label), -1)], 1)
    return torch.cat([prediction.softmax(1), F.one_hot(label, prediction.shape[1])], 1)


def auroc(kept: Tensor) -> Tensor:
    """Area under the ROC curve: how probably a right answer scores higher than a wrong one, the
    mean over the classes of which there are both; equal scores count half.
    """
    scores, answers = (part.T.contiguous() for part in kept.chunk(2, 1))
    ordered = scores.sort().values
    below = torch.searchsorted(ordered, scores)
    rank = (below + torch.searchsorted(ordered, scores, right=True) + 1) / 2
    yes = answers.sum(1)
    no = answers.shape[1] - yes
    return (((rank * answers).sum(1) - yes * (yes + 1) / 2) / (yes * no)).nanmean()


def squares_and_count(prediction: Tensor, target: Tensor) -> Tensor:
    """The sum of squared differences, and how many there are: (1, 2)."""
    squares = (prediction - target).square()
    return torch.stack([squares.sum(), torch.ones_like(squares).sum()])[None]


def root_of_share(kept: Tensor) -> Tensor:
    """The root of a mean square: the square root of the first of two sums divided by the second."""
    return ratio_of_sums(kept).sqrt()


def joined_columns(prediction: Tensor, target: Tensor) -> Tensor:
    """Predictions and targets side by side: (N, …), (N, …) -> (N, 2F)."""
    return torch.cat([prediction.view(len(target), -1), target.view(len(target), -1)], 1)


def r2(kept: Tensor) -> Tensor:
    """Coefficient of determination: the share of the targets' variance that predictions explain,
    the mean over all targets of a sample.
    """
    prediction, target = kept.chunk(2, 1)
    left = (target - prediction).square().sum(0)
    return (1 - left / (target - target.mean(0)).square().sum(0)).mean()


def nats_and_count(prediction: Tensor, tokens: Tensor, ignore_index: int = -100) -> Tensor:
    """The cross-entropy summed over the tokens that count, in nats, and their number: (N, T, C),
    (N, T) -> (1, 2).
    """
    rows, right = prediction.flatten(0, 1), tokens.flatten()
    nats = F.cross_entropy(rows, right, ignore_index=ignore_index, reduction="sum")
    return torch.stack([nats, (right != ignore_index).sum().to(nats)])[None]


def perplexity(kept: Tensor) -> Tensor:
    """Perplexity: the exponential of the mean cross-entropy."""
    return ratio_of_sums(kept).exp()


def bits_per_dimension(nats: Tensor, dimensions: int = 1) -> Tensor:
    """Bits per dimension: nats of a sample as bits for each of its values."""
    return nats / (dimensions * math.log(2))
