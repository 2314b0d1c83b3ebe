"""What follows from the options that all optimizers have: when one acts, what it has to know, which
of them do not go together.
"""

from __future__ import annotations

from typing import Literal

from graphs.nodetypes.node_type import Optimizer


def first_epoch(optimizer: Optimizer) -> int:
    """The epoch in which it begins to act."""
    return optimizer.first_epoch or 1


def counts_batches(optimizer: Optimizer) -> bool:
    """Whether it matters how many batches there were."""
    return optimizer.every * optimizer.accumulate > 1


def asks_epoch(optimizer: Optimizer) -> bool:
    """Whether it matters which epoch it is."""
    return first_epoch(optimizer) > 1 or optimizer.last_epoch is not None


def needs_length(optimizer: Optimizer) -> bool:
    """Whether its schedule must know how long the training is."""
    return optimizer.schedule in ("cosine", "one_cycle")


def moves_rate(optimizer: Optimizer) -> Literal["never", "update", "epoch"]:
    """When its learning rate changes."""
    if optimizer.schedule == "constant":
        return "never"
    return "epoch" if optimizer.schedule in ("step", "exponential", "plateau") else "update"


def misfits(optimizer: Optimizer, epochs: int) -> list[tuple[str, str]]:
    """What is wrong with an optimizer's options: (parameter, what) for each."""
    found, first, last = [], first_epoch(optimizer), optimizer.last_epoch
    if last is not None and first > last:
        text = f"it begins in epoch {first} and ends in epoch {last}"
        found.append(("first_epoch", f"{text}: make first_epoch the smaller"))
    elif first > epochs:
        text = f"it begins in epoch {first}, and the run has {epochs}"
        found.append(("first_epoch", f"{text}: begin earlier, or train longer"))
    if optimizer.times > 1 and optimizer.accumulate > 1:
        text = "it acts several times on a batch and averages over several batches"
        found.append(("times", f"{text}: set times or accumulate to 1"))
    return [*found, *_closure_misfits(optimizer)]


def _closure_misfits(optimizer: Optimizer) -> list[tuple[str, str]]:
    """Options that cannot be meant where a step looks at its loss several times."""
    text = "it takes many gradients in one step, and none of them may be {}: {}"
    found = []
    if optimizer.needs_closure and optimizer.accumulate > 1:
        advice = "set accumulate to 1, and take larger batches"
        found.append(("accumulate", text.format("left to later batches", advice)))
    if optimizer.needs_closure and optimizer.clip_norm is not None:
        found.append(("clip_norm", text.format("clipped", "take clip_norm away")))
    return found
