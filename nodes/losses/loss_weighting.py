"""Losses: weighted sums, and weights that are annealed during training."""

import operator
from typing import Literal

from pydantic import PositiveInt

from graphs.nodetypes.expressions import Call, Expression, call
from graphs.nodetypes.node_type import Example, Loss, Misfit, NodeType
from graphs.nodetypes.tensor_kinds import Numbers, Scalar
from graphs.runtime.measures.losses import Anneal as AnnealModule


class WeightedSum(Loss):
    """Weighted sum of losses: what an optimizer minimises where several terms count.

    Use it in the place of a row of Scale and Add. Losses go to `losses` in the order of the
    weights; each loss is logged on its own as well.
    """

    keywords = (
        "total loss",
        "sum of losses",
        "multi-task loss",
        "combine losses",
        "loss weights",
        "weighted loss",
    )

    weights: tuple[float, ...] = (1.0, 1.0)
    """A weight for each loss, in the order of the wires; `=beta` is a hyperparameter."""

    examples = (
        Example({"weights": [1, 0.5]}, [(), ()], [()]),
        Example({"weights": [10, 10, 5]}, [(), (), ()], [()]),
        Example({"weights": [-1, -1, 2]}, [(), (), ()], [()]),
        Example({}, [(), (), ()], problem="3 losses and 2 weights"),
        Example({}, [(2, 3), ()], problem="losses needs a scalar, such as a loss, got (N, 3)"),
        Example({"weights": ["much"]}, [()], problem="weights"),
    )

    def build(self, *losses: Scalar) -> Expression:
        if not losses or len(losses) != len(self.weights):
            text = f"there are {len(losses)} losses and {len(self.weights)} weights"
            raise Misfit(f"{text}: give one weight for each loss")
        total = _weighed(losses[0], self.weights[0])
        for loss, weight in zip(losses[1:], self.weights[1:], strict=True):
            if weight == -1:
                total = call(operator.sub, total, loss)
            else:
                total = call(operator.add, total, _weighed(loss, weight))
        return total


class Anneal(NodeType):
    """Annealing: multiplies by a weight that goes from one value to another over the first training
    batches, and stays there.

    Use it on a term of a loss that should come in slowly, such as the KL divergence of a
    variational autoencoder, whose posterior otherwise collapses early (Bowman et al. 2015,
    arXiv 1511.06349), or on noise that should fade. In validation and test the weight is the last
    one, so that epochs can be compared.
    """

    keywords = (
        "kl annealing",
        "warm-up of a loss",
        "schedule",
        "beta schedule",
        "loss weight schedule",
        "ramp",
        "curriculum",
        "linear schedule",
        "cosine schedule",
    )

    start: float = 0.0
    """The weight at the first batch."""
    end: float = 1.0
    """The weight at the end, which stays; it is that of validation too."""
    steps: PositiveInt = 1000
    """Over how many training batches it goes from one to the other."""
    shape: Literal["linear", "cosine", "exponential"] = "linear"
    """Evenly, slowly at both ends (cosine), or by an equal factor each batch (exponential)."""

    examples = (
        Example({}, [()], [()]),
        Example({"start": 0.2, "end": 0.01, "shape": "exponential"}, [(2, 16)], [(2, 16)]),
        Example({"shape": "cosine", "steps": 10}, [(2, 16)], [(2, 16)]),
        Example({"shape": "exponential"}, [()], problem="start and end above 0"),
        Example({"steps": 0}, [()], problem="steps"),
    )

    def build(self, x: Numbers) -> Call:
        if self.shape == "exponential" and not (self.start > 0 and self.end > 0):
            raise Misfit(
                "an exponential needs start and end above 0: nothing grows from 0 by a factor",
                use={"start": 0.01} if self.end > 0 else {"shape": "linear"},
            )
        options = {"shape": self.shape} if self.shape != "linear" else {}
        return call(AnnealModule, self.start, self.end, steps=self.steps, **options)


def _weighed(loss: Expression, weight: float | str) -> Expression:
    """A number beside an expression may come as it was typed."""
    number = float(weight) if isinstance(weight, str) else weight
    return loss if number == 1 else call(operator.mul, number, loss)
