"""Losses: of regression and reconstruction."""

import operator
from typing import Literal

from pydantic import PositiveFloat
from torch.nn import functional as F

from graphs.nodetypes.expressions import Call, call
from graphs.nodetypes.node_type import Example, Loss
from graphs.nodetypes.tensor_kinds import Image, Numbers
from graphs.runtime.measures.losses import total_variation
from nodes.losses.classification_losses import require_equal

_UNEQUAL = Example({}, [(2, 10), (2, 1)], problem="needs equal shapes, got (N, 10) and (N, 1)")


class MeanSquaredError(Loss):
    """Mean squared error (MSE, L2): the mean of the squared differences between prediction and
    target, the usual loss of a regression.
    """

    keywords = (
        "nn.MSELoss",
        "mse",
        "mse loss",
        "l2",
        "l2 loss",
        "squared error",
        "regression loss",
        "reconstruction loss",
        "quadratic loss",
    )
    examples = (
        Example({}, [(2, 10), (2, 10)], [()]),
        Example({}, [(2, 3, 8, 8), (2, 3, 8, 8)], [()]),
        _UNEQUAL,
    )

    def build(self, prediction: Numbers, target: Numbers) -> Call:
        require_equal(prediction, target)
        return call(F.mse_loss, prediction, target)


class MeanAbsoluteError(Loss):
    """Mean absolute error (L1): the mean of the absolute differences between prediction and target.

    Use it where a few targets are outliers, which would dominate a squared error.
    """

    keywords = (
        "nn.L1Loss",
        "l1",
        "l1 loss",
        "mae loss",
        "absolute error",
        "regression loss",
        "reconstruction loss",
    )
    examples = (
        Example({}, [(2, 10), (2, 10)], [()]),
        Example({}, [(2, 3, 8, 8), (2, 3, 8, 8)], [()]),
        _UNEQUAL,
    )

    def build(self, prediction: Numbers, target: Numbers) -> Call:
        require_equal(prediction, target)
        return call(F.l1_loss, prediction, target)


class Huber(Loss):
    """Huber loss: a squared error for small differences and an absolute one, times delta, for large
    ones.

    Use it where a few targets are outliers and the others should still be met exactly, as for
    values in reinforcement learning.
    """

    keywords = ("nn.HuberLoss", "huber loss", "robust regression", "outliers")

    delta: PositiveFloat = 1.0
    """The difference at which it goes over from squared to linear, in units of the target."""

    examples = (
        Example({}, [(2, 10), (2, 10)], [()]),
        Example({"delta": 0.5}, [(2, 3, 8, 8), (2, 3, 8, 8)], [()]),
        Example({"delta": 0}, [(2, 10), (2, 10)], problem="delta"),
        _UNEQUAL,
    )

    def build(self, prediction: Numbers, target: Numbers) -> Call:
        require_equal(prediction, target)
        return call(F.huber_loss, prediction, target, delta=self.delta)


class SmoothL1(Loss):
    """Smooth L1 loss: an absolute error whose corner at 0 is rounded; it is Huber's loss divided by
    beta.

    Use it for bounding boxes in object detection (Girshick 2015, arXiv 1504.08083).
    """

    keywords = (
        "nn.SmoothL1Loss",
        "smooth l1 loss",
        "robust regression",
        "box regression",
        "object detection",
    )

    beta: PositiveFloat = 1.0
    """The difference below which it is squared; far above, the slope is 1 whatever beta is."""

    examples = (
        Example({}, [(2, 4), (2, 4)], [()]),
        Example({"beta": 0.1}, [(2, 3, 8, 8), (2, 3, 8, 8)], [()]),
        _UNEQUAL,
    )

    def build(self, prediction: Numbers, target: Numbers) -> Call:
        require_equal(prediction, target)
        return call(F.smooth_l1_loss, prediction, target, beta=self.beta)


class TotalVariation(Loss):
    """Total variation: how much neighbouring pixels differ, up and down and left and right; small
    for smooth images.

    Use it, with a small weight, beside another loss, to keep generated images free of speckles
    (Rudin et al. 1992).
    """

    keywords = (
        "tv loss",
        "smoothness",
        "image prior",
        "denoising",
        "regularisation",
        "total variation loss",
    )

    reduction: Literal["mean", "sample"] = "mean"
    """The mean over all pairs of neighbours, or the sum over each image's (sample), as papers
    define it; both are means over the batch.
    """

    examples = (
        Example({}, [(2, 3, 8, 8)], [()]),
        Example({"reduction": "sample"}, [(2, 1, 8, 6)], [()]),
        Example({}, [(2, 16)], problem="image needs (N, C, H, W), got (N, 16)"),
    )

    def build(self, image: Image) -> Call:
        if self.reduction == "mean":
            return call(total_variation, image)
        total = call(total_variation, image, reduction="sum")
        return call(operator.truediv, total, image.batch)
