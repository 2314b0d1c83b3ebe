"""Metrics: of regression, and of likelihoods."""

import math

from torch.nn import functional as F

from graphs.nodetypes.expressions import Call, call
from graphs.nodetypes.node_type import Example, Metric, Misfit
from graphs.nodetypes.tensor_kinds import (
    Meta,
    Numbers,
    Scalar,
    Sequence,
    Tensor,
    Tokens,
    is_symbolic,
)
from graphs.runtime.measures import metrics
from nodes.losses.classification_losses import require_equal
from nodes.metrics.metrics import require_steps

_PAIRS = (
    Example({}, [(2, 1), (2, 1)], [()]),
    Example({}, [(2, 3, 8), (2, 3, 8)], [()]),
    Example({}, [(2, 10), (2, 1)], problem="needs equal shapes, got (N, 10) and (N, 1)"),
)
_TOKENS = Meta((2, 7), "int64")


class MAE(Metric):
    """Mean absolute error (MAE): how far predictions lie from targets on average, in their units.

    Use it to say how good a regression is in words that everyone understands.
    """

    keywords = ("mean absolute error", "l1 metric", "absolute error", "regression metric")
    better = "min"
    examples = _PAIRS

    def build(self, prediction: Numbers, target: Numbers) -> Call:
        require_equal(prediction, target)
        return call(F.l1_loss, prediction, target)


class RMSE(Metric):
    """Root mean squared error (RMSE), in the targets' units; large errors count more than in the
    MAE.

    It is measured over the whole split: the root of a mean is not the mean of roots.
    """

    keywords = ("root mean squared error", "rms error", "regression metric")
    better = "min"
    over_split = True
    examples = _PAIRS

    def build(self, prediction: Numbers, target: Numbers) -> Call:
        require_equal(prediction, target)
        return call(metrics.root_of_share, call(metrics.squares_and_count, prediction, target))


class R2(Metric):
    """Coefficient of determination (R²): the share of the targets' variance that the predictions
    explain. 1 is perfect, 0 as good as always saying the mean, below 0 worse.

    Use it to compare regressions whose targets have different units. It is measured over the whole
    split; of targets with several numbers, it is the mean over these. Predictions and targets are
    kept until the split's end.
    """

    keywords = (
        "r squared",
        "r2 score",
        "coefficient of determination",
        "explained variance",
        "regression metric",
    )
    over_split = True
    examples = _PAIRS

    def build(self, prediction: Numbers, target: Numbers) -> Call:
        require_equal(prediction, target)
        return call(metrics.r2, call(metrics.joined_columns, prediction, target))


class Perplexity(Metric):
    """Perplexity: the exponential of a language model's cross-entropy, that is, among how many
    equally probable tokens it hesitates. 1 is perfect; guessing among C tokens is C.

    `prediction`, (N, T, C), are the logits of each token, before any softmax. It is measured over
    the whole split: the mean of the nats comes first, then the exponential.
    """

    keywords = ("ppl", "language model metric", "exp of cross entropy", "bits per character")
    better = "min"
    ignore_index: int | None = None
    """A token that does not count, such as that of padding; none: all count."""

    examples = (
        Example({}, [(2, 7, 10), _TOKENS], [()]),
        Example({"ignore_index": 0}, [(2, 7, 10), _TOKENS], [()]),
        Example({}, [(2, 7, 10), Meta((2, 6), "int64")], problem="needs as many steps in tokens"),
    )

    over_split = True

    def build(self, prediction: Sequence, tokens: Tokens) -> Call:
        require_steps(prediction, tokens)
        ignored = {} if self.ignore_index is None else {"ignore_index": self.ignore_index}
        kept = call(metrics.nats_and_count, prediction, tokens, **ignored)
        return call(metrics.perplexity, kept)


class BitsPerDimension(Metric):
    """Bits per dimension: a likelihood in bits for each value of a sample, by which models of
    images and sound are compared.

    Wire the loss in nats to `nats`. Where it is summed over each sample, wire the data to `like`,
    and it is divided by how many values a sample has; a loss that is a mean already, such as
    PixelCrossEntropy, needs no `like`.
    """

    keywords = (
        "bpd",
        "bits per dim",
        "bits per byte",
        "likelihood metric",
        "nats to bits",
        "bits per pixel",
    )
    better = "min"
    examples = (
        Example({}, [()], [()]),
        Example({}, [(), (2, 1, 8, 8)], [()]),
        Example({}, [(), Meta((2, 16), "int64")], [()]),
        Example({}, [(2,)], problem="nats needs a scalar, such as a loss, got (N,)"),
    )

    def build(self, nats: Scalar, like: Tensor | None = None) -> Call:
        if like is None:
            return call(metrics.bits_per_dimension, nats)
        sizes = like.shape[1:]
        if not like.shape or any(map(is_symbolic, sizes)):
            raise Misfit(f"needs samples of one size in like, got {like.meta.text}")
        return call(metrics.bits_per_dimension, nats, math.prod(sizes))
