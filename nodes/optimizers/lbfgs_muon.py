"""Optimizers: L-BFGS and Muon, which look beyond the gradient of each weight alone."""

from collections.abc import Iterable
from typing import Any, Literal

import torch
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from graphs.nodetypes.expressions import Expression, call
from graphs.nodetypes.node_type import Example, Optimizer
from graphs.nodetypes.tensor_kinds import Scalar, Weights
from graphs.runtime.training.optimizers import MuonAdamW
from nodes.optimizers.optimizers import NO_LOSS, Share


class LBFGS(Optimizer):
    """L-BFGS, a quasi-Newton method: estimates the curvature of the loss from its last steps, and
    evaluates the loss many times in one step.

    Use it for small problems whose whole data is one batch: set the data's batch_size to all
    samples. The loss must be the same each time it is looked at, so dropout and noise do not go
    with it; batch norm and what counts batches see every look. Gradients are neither clipped nor
    accumulated (Liu and Nocedal 1989).
    """

    keywords = (
        "torch.optim.LBFGS",
        "l-bfgs",
        "quasi-newton",
        "second order",
        "full batch",
        "line search",
    )
    needs_closure = True
    lr: PositiveFloat = 1.0
    """How far a step goes; 1 is the step that the curvature suggests."""
    max_iter: PositiveInt = 20
    """How many iterations one step has at most; each computes the loss and its gradient."""
    history_size: PositiveInt = 100
    """How many of its last steps it remembers; each takes twice the memory of the weights."""
    line_search: Literal["none", "strong_wolfe"] = "strong_wolfe"
    """Try how far to go in each direction (strong_wolfe), or always go by the learning rate."""

    examples = (
        Example({}, [()], []),
        Example({"line_search": "none", "lr": 0.1}, [()], []),
        Example({"max_iter": 0}, [()], problem="max_iter"),
        NO_LOSS,
    )

    def build(self, loss: Scalar, *weights: Weights) -> Expression:
        return call(
            torch.optim.LBFGS,
            weights[0],
            lr=self.lr,
            max_iter=self.max_iter,
            history_size=self.history_size,
            line_search_fn=None if self.line_search == "none" else self.line_search,
        )


class Muon(Optimizer):
    """Makes the step of each weight matrix orthogonal, so that it moves all directions alike; other
    weights, such as biases, norms and the kernels of convolutions, are moved by AdamW.

    Use it for Transformers and large Linear layers, which it trains in fewer steps than AdamW. The
    embeddings and the last layer are matrices too, and do better with an AdamW of their own: wire
    their weights to one. Steps are scaled so that AdamW's learning rate suits (Jordan 2024; Liu et
    al. 2025, arXiv 2502.16982).
    """

    keywords = ("torch.optim.Muon", "orthogonal updates", "newton-schulz", "matrix optimizer")

    lr: PositiveFloat = 0.001
    """Learning rate: how far a step goes, for matrices and for the others."""
    momentum: Share = 0.95
    """For matrices: momentum, how much of the last step's direction is kept, from 0 to below 1."""
    nesterov: bool = True
    """For matrices: Nesterov momentum, which looks ahead."""
    beta1: Share = 0.9
    """For the others: decay of the mean of past gradients, from 0 to below 1."""
    beta2: Share = 0.95
    """For the others: decay of the mean of past squared gradients, from 0 to below 1."""
    weight_decay: NonNegativeFloat = 0.1
    """Weight decay: how strongly weights are pulled towards zero."""

    examples = (
        Example({}, [()], []),
        Example({"nesterov": False, "momentum": 0.9}, [()], []),
        Example({"momentum": 1}, [()], problem="momentum"),
        NO_LOSS,
    )

    def complaint(self, shapes: Iterable[tuple[int, ...]]) -> str:
        if any(len(shape) == 2 for shape in shapes):
            return ""
        return "Muon is for matrices, and none of its weights is one: use AdamW for these"

    def build(self, loss: Scalar, *weights: Weights) -> Expression:
        options: dict[str, Any] = {"betas": (self.beta1, self.beta2)}
        return call(
            MuonAdamW,
            weights[0],
            lr=self.lr,
            momentum=self.momentum,
            nesterov=self.nesterov,
            weight_decay=self.weight_decay,
            **options,
        )
