"""A real worker process on the hand-written program, slow enough to be killed in mid-epoch."""

from __future__ import annotations

import sys
import time

from torch import Tensor

from app.training import build_program, loop, worker
from tests.app import standin
from tests.app.made_runs import variant


class Slow(standin.Program):
    """One batch takes 10 ms."""

    def step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        time.sleep(0.01)
        return super().step(batch)


BATCH_SIZE = 2
"""A hundred steps an epoch."""

if __name__ == "__main__":
    loop.CHECKPOINT_SECONDS = 0.2
    loop.SHARE = 10.0  # however long one takes on a busy machine
    module = variant(Program=Slow, BATCH_SIZE=BATCH_SIZE)
    trainable = build_program.Trainable(module, standin.interface(BATCH_SIZE))
    build_program.build_program = lambda run, info: trainable
    sys.exit(worker.main(sys.argv[1:]))
