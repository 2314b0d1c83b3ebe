"""The metrics of a run: its file, read while a worker writes it."""

from __future__ import annotations

import json
import math
import os

from app.runs.records import Row
from app.runs.run_folder import Run


class MetricsReader:
    """Reads the rows of a run as they come.

    A resumed run cuts its metrics back to the checkpoint and writes them again. `read` then starts
    over and `generation` grows by one: whoever keeps rows drops those of the generation before.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.generation = 0
        self._offset = 0
        self._file_id: int | None = None

    def read(self) -> list[Row]:
        """The rows since the last call; a line that is cut, or is no row, is left out."""
        try:
            with self.run.metrics_path.open("rb") as file:
                self._notice_rewrite(os.fstat(file.fileno()))
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return []
        complete = data[: data.rfind(b"\n") + 1]
        self._offset += len(complete)
        return [row for line in complete.splitlines() if (row := parse_row(line))]

    def _notice_rewrite(self, stat: os.stat_result) -> None:
        rewritten = self._file_id not in (None, stat.st_ino) or stat.st_size < self._offset
        if rewritten:
            self.generation += 1
            self._offset = 0
        self._file_id = stat.st_ino


def parse_row(line: bytes | str) -> Row | None:
    """The row in a line of metrics; None when it is none. A value that is null was not finite."""
    try:
        row = json.loads(line)
        values = {str(k): _number(v) for k, v in row["values"].items()}
        return Row(
            str(row["split"]), int(row["step"]), float(row["epoch"]), float(row["time"]), values
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None


def _number(value: object) -> float:
    return math.nan if value is None else float(value)  # type: ignore[arg-type]
