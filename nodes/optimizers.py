"""Optimizers: statements that a loss be made small by moving weights."""

from typing import Annotated

import torch
from pydantic import Field, NonNegativeFloat, PositiveFloat

from graphs.expressions import Expression, call
from graphs.kinds import Scalar, Weights
from graphs.node_type import Example, Optimizer


class SGD(Optimizer):
    """Stochastic gradient descent: moves each weight a little against its gradient, with momentum
    if wanted.

    Use it for convolutional networks that train long; it wants a larger learning rate than Adam.
    """

    lr: PositiveFloat = 0.01
    """Learning rate: how far a step goes."""
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    """How much of the last step's direction is kept, from 0 to below 1."""
    weight_decay: NonNegativeFloat = 0.0
    """How strongly weights are pulled towards zero."""
    nesterov: bool = False
    """Look ahead along the momentum before taking the gradient."""

    examples = (
        Example({}, [()], []),
        Example({"lr": 0}, [()], problem="lr"),
        Example({}, [(2, 10)], problem="loss needs one number, such as a loss, got (N, 10)"),
    )

    def build(self, loss: Scalar, *weights: Weights) -> Expression:
        return call(
            torch.optim.SGD,
            weights[0],
            lr=self.lr,
            momentum=self.momentum,
            weight_decay=self.weight_decay,
            nesterov=self.nesterov,
        )


class AdamW(Optimizer):
    """Adam with decoupled weight decay: every weight has a step size of its own. The choice that
    mostly just works.

    Loshchilov and Hutter 2017, arXiv 1711.05101.
    """

    lr: PositiveFloat = 0.001
    """Learning rate: how far a step goes."""
    beta1: Annotated[float, Field(ge=0, lt=1)] = 0.9
    """How long the mean of past gradients lasts, from 0 to below 1."""
    beta2: Annotated[float, Field(ge=0, lt=1)] = 0.999
    """How long the mean of past squared gradients lasts, from 0 to below 1."""
    weight_decay: NonNegativeFloat = 0.01
    """How strongly weights are pulled towards zero."""

    examples = (
        Example({}, [()], []),
        Example({"beta1": 1}, [()], problem="beta1"),
        Example({}, [(2,)], problem="loss needs one number, such as a loss, got (N,)"),
    )

    def build(self, loss: Scalar, *weights: Weights) -> Expression:
        return call(
            torch.optim.AdamW,
            weights[0],
            lr=self.lr,
            betas=(self.beta1, self.beta2),
            weight_decay=self.weight_decay,
        )
