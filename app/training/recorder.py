"""Writes what a run shows of itself: metrics.jsonl and state.json."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter

from app.runs.metrics import parse_row
from app.runs.records import State, now
from app.runs.run_folder import Run
from graphs.system.atomic_write import write_text


class Recorder:
    """The one writer of a run's metrics and state."""

    def __init__(self, run: Run, state: State) -> None:
        self.run = run
        self.state = state
        self._metrics = run.metrics_path.open("ab", buffering=0)

    def close(self) -> None:
        self._metrics.close()

    def cut(self, epoch: int, step: int) -> None:
        """Drop the rows after a checkpoint. The new file replaces the old: readers start over."""
        self._metrics.close()
        kept: list[str] = []
        with self.run.metrics_path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                row = parse_row(line)
                if row and row.step <= step and (row.split == "train" or row.epoch <= epoch):
                    kept.append(line if line.endswith("\n") else line + "\n")
        write_text(self.run.metrics_path, "".join(kept))
        self._metrics = self.run.metrics_path.open("ab", buffering=0)

    def steps(
        self,
        names: Sequence[str],
        places: Sequence[tuple[int, float, float]],
        table: Sequence[Sequence[float]],
    ) -> None:
        """Append training steps, each (step, epoch, time), with a column of values a name."""
        template = _template(names)  # 1.5 µs a step; json.dumps would be 6
        rows = zip(places, *map(_texts, table), strict=True)
        self._append("".join([template % (*place, *values) for place, *values in rows]))

    def epoch(
        self, split: str, step: int, epoch: int, time: float, values: Mapping[str, float]
    ) -> None:
        """Append the values of a whole epoch."""
        finite = {name: value if math.isfinite(value) else None for name, value in values.items()}
        place = {"split": split, "step": step, "epoch": epoch, "time": round(time, 4)}
        self._append(json.dumps({**place, "values": finite}, separators=(",", ":")) + "\n")

    def _append(self, text: str) -> None:
        data = text.encode()
        written = self._metrics.write(data)
        if written != len(data):  # a full disk takes a part, and refuses the next byte
            self._metrics.write(data[written:])

    def show(self, sync: bool = False, **changes: Any) -> None:
        """Bring state.json up to date; `sync` for a change of status."""
        updates = {**dict(self.state), **changes, "updated": now()}
        self.state = State.model_validate(updates)
        write_text(self.run.state_path, self.state.model_dump_json(), sync)

    def fail(self, message: str, node: str | None, **place: Any) -> None:
        """Show that the run failed, even on a full disk, which has no room for a second file."""
        try:
            self.show(sync=True, status="failed", message=message, node=node, **place)
        except OSError:
            self._overwrite(self.state.model_dump_json())

    def _overwrite(self, text: str) -> None:
        with self.run.state_path.open("r+b", buffering=0) as file:
            file.write(text.encode().ljust(os.fstat(file.fileno()).st_size))


def _template(names: Sequence[str]) -> str:
    """A line of metrics, to be filled with step, epoch, time and the value of each name."""
    values = ",".join(json.dumps(name).replace("%", "%%") + ":%s" for name in names)
    return f'{{"split":"train","step":%d,"epoch":%.6g,"time":%.4f,"values":{{{values}}}}}\n'


def _texts(column: Sequence[float]) -> list[str]:
    """A column as JSON has it: what is not finite is null."""
    return _COLUMN.dump_json(list(column))[1:-1].decode().split(",")


_COLUMN = TypeAdapter(list[float])
