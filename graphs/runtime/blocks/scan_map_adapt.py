"""Loops over a module: over time, over an axis, or over tasks."""

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap
from torch.nn import functional as F


def scan(
    cell: nn.Module,
    *inputs: Tensor | None,
    takes: tuple[str, ...],
    gives: tuple[str, ...],
    features: int,
    whole: tuple[str, ...] = (),
) -> Tensor | tuple[Tensor, ...]:
    """Recurrent loop: run a cell over time, on one step of every sequence and its states.

    `takes` and `gives` name the cell's inputs and outputs. A name in both is a state: what the cell
    gives for it is what it takes at the next step. States begin as inputs, or as zeros
    (N, features); their last values leave. Other outputs leave for all steps, (N, T, …). Inputs in
    `whole` are not cut into steps.
    """
    given = dict(zip(takes, [*inputs, *[None] * len(takes)], strict=False))
    sequences = {
        name: value.unbind(1)
        for name, value in given.items()
        if value is not None and name not in (*gives, *whole)
    }
    first = next(iter(sequences.values()))[0]
    zeros = torch.zeros(len(first), features, device=first.device)
    given = {name: zeros if value is None else value for name, value in given.items()}
    rows: list[dict[str, Tensor]] = []
    for steps in zip(*sequences.values(), strict=True):
        given.update(zip(sequences, steps, strict=True))
        result = cell(*given.values())
        rows.append(
            dict(zip(gives, result if isinstance(result, tuple) else [result], strict=True))
        )
        given.update({name: value for name, value in rows[-1].items() if name in takes})
    outputs = tuple(
        rows[-1][name] if name in takes else torch.stack([row[name] for row in rows], 1)
        for name in gives
    )
    return outputs if len(outputs) > 1 else outputs[0]


def over_axis(module: nn.Module, *inputs: Tensor, axis: int) -> Tensor | tuple[Tensor, ...]:
    """Map a module over an axis: apply it to every place as if each were a sample of its own."""
    places = [value.movedim(axis, 1) for value in inputs]
    sizes = places[0].shape[:2]
    result = module(*(value.flatten(0, 1) for value in places))
    if isinstance(result, tuple):
        return tuple(value.unflatten(0, sizes).movedim(1, axis) for value in result)
    joined: Tensor = result.unflatten(0, sizes).movedim(1, axis)
    return joined


def adapt(
    module: nn.Module,
    support: Tensor,
    answers: Tensor,
    query: Tensor,
    steps: int,
    lr: float,
    loss: str = "mean_squared_error",
    order: str = "second",
) -> Tensor:
    """Model-agnostic meta-learning (MAML): adapt a module to each task by gradient steps on its
    examples, and apply it to the task's queries.

    The first axis of every tensor is the task: support (N, K, …), answers (N, K, …), query
    (N, Q, …). The weights themselves stay as they are, and a gradient reaches them through the
    inner steps (Finn et al. 2017, arXiv 1703.03400); of first order, the inner gradients are taken
    as constants.
    """
    wrong = F.cross_entropy if loss == "cross_entropy" else F.mse_loss

    def loss_of(weights: dict[str, Tensor], x: Tensor, y: Tensor) -> Tensor:
        return wrong(functional_call(module, weights, (x,)), y)

    def one_task(support: Tensor, answers: Tensor, query: Tensor) -> Tensor:
        weights: dict[str, Tensor] = dict(module.named_parameters())
        for _ in range(steps):
            slopes = grad(loss_of)(weights, support, answers)
            if order == "first":
                slopes = {name: slope.detach() for name, slope in slopes.items()}
            weights = {name: weight - lr * slopes[name] for name, weight in weights.items()}
        predicted: Tensor = functional_call(module, weights, (query,))
        return predicted

    return vmap(one_task, randomness="different")(support, answers, query)
