"""The process that trains one run: `python -P -m app.training.worker RUN`.

It holds the run's lock from its first moment, so whoever finds the lock free knows it is gone.
Exit code 0: finished, or stopped as asked; 1: failed, with the reason in state.json; 3: another
worker trains this run.
"""

from __future__ import annotations

import sys
import traceback
from datetime import datetime
from pathlib import Path

from app.runs.locks import Lock, LockedError
from app.runs.records import RunError, State
from app.runs.run_folder import Run
from app.training.recorder import Recorder
from app.training.requests import Control

BUSY = 3
"""Exit code of a worker that found another one at its run."""


def main(arguments: list[str]) -> int:
    """Train the run whose folder is named; the process's exit code."""
    run = Run(Path(arguments[0]))
    try:
        lock = Lock(run.lock_path)
    except LockedError:
        print(f"{run.name} is in training already: another process holds its lock.", flush=True)
        return BUSY
    except OSError as error:
        print(f"{run.path} is no run that can be trained: {error.strerror}.", flush=True)
        return 1
    try:
        return work(run)
    finally:
        lock.release()


def work(run: Run) -> int:
    """Train a run whose lock is held, and show how it ends in its state; the exit code."""
    print(f"-- {datetime.now():%Y-%m-%d %H:%M:%S} {run.name}", flush=True)
    control = Control(run)
    control.catch_signals()
    try:
        recorder = Recorder(run, _starting(run))
    except (OSError, RunError) as error:
        print(error, flush=True)
        return 1
    try:
        return _train(run, recorder, control)
    finally:
        recorder.close()


def _starting(run: Run) -> State:
    return run.state().model_copy(update={"status": "starting", "message": "", "node": None})


def _train(run: Run, recorder: Recorder, control: Control) -> int:
    try:
        from app.training.build_program import build_program
        from app.training.job import Job  # imports torch, which takes seconds
    except ImportError as error:
        traceback.print_exc()
        recorder.fail(f"Patchbay is not installed whole ({error}): see its README.", None)
        return 1
    return Job(run, recorder, control, build_program).work()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
