"""Files that the monitor writes: tables of numbers; whole files or none. Needs no window."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from app.monitor.data.plot_series import PlotSeries
from app.runs.run_follower import RunFollower
from graphs.system.atomic_write import write_bytes

COLUMNS = ("run", "split", "name", "step", "epoch", "time", "value")


class SaveError(Exception):
    """A file could not be written: one sentence that says what to do."""


class TableRow(NamedTuple):
    """One line of the table."""

    run: str
    split: str
    name: str
    step: int
    epoch: float
    time: float
    value: float


def table_rows(runs: Iterable[RunFollower[PlotSeries]], names: Iterable[str]) -> Iterator[TableRow]:
    """Every value that was logged under these names, run by run."""
    wanted = set(names)
    for run in runs:
        for key, series in run.series.items():
            if key.name in wanted:
                start = (run.run.name, key.split, key.name)
                yield from (TableRow(*start, int(step), *rest) for step, *rest in series.points())


def table(lines: Iterable[TableRow]) -> bytes:
    """Comma-separated values with a line of headings, as spreadsheets and pandas read them."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(lines)
    return text.getvalue().encode()


def save(content: bytes, path: Path) -> None:
    """Writes a whole file or leaves what was there. Raises SaveError."""
    try:
        write_bytes(path, content)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise SaveError(f"Could not write {path}: {why}. Choose another place.") from error
