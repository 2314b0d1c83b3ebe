"""Writes checkpoints on a thread of its own, so that training does not wait for the disk."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from torch import Tensor

from app.training.checkpoints import checkpoint_files
from app.training.checkpoints.checkpoint import Snapshot


class Saver:
    """Takes snapshots and writes them in order; of several that wait, it writes the newest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cost = 0.0
        """CPU seconds that the last write took from the training."""
        self._last: Snapshot | None = None
        self._best: dict[str, Tensor] | None = None
        self._busy = self._closed = False
        self._error: Exception | None = None
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._write_all, name="saver", daemon=True)
        self._thread.start()

    def save(self, snapshot: Snapshot, best: dict[str, Tensor] | None = None) -> None:
        """Write a snapshot soon, and the best weights with it. Raises what went wrong before."""
        with self._changed:
            self._raise_error()
            self._last, self._best = snapshot, best or self._best
            self._changed.notify_all()

    def wait(self) -> None:
        """Return when all is written. Raises what went wrong."""
        with self._changed:
            self._changed.wait_for(lambda: self._error or not (self._busy or self._last))
            self._raise_error()

    def close(self) -> None:
        """End the thread; what it has begun to write it writes."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()

    def _raise_error(self) -> None:
        if self._error:
            raise self._error

    def _write_all(self) -> None:
        while True:
            with self._changed:
                self._busy = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: bool(self._last or self._closed))
                if self._closed:
                    return
                last, best, self._last, self._best = self._last, self._best, None, None
                self._busy = True
            try:
                self._write(last, best)
            except Exception as error:  # raised again on the training's thread
                self._error = error

    def _write(self, last: Snapshot | None, best: dict[str, Tensor] | None) -> None:
        started = time.thread_time()
        if best:
            checkpoint_files.write_tensors(self.folder / "best.safetensors", best)
        if last:
            checkpoint_files.write(self.folder, last)
        self.cost = time.thread_time() - started
