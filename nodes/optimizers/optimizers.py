"""Optimizers: stochastic gradient descent and its adaptive variants."""

from collections.abc import Callable
from typing import Annotated, Any

import torch
from pydantic import Field, NonNegativeFloat, PositiveFloat

from graphs.nodetypes.expressions import Call, Expression, call
from graphs.nodetypes.node_type import Example, Optimizer
from graphs.nodetypes.tensor_kinds import Scalar, Weights

Share = Annotated[float, Field(ge=0, lt=1)]
"""From 0 to below 1."""
NO_LOSS = Example({}, [(2,)], problem="loss needs a scalar, such as a loss, got (N,)")


class SGD(Optimizer):
    """Stochastic gradient descent (SGD): moves each weight a little against its gradient, with
    momentum.

    Use it for convolutional networks that train long; it wants a larger learning rate than Adam.
    """

    keywords = (
        "torch.optim.SGD",
        "stochastic gradient descent",
        "momentum",
        "nesterov",
        "gradient descent",
    )

    lr: PositiveFloat = 0.01
    """Learning rate: how far a step goes."""
    momentum: Share = 0.9
    """Momentum: how much of the last step's direction is kept, from 0 to below 1; 0 is none."""
    weight_decay: NonNegativeFloat = 0.0
    """Weight decay: how strongly weights are pulled towards zero."""
    nesterov: bool = False
    """Nesterov momentum: look ahead along the momentum before taking the gradient."""
    fused: bool = False
    """Move all weights in one operation: faster on a GPU, with other last digits of the losses."""

    examples = (
        Example({}, [()], []),
        Example({"lr": 0}, [()], problem="lr"),
        Example({}, [(2, 10)], problem="loss needs a scalar, such as a loss, got (N, 10)"),
    )

    def build(self, loss: Scalar, *weights: Weights) -> Expression:
        return call(
            torch.optim.SGD,
            weights[0],
            lr=self.lr,
            momentum=self.momentum,
            weight_decay=self.weight_decay,
            nesterov=self.nesterov,
            **({"fused": True} if self.fused else {}),
        )


class _Adaptive(Optimizer, base=True):
    """Optimizers with a mean of past gradients and one of their squares."""

    lr: PositiveFloat = 0.001
    """Learning rate: how far a step goes."""
    beta1: Share = 0.9
    """Decay of the mean of past gradients, from 0 to below 1: the higher, the longer it lasts."""
    beta2: Share = 0.999
    """Decay of the mean of past squared gradients, from 0 to below 1."""
    weight_decay: NonNegativeFloat = 0.0
    """Weight decay: how strongly weights are pulled towards zero."""
    eps: PositiveFloat = 1e-8
    """A small number that keeps steps finite where gradients are tiny; larger ones, such as 1e-4,
    make the steps calmer.
    """

    examples = (
        Example({}, [()], []),
        Example({"eps": 1e-4}, [()], []),
        Example({"beta1": 1}, [()], problem="beta1"),
        NO_LOSS,
    )

    def made(self, target: Callable[..., Any], weights: Expression, **options: Any) -> Call:
        """The description of the optimizer."""
        eps = {} if self.eps == 1e-8 else {"eps": self.eps}
        return call(
            target,
            weights,
            lr=self.lr,
            betas=(self.beta1, self.beta2),
            weight_decay=self.weight_decay,
            **eps,
            **options,
        )


class _Adam(_Adaptive, base=True):
    """Options of Adam in both its forms."""

    amsgrad: bool = False
    """Never let a step grow again once gradients were large (Reddi et al. 2018, arXiv 1904.09237).
    """
    fused: bool = False
    """Move all weights in one operation: faster on a GPU, with other last digits of the losses."""

    def flags(self) -> dict[str, bool]:
        """The flags that are set."""
        return {name: True for name in ("amsgrad", "fused") if getattr(self, name)}


class Adam(_Adam):
    """Adam: gives every weight a step size of its own, by running means of its gradient and of its
    square.

    Use it where a paper says Adam; its weight decay is part of the gradient (L2), which AdamW
    mended (Kingma and Ba 2014, arXiv 1412.6980).
    """

    keywords = ("torch.optim.Adam", "adaptive moments", "amsgrad")

    def build(self, loss: Scalar, *weights: Weights) -> Expression:
        return self.made(torch.optim.Adam, weights[0], **self.flags())


class AdamW(_Adam):
    """Adam with decoupled weight decay: every weight has a step size of its own.

    Use it first in almost any network: it mostly just works. Its weight decay shrinks the weights
    themselves, whatever their gradients are (Loshchilov and Hutter 2017, arXiv 1711.05101).
    """

    keywords = (
        "torch.optim.AdamW",
        "weight decay",
        "decoupled weight decay",
        "optimizer",
        "learning rate",
        "lr",
        "scheduler",
        "lr_scheduler",
        "learning rate schedule",
        "schedule",
        "cosine schedule",
        "one cycle",
        "warm-up",
        "clip gradients",
        "gradient clipping",
        "clip_grad_norm",
        "gradient accumulation",
        "minimise",
        "train",
        "training",
        "backward",
        "optimiser",
    )

    weight_decay: NonNegativeFloat = 0.01
    """Decoupled weight decay: how strongly weights are pulled towards zero."""

    def build(self, loss: Scalar, *weights: Weights) -> Expression:
        return self.made(torch.optim.AdamW, weights[0], **self.flags())


