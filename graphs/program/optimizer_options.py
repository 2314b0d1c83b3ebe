"""When an optimizer acts, and how it goes about it: the options that all optimizers have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from graphs.nodetypes.node_type import NodeType, Optimizer


@dataclass(frozen=True)
class Turn:
    """The options of an optimizer, as `Optimizer` documents them."""

    every: int = 1
    times: int = 1
    first_epoch: int = 1
    last_epoch: int | None = None
    clip_norm: float | None = None
    accumulate: int = 1
    schedule: str = "constant"
    schedule_factor: float | None = None
    schedule_length: int | None = None
    closure: bool = False
    """Whether it looks at its loss several times in one step."""

    @property
    def counts_batches(self) -> bool:
        """Whether it matters how many batches there were."""
        return self.every * self.accumulate > 1

    @property
    def collects(self) -> bool:
        """Whether something happens between its gradient and its step."""
        return self.closure or self.accumulate > 1 or self.clip_norm is not None

    @property
    def asks_epoch(self) -> bool:
        """Whether it matters which epoch it is."""
        return self.first_epoch > 1 or self.last_epoch is not None

    @property
    def needs_length(self) -> bool:
        """Whether its schedule must know how long the training is."""
        return self.schedule in ("cosine", "one_cycle")

    @property
    def moves_rate(self) -> Literal["never", "update", "epoch"]:
        """When its learning rate changes."""
        if self.schedule == "constant":
            return "never"
        return "epoch" if self.schedule in ("step", "exponential", "plateau") else "update"

    @property
    def condition(self) -> str:
        """The Python that says whether it acts on a batch; nothing where it always does."""
        return " and ".join(filter(None, (self._every(), self.epochs())))

    def _every(self) -> str:
        return f"self.batches % {self.every} == 0" if self.every > 1 else ""

    def epochs(self) -> str:
        """The Python that says whether it acts in an epoch; nothing where it does in all."""
        if self.first_epoch > 1 and self.last_epoch is not None:
            return f"{self.first_epoch} <= self.epoch <= {self.last_epoch}"
        if self.first_epoch > 1:
            return f"self.epoch >= {self.first_epoch}"
        return "" if self.last_epoch is None else f"self.epoch <= {self.last_epoch}"

    def updates(self) -> str:
        """The Python that says how often it moves its weights in a training."""
        end = "epochs" if self.last_epoch is None else f"min(epochs, {self.last_epoch})"
        group = self.every * self.accumulate
        if group == 1:
            spans = end if self.first_epoch == 1 else f"({end} - {self.first_epoch - 1})"
            text = f"{spans} * steps_per_epoch"
        else:
            text = f"{end} * steps_per_epoch // {group}"
            if self.first_epoch > 1:
                text = f"{text} - {self.first_epoch - 1} * steps_per_epoch // {group}"
        if self.times > 1:
            text = f"{self.times} * ({text})" if group > 1 else f"{self.times} * {text}"
        return text if group == 1 and self.first_epoch == 1 else f"max(1, {text})"


def turn_of(type_: NodeType | None) -> Turn:
    """The options of an optimizer node; the usual ones where its parameters are not sound."""
    if not isinstance(type_, Optimizer):
        return Turn()
    return Turn(
        every=int(type_.every),
        times=int(type_.times),
        first_epoch=int(type_.first_epoch or 1),
        last_epoch=None if type_.last_epoch is None else int(type_.last_epoch),
        clip_norm=None if type_.clip_norm is None else float(type_.clip_norm),
        accumulate=int(type_.accumulate),
        schedule=type_.schedule,
        schedule_factor=type_.schedule_factor and float(type_.schedule_factor),
        schedule_length=type_.schedule_length and int(type_.schedule_length),
        closure=type_.needs_closure,
    )


def misfits(turn: Turn, epochs: int) -> list[tuple[str, str]]:
    """What is wrong with an optimizer's options: (parameter, what) for each."""
    found = []
    if turn.last_epoch is not None and turn.first_epoch > turn.last_epoch:
        text = f"it begins in epoch {turn.first_epoch} and ends in epoch {turn.last_epoch}"
        found.append(("first_epoch", f"{text}: make first_epoch the smaller"))
    elif turn.first_epoch > epochs:
        text = f"it begins in epoch {turn.first_epoch}, and the run has {epochs}"
        found.append(("first_epoch", f"{text}: begin earlier, or train longer"))
    if turn.times > 1 and turn.accumulate > 1:
        text = "it acts several times on a batch and averages over several batches"
        found.append(("times", f"{text}: set times or accumulate to 1"))
    return [*found, *_closure_misfits(turn)]


def _closure_misfits(turn: Turn) -> list[tuple[str, str]]:
    """Options that cannot be meant where a step looks at its loss several times."""
    text = "it takes many gradients in one step, and none of them may be {}: {}"
    found = []
    if turn.closure and turn.accumulate > 1:
        advice = "set accumulate to 1, and take larger batches"
        found.append(("accumulate", text.format("left to later batches", advice)))
    if turn.closure and turn.clip_norm is not None:
        found.append(("clip_norm", text.format("clipped", "take clip_norm away")))
    return found
