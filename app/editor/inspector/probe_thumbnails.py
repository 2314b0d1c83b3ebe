"""Peeks at the newest pictures of a probe, on a thread. No GUI; NumPy is imported on the thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.runs.probe_files import probe_steps
from app.runs.records import RunError
from app.runs.run_folder import Run

if TYPE_CHECKING:
    from app.runs.probe_snapshots import Pixels

PERIOD = 0.5
"""Seconds between two looks at the folder."""


@dataclass(frozen=True)
class Peek:
    """What a probe showed after a step: red, green, blue and alpha of each pixel, 0 to 1."""

    step: int
    width: int
    height: int
    pixels: Any


class Peeker:
    """Looks at the image probe of one node of one run, again and again, until it is stopped.
    `post` gets what is new, on this thread.
    """

    def __init__(self, run: Run, node: str, room: int, post: Callable[[Peek], object]) -> None:
        self._post = post
        self._run, self._node, self._room = run, node, room
        self._stop = threading.Event()
        threading.Thread(target=self._watch, name="peeker", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()

    def _watch(self) -> None:
        seen = None
        while not self._stop.is_set():
            try:
                steps = probe_steps(self._run.probes_path)
                if steps and steps[-1] != seen and (peek := self._peek(steps[-1])):
                    seen = peek.step
                    self._post(peek)
            except (RunError, OSError, ValueError, KeyError, TypeError):
                pass  # the monitor says what is wrong with a run; here is no picture then
            self._stop.wait(PERIOD)

    def _peek(self, step: int) -> Peek | None:
        from app.runs.probe_snapshots import image_grid, look

        probes = self._run.info().probes.items()
        label = next((name for name, probe in probes if probe.node == self._node), None)
        found = look(self._run, step).probes
        if label is None or label not in found:
            return None
        picture = image_grid(found[label], self._run.info().probes[label].options)
        return _enlarged(step, picture, self._room)


def _enlarged(step: int, picture: Pixels, room: int) -> Peek:
    """The picture, each pixel as large as there is room for; of a larger one every so-many-th."""
    import numpy as np

    side = max(picture.shape[:2])
    factor, stride = max(1, room // side), -(-side // room)
    drawn = picture[::stride, ::stride].repeat(factor, 0).repeat(factor, 1)
    height, width, _ = drawn.shape
    pixels = np.ones((height, width, 4), dtype=np.float32)
    pixels[..., :3] = drawn / np.float32(255)
    return Peek(step, width, height, pixels.ravel())
