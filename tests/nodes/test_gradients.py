"""Gradient tools: what passes forward, and what comes back."""

import math

import pytest
import torch
from torch import Tensor

from graphs.compiler import check
from graphs.program.partition import program_of
from graphs.program.stages import gradient_reach
from graphs.runtime.layers.gradients import GradientReversal, straight_through
from tests.graphs.drawing import classifier


def value_and_gradient(function: object, x: Tensor) -> tuple[Tensor, Tensor]:
    """What a function gives, and the gradient of a weighted sum of it."""
    x = x.clone().requires_grad_()
    y = function(x)  # type: ignore[operator]
    y.backward(torch.arange(1.0, 1.0 + y.numel()).reshape(y.shape))
    assert x.grad is not None
    return y.detach(), x.grad


X = torch.tensor([[0.2, -1.7], [3.0, 0.6]])
GRADIENT = torch.tensor([[1.0, 2.0], [3.0, 4.0]])


@pytest.mark.parametrize("strength", [1.0, 0.3])
def test_reversal_is_the_identity_and_turns_the_gradient(strength: float) -> None:
    value, gradient = value_and_gradient(GradientReversal(strength), X)
    assert torch.equal(value, X)
    assert torch.equal(gradient, -strength * GRADIENT)


def test_the_strength_grows_as_in_the_paper() -> None:
    module = GradientReversal(0.5, steps=4)
    for batch in range(7):
        share = min(batch / 4, 1)
        expected = 0.5 * (2 / (1 + math.exp(-10 * share)) - 1)
        _, gradient = value_and_gradient(module, X)
        torch.testing.assert_close(gradient, -expected * GRADIENT)
    assert module.state_dict()["batches"] == 7
    module.eval()(X)
    assert module.state_dict()["batches"] == 7


def test_straight_through() -> None:
    value, gradient = value_and_gradient(lambda x: straight_through(x, x.round()), X)
    assert torch.equal(value, X.round()) and torch.equal(gradient, GRADIENT)


def test_nobody_learns_through_a_detach() -> None:
    """What a Detach hides is no optimizer's by itself, and is no part of its gradient."""
    document = classifier(
        hidden=("Detach", {"x": "flatten"}),
        linear=("Linear", {"x": "hidden"}, {"out_features": 10}),
    )
    checked = check(document)
    (problem,) = checked.problems
    assert problem.node == "conv" and "its weights reach no loss" in problem.text
    (statement,) = program_of(checked.main).statements
    assert statement.owned == ("linear",)
    assert gradient_reach(checked.main, statement) == {"linear", "loss"}
