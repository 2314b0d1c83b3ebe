"""Trains examples, judges them, and says how they did, as rows of a Markdown table."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from app.examples_check.judging import Judge, Measure
from app.examples_check.trained import trained
from graphs.document.document_io import SUFFIX, read

HEAD = """\
| example | measure | mean (lowest to highest) | bar | baseline | CPU s | clears |
|---|---|---|---|---|---|---|"""


class Row(NamedTuple):
    """One measure of an example over all seeds."""

    example: str
    measures: tuple[Measure, ...]
    seconds: float

    @property
    def mean(self) -> float:
        """The mean over the seeds."""
        return statistics.fmean(measure.value for measure in self.measures)

    @property
    def clears(self) -> bool:
        """Whether the bar is cleared, by each seed or by their mean."""
        first = self.measures[0]
        if first.over == "mean":
            return first.clears(self.mean)
        return all(first.clears(measure.value) for measure in self.measures)

    def text(self) -> str:
        """As a row of the table."""
        first, values = self.measures[0], [measure.value for measure in self.measures]
        span = f" ({_short(min(values))} to {_short(max(values))})" if len(values) > 1 else ""
        sign = ">" if first.better == "above" else "<"
        known = [m.baseline for m in self.measures if m.baseline is not None]
        baseline = f"{first.baseline_is} {_short(statistics.fmean(known))}" if known else ""
        bar = f"{sign} {_short(first.bar)}{' on the mean' if first.over == 'mean' else ''}"
        cells = [self.example, first.name, _short(self.mean) + span, bar, baseline]
        return f"| {' | '.join(cells)} | {self.seconds:.0f} | {'yes' if self.clears else 'NO'} |"

    def fields(self) -> dict[str, Any]:
        """As JSON has it."""
        measures = [measure._asdict() for measure in self.measures]
        return {"example": self.example, "clears": self.clears, "measures": measures}


def rows_of(path: Path, judge: Judge, seeds: Iterable[int]) -> list[Row]:
    """Train an example with every seed and judge it. Raises TrainingError."""
    document, name = read(path), path.name.removesuffix(SUFFIX)
    judged: list[list[Measure]] = []
    seconds = []
    for seed in seeds:
        print(f"{name}: seed {seed} …", file=sys.stderr, flush=True)
        result = trained(document, path.parent, seed)
        seconds.append(result.seconds)
        judged.append(judge(result))
    mean = statistics.fmean(seconds)
    return [Row(name, tuple(measures), mean) for measures in zip(*judged, strict=True)]


def _short(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
