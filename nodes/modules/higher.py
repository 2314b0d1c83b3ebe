"""What runs a module over time, over an axis, over tasks, or on what it gave."""

import torch
from torch import Tensor, nn


def scan(
    cell: nn.Module,
    *inputs: Tensor | None,
    takes: tuple[str, ...],
    gives: tuple[str, ...],
    features: int,
    whole: tuple[str, ...] = (),
) -> Tensor | tuple[Tensor, ...]:
    """Run a cell over time: at each step it takes one step of every sequence, and its states.

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
