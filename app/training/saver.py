"""Writes checkpoints on a thread of its own, so that training does not wait for the disk."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from app.training import checkpoints
from app.training.checkpoints import Snapshot


class Saver:
    """Takes snapshots and writes them in order; of several that wait, it writes the newest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seconds = 0.0
        """How long the last write took."""
        self._waiting: dict[str, Snapshot] = {}
        self._busy = False
        self._error: Exception | None = None
        self._changed = threading.Condition()
        threading.Thread(target=self._write_all, name="saver", daemon=True).start()

    def save(self, snapshot: Snapshot, best: bool = False) -> None:
        """Write a snapshot soon. Raises what went wrong with one before."""
        with self._changed:
            self._raise_error()
            self._waiting["last"] = snapshot
            if best:
                self._waiting["best"] = snapshot
            self._changed.notify_all()

    def wait(self) -> None:
        """Return when all is written. Raises what went wrong."""
        with self._changed:
            self._changed.wait_for(lambda: self._error or not (self._busy or self._waiting))
            self._raise_error()

    def _raise_error(self) -> None:
        if self._error:
            raise self._error

    def _write_all(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._waiting))
                job, self._waiting, self._busy = self._waiting, {}, True
            try:
                self._write(job)
            except Exception as error:  # raised again on the training's thread
                self._error = error
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def _write(self, job: dict[str, Snapshot]) -> None:
        started = time.monotonic()
        if "best" in job:
            checkpoints.write_tensors(self.folder / "best.safetensors", job["best"].weights)
        checkpoints.write(self.folder, job["last"])
        self.seconds = time.monotonic() - started
