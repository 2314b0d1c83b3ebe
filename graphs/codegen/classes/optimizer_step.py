"""Prints how an optimizer is made and how it moves its weights: what a good engineer writes for its
options. An option that all optimizers have is a field of `Optimizer` and has its print here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from graphs.codegen.classes.block_classes import indented
from graphs.nodetypes.node_type import Optimizer
from graphs.program.optimizer_options import first_epoch, moves_rate

_SCHEDULES = {
    "step": ("StepLR", "step_size={length}, gamma={factor}", 0.1, 10),
    "exponential": ("ExponentialLR", "gamma={factor}", 0.95, None),
    "cosine": ("CosineAnnealingLR", "T_max={updates}", None, None),
    "one_cycle": (
        "OneCycleLR",
        "max_lr={rate}, total_steps={updates}, cycle_momentum=False",
        None,
        None,
    ),
    "warm_up": ("LinearLR", "start_factor={factor}, total_iters={length}", 0.1, 100),
    "plateau": ("ReduceLROnPlateau", "factor={factor}, patience={length}", 0.1, 5),
}
"""Each schedule's class, its arguments, and its usual factor and length."""


@dataclass
class OptimizerStep:
    """An optimizer in printed code."""

    options: Optimizer
    optimizer: str
    """The attribute that holds it."""
    scheduler: str
    """The attribute that holds its schedule; none where its learning rate stays."""
    weights: str
    """The attribute that holds its weights, to which alone gradients go; none where the program
    has no other optimizer.
    """
    parameters: str
    """The Python that gives its weights."""
    loss_name: str
    again: list[str] = field(default_factory=list)
    """For a closure: the lines that compute the loss again."""
    loss: str = "loss"
    """What a closure calls it."""

    @property
    def given(self) -> str:
        """The Python that hands its weights on."""
        return f"self.{self.weights}" if self.weights else self.parameters

    def construction(self, made: str, rate: str) -> list[str]:
        """The lines that make it and its schedule; `rate` is its learning rate."""
        listed = self.parameters if self.parameters[0] == "[" else f"list({self.parameters})"
        weights = [f"self.{self.weights} = {listed}"] if self.weights else []
        schedule = [self._schedule(rate)] if self.scheduler else []
        return [*weights, f"self.{self.optimizer} = {made}", *schedule]

    def _schedule(self, rate: str) -> str:
        title, arguments, factor, length = _SCHEDULES[self.options.schedule]
        values = {
            "factor": repr(self.options.schedule_factor or factor),
            "length": repr(self.options.schedule_length or length),
            "updates": updates(self.options),
            "rate": rate,
        }
        made = f"torch.optim.lr_scheduler.{title}(self.{self.optimizer}"
        return f"self.{self.scheduler} = {made}, {arguments.format(**values)})"

    def at_epochs_end(self) -> list[str]:
        """What changes its learning rate once an epoch."""
        if moves_rate(self.options) != "epoch":
            return []
        value = f'validation["{self.loss_name}"]' if self.options.schedule == "plateau" else ""
        line, epochs = f"self.{self.scheduler}.step({value})", in_epochs(self.options)
        return [f"if {epochs}:", f"    {line}"] if epochs else [line]

    def lines(self, before: list[str], loss: str) -> list[str]:
        """Compute the loss by the lines before, and move the weights when it is their turn."""
        times, acts, moves = self.options.times, condition(self.options), self._moves(loss)
        if times > 1 and acts:
            body = [*before, "if acts:", *indented(moves)]
            return [f"acts = {acts}", f"for _ in range({times} if acts else 1):", *indented(body)]
        if times > 1:
            return [f"for _ in range({times}):", *indented([*before, *moves])]
        if acts:
            return [*before, f"if {acts}:", *indented(moves)]
        return [*before, *moves]

    def _moves(self, loss: str) -> list[str]:
        options, name = self.options, f"self.{self.optimizer}"
        if options.needs_closure:
            return [*self._closure(), f"{name}.step(closure)", *self._rate()]
        if options.accumulate > 1:
            every = options.every * options.accumulate
            inner = [*self._clip(), f"{name}.step()", f"{name}.zero_grad()", *self._rate()]
            share = f"{loss} / {options.accumulate}"
            return [self._gradient(share), f"if self.batches % {every} == 0:", *indented(inner)]
        first = [f"{name}.zero_grad()", self._gradient(loss), *self._clip()]
        return [*first, f"{name}.step()", *self._rate()]

    def _closure(self) -> list[str]:
        """The function that an optimizer calls as often as it looks at its loss."""
        zero = f"self.{self.optimizer}.zero_grad()"
        body = [*self.again, zero, self._gradient(self.loss), f"return {self.loss}"]
        return ["", "def closure() -> Tensor:", *indented(body), ""]

    def _gradient(self, loss: str) -> str:
        inputs = f"inputs=self.{self.weights}" if self.weights else ""
        return f"({loss}).backward({inputs})" if " " in loss else f"{loss}.backward({inputs})"

    def _clip(self) -> list[str]:
        norm = self.options.clip_norm
        return [] if norm is None else [f"nn.utils.clip_grad_norm_({self.given}, {norm!r})"]

    def _rate(self) -> list[str]:
        by_update = moves_rate(self.options) == "update"
        return [f"self.{self.scheduler}.step()"] if by_update else []


def condition(optimizer: Optimizer) -> str:
    """The Python that says whether it acts on a batch; nothing where it always does."""
    every = f"self.batches % {optimizer.every} == 0" if optimizer.every > 1 else ""
    return " and ".join(filter(None, (every, in_epochs(optimizer))))


def in_epochs(optimizer: Optimizer) -> str:
    """The Python that says whether it acts in an epoch; nothing where it does in all."""
    first, last = first_epoch(optimizer), optimizer.last_epoch
    if first > 1 and last is not None:
        return f"{first} <= self.epoch <= {last}"
    if first > 1:
        return f"self.epoch >= {first}"
    return "" if last is None else f"self.epoch <= {last}"


def updates(optimizer: Optimizer) -> str:
    """The Python that says how often it moves its weights in a training."""
    first, last = first_epoch(optimizer), optimizer.last_epoch
    end = "epochs" if last is None else f"min(epochs, {last})"
    group = optimizer.every * optimizer.accumulate
    if group == 1:
        spans = end if first == 1 else f"({end} - {first - 1})"
        text = f"{spans} * steps_per_epoch"
    else:
        text = f"{end} * steps_per_epoch // {group}"
        if first > 1:
            text = f"{text} - {first - 1} * steps_per_epoch // {group}"
    if optimizer.times > 1:
        text = f"{optimizer.times} * ({text})" if group > 1 else f"{optimizer.times} * {text}"
    return text if group == 1 and first == 1 else f"max(1, {text})"