class NAdam(_Adaptive):
    """Adam with Nesterov momentum: looks ahead along its momentum before it takes a step.

    Use it where Adam works and should be a little faster (Dozat 2016).
    """

    keywords = ("torch.optim.NAdam", "nesterov adam")

    lr: PositiveFloat = 0.002
    """Learning rate: how far a step goes."""

    def build(self, loss: Scalar, *weights: Weights) -> Expression:
        return self.made(torch.optim.NAdam, weights[0])


class RAdam(_Adaptive):
    """Rectified Adam: starts carefully, and uses a weight's own step size only once it knows enough
    of its gradients.

    Use it in the place of Adam with a warm-up (Liu et al. 2019, arXiv 1908.03265).
    """

    keywords = ("torch.optim.RAdam", "rectified adam", "warm-up")

    def build(self, loss: Scalar, *weights: Weights) -> Expression:
        return self.made(torch.optim.RAdam, weights[0])


class Adamax(_Adaptive):
    """Adam with the infinity norm: goes by the largest gradient of late, not by the mean of
    squares.

    It is calmer where gradients are sometimes huge. Use it for embeddings, of which each batch
    moves a few (Kingma and Ba 2014, arXiv 1412.6980).
    """

    keywords = ("torch.optim.Adamax", "infinity norm")

    lr: PositiveFloat = 0.002
    """Learning rate: how far a step goes."""

    def build(self, loss: Scalar, *weights: Weights) -> Expression:
        return self.made(torch.optim.Adamax, weights[0])


class RMSprop(Optimizer):
    """RMSprop: divides each gradient by the root of a running mean of its squares.

    Use it for recurrent networks and in reinforcement learning, where papers chose it (Tieleman and
    Hinton 2012); else AdamW is the usual choice.
    """

    keywords = ("torch.optim.RMSprop", "root mean square propagation", "reinforcement learning")

    lr: PositiveFloat = 0.01
    """Learning rate: how far a step goes."""
    alpha: Share = 0.99
    """Decay of the mean of past squared gradients, from 0 to below 1."""
    momentum: Share = 0.0
    """Momentum: how much of the last step's direction is kept, from 0 to below 1; 0 is none."""
    weight_decay: NonNegativeFloat = 0.0
    """Weight decay: how strongly weights are pulled towards zero."""
    eps: PositiveFloat = 1e-8
    """A small number that keeps steps finite where gradients are tiny; reinforcement learning
    likes 1e-5 and more.
    """
    centered: bool = False
    """Go by the variance of past gradients, not by their squares."""

    examples = (
        Example({}, [()], []),
        Example({"centered": True, "eps": 1e-5}, [()], []),
        Example({"alpha": 1}, [()], problem="alpha"),
        NO_LOSS,
    )

    def build(self, loss: Scalar, *weights: Weights) -> Expression:
        options: dict[str, Any] = {} if self.eps == 1e-8 else {"eps": self.eps}
        if self.centered:
            options["centered"] = True
        return call(
            torch.optim.RMSprop,
            weights[0],
            lr=self.lr,
            alpha=self.alpha,
            momentum=self.momentum,
            weight_decay=self.weight_decay,
            **options,
        )


class Adagrad(Optimizer):
    """Adagrad: divides each weight's steps by the root of the sum of its squared gradients, so that
    they get smaller.

    Use it where some weights get a gradient rarely, such as embeddings of rare words: their steps
    stay large (Duchi et al. 2011). Steps only ever get smaller, so long trainings come to rest.
    """

    keywords = ("torch.optim.Adagrad", "adaptive gradient", "sparse gradients")

    lr: PositiveFloat = 0.01
    """Learning rate: how far a step goes."""
    lr_decay: NonNegativeFloat = 0.0
    """How much smaller the learning rate gets: after t steps it is lr / (1 + t * lr_decay)."""
    weight_decay: NonNegativeFloat = 0.0
    """Weight decay: how strongly weights are pulled towards zero."""

    examples = (
        Example({}, [()], []),
        Example({"lr_decay": 0.001}, [()], []),
        Example({"lr": 0}, [()], problem="lr"),
        NO_LOSS,
    )

    def build(self, loss: Scalar, *weights: Weights) -> Expression:
        return call(
            torch.optim.Adagrad,
            weights[0],
            lr=self.lr,
            lr_decay=self.lr_decay,
            weight_decay=self.weight_decay,
        )
