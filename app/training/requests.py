"""What people ask of a worker: signals, and the run's request.json."""

from __future__ import annotations

import json
import signal
from types import FrameType

from app.runs.run_folder import Run

LARGEST = 4096
"""Bytes of the largest request that is read."""


class Control:
    """The wishes of the moment. `interrupted` is set by a signal and is looked at on every step."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.interrupted = False
        self.stop = False
        self.pause = False

    def catch_signals(self) -> None:
        """SIGTERM and Ctrl-C ask for a stop, between two steps."""
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self._on_signal)

    def poll(self) -> None:
        """Take in what was asked since the last look."""
        self.stop = self.stop or self.interrupted
        request = self._take_request()
        if request == "stop":
            self.stop = True
        elif request in ("pause", "resume"):
            self.pause = request == "pause"

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.interrupted = True

    def _take_request(self) -> object:
        taken = self.run.path / ".request.tmp"
        try:
            self.run.request_path.replace(taken)  # one that comes meanwhile is not lost
        except FileNotFoundError:
            return None
        with taken.open("rb") as file:
            data = file.read(LARGEST)
        taken.unlink()
        try:
            return json.loads(data).get("request")
        except (ValueError, AttributeError, RecursionError):
            print(f"request.json was no request: {data[:80]!r}", flush=True)
            return None
