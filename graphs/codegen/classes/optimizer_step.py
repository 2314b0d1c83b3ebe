"""Prints how an optimizer moves its weights: what a good engineer writes for its options."""

from __future__ import annotations

from dataclasses import dataclass, field

from graphs.codegen.classes.block_classes import indented
from graphs.program.optimizer_options import Turn

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


@dataclass(frozen=True)
class Update:
    """An optimizer in printed code. `direct` takes gradients for its own weights alone."""

    turn: Turn
    optimizer: str
    schedule: str
    """The attribute that holds its schedule."""
    parameters: str
    """The Python that gives its weights."""
    loss_name: str
    direct: bool
    again: list[str] = field(default_factory=list)
    """For a closure: the lines that compute the loss again, as `loss`."""

    def construction(self, rate: str) -> str:
        """The line that makes its schedule; `rate` is its learning rate."""
        title, arguments, factor, length = _SCHEDULES[self.turn.schedule]
        values = {
            "factor": repr(self.turn.schedule_factor or factor),
            "length": repr(self.turn.schedule_length or length),
            "updates": self.turn.updates(),
            "rate": rate,
        }
        made = f"torch.optim.lr_scheduler.{title}(self.{self.optimizer}"
        return f"self.{self.schedule} = {made}, {arguments.format(**values)})"

    def at_epochs_end(self) -> list[str]:
        """What changes its learning rate once an epoch."""
        if self.turn.moves_rate != "epoch":
            return []
        value = f'validation["{self.loss_name}"]' if self.turn.schedule == "plateau" else ""
        line = f"self.{self.schedule}.step({value})"
        epochs = self.turn.epochs()
        return [f"if {epochs}:", f"    {line}"] if epochs else [line]

    def lines(self, before: list[str], loss: str) -> list[str]:
        """Compute the loss by the lines before, and move the weights when it is their turn."""
        turn, moves = self.turn, self._moves(loss)
        if turn.times > 1 and turn.condition:
            body = [*before, "if acts:", *indented(moves)]
            head = f"for _ in range({turn.times} if acts else 1):"
            return [f"acts = {turn.condition}", head, *indented(body)]
        if turn.times > 1:
            return [f"for _ in range({turn.times}):", *indented([*before, *moves])]
        if turn.condition:
            return [*before, f"if {turn.condition}:", *indented(moves)]
        return [*before, *moves]

    def _moves(self, loss: str) -> list[str]:
        turn, name = self.turn, f"self.{self.optimizer}"
        if turn.closure:
            return [*self._closure(), f"{name}.step(closure)", *self._rate()]
        if turn.accumulate > 1:
            every = turn.every * turn.accumulate
            inner = [*self._clip(), f"{name}.step()", f"{name}.zero_grad()", *self._rate()]
            share = f"{loss} / {turn.accumulate}"
            return [self._gradient(share), f"if self.batches % {every} == 0:", *indented(inner)]
        if self.direct and not turn.collects:
            return [f"descend({name}, {loss})", *self._rate()]
        first = [f"{name}.zero_grad()", self._gradient(loss), *self._clip()]
        return [*first, f"{name}.step()", *self._rate()]

    def _closure(self) -> list[str]:
        """The function that an optimizer calls as often as it looks at its loss."""
        zero = f"self.{self.optimizer}.zero_grad()"
        body = [*self.again, zero, self._gradient("loss"), "return loss"]
        return ["", "def closure() -> Tensor:", *indented(body), ""]

    def _gradient(self, loss: str) -> str:
        if self.direct:
            return f"collect(self.{self.optimizer}, {loss})"
        return f"({loss}).backward()" if " " in loss else f"{loss}.backward()"

    def _clip(self) -> list[str]:
        norm = self.turn.clip_norm
        if norm is None:
            return []
        return [f"nn.utils.clip_grad_norm_({self.parameters}, {norm!r})"]

    def _rate(self) -> list[str]:
        return [f"self.{self.schedule}.step()"] if self.turn.moves_rate == "update" else []
