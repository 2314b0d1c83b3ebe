"""What judges say of a trained example: a number, and the bar that it has to clear."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from app.examples_check.trained import Trained


class Measure(NamedTuple):
    """A quality of one trained example."""

    name: str
    value: float
    bar: float
    better: Literal["above", "below"] = "above"
    baseline: float | None = None
    """What something simple reaches, measured in the same way."""
    baseline_is: str = ""
    """What that simple thing is."""
    over: Literal["each", "mean"] = "each"
    """Whether each seed has to clear the bar, or the mean of all."""

    def clears(self, value: float) -> bool:
        """Whether a value is on the good side of the bar."""
        return value > self.bar if self.better == "above" else value < self.bar


Judge = Callable[[Trained], list[Measure]]
JUDGES: dict[str, Judge] = {}
"""The judges that were imported, by the example's name; see `all_judges`."""


def judges(example: str) -> Callable[[Judge], Judge]:
    """Mark a function as the judge of an example."""

    def register(judge: Judge) -> Judge:
        if example in JUDGES:
            raise TypeError(f"there is a judge of {example} in {JUDGES[example].__module__}")
        JUDGES[example] = judge
        return judge

    return register
