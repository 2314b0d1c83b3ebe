"""Looks at what a program's probes show, now and then, and keeps some of what was seen."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from app.runs.probe_files import probe_path, probe_steps
from app.training.build_program import Trainable
from app.training.checkpoints.checkpoint_files import write_tensors
from app.training.checkpoints.random_state import RandomStates

LOOK_SECONDS = 3.0
"""Between two looks in a long epoch. One is taken at every epoch's end besides."""
SHARE = 0.02
"""Of the time, for looks: at the end of very short epochs some are left out."""
MOST = 60
"""Looks that a run keeps; of more, those go that lie closest between their neighbours."""
LARGEST = 64 << 20
"""Bytes that all kept looks may take; of large ones fewer are kept, but two."""

Splits = dict[str, dict[str, Tensor]]


class Prober:
    """Computes what probes show and writes it, one file a look, named after the step.

    Training goes on as if nobody had looked: random states and modes are put back.
    """

    def __init__(self, trainable: Trainable, folder: Path, device: torch.device) -> None:
        self.module: Any = trainable.module
        self.active = bool(trainable.interface.probes)
        self.folder = folder
        self.device = device
        self._ended = -LOOK_SECONDS
        self._cost = 0.0

    def forget(self, step: int) -> None:
        """Drop the looks after a step, which a resumed training does again."""
        for later in probe_steps(self.folder):
            if later > step:
                probe_path(self.folder, later).unlink(missing_ok=True)

    def is_due(self, seconds: float = LOOK_SECONDS) -> bool:
        """The last look is so long ago, and long enough to be worth its cost."""
        pause = max(seconds, self._cost / SHARE)
        return self.active and time.monotonic() - self._ended >= pause

    def look(self, program: Any, data: Splits, step: int) -> None:
        """Compute what the probes show after a step, unless that is there already."""
        if not self.active or step in probe_steps(self.folder):
            return
        began = time.monotonic()
        seen = self._probed(program, data)
        self.folder.mkdir(exist_ok=True)
        write_tensors(probe_path(self.folder, step), seen)
        self._thin(sum(value.nbytes for value in seen.values()))
        self._ended = time.monotonic()
        self._cost = self._ended - began

    def _probed(self, program: Any, data: Splits) -> dict[str, Tensor]:
        states, training = RandomStates.capture(self.device), program.training
        try:
            seen: dict[str, Tensor] = self.module.probed(program, data)
        finally:
            program.train(training)
            states.restore(self.device)
        return seen

    def _thin(self, size: int) -> None:
        """Drop looks between others until the rest fits; the first and the last stay."""
        most = max(2, min(MOST, LARGEST // max(size, 1)))
        steps = probe_steps(self.folder)
        while len(steps) > most:
            gaps = zip(steps, steps[2:], strict=False)
            _, place = min((after - before, n) for n, (before, after) in enumerate(gaps, 1))
            probe_path(self.folder, steps.pop(place)).unlink(missing_ok=True)
