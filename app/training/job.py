"""One worker's job: from the run's document to the end of its training, good or bad."""

from __future__ import annotations

import platform
import sys
import traceback
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

import torch

from app.runs.records import Info, Probe
from app.runs.run_folder import Run
from app.training import failures
from app.training.build_program import Trainable
from app.training.checkpoints import checkpoint_files
from app.training.checkpoints.saver import Saver
from app.training.devices import resolve
from app.training.loop import Stopped, Training
from app.training.recorder import Recorder
from app.training.requests import Control
from graphs.system.atomic_write import write_text

Build = Callable[[Run, Info], Trainable]
"""Makes the program of a run."""


class Job:
    """Trains a run and shows how it ends."""

    def __init__(self, run: Run, recorder: Recorder, control: Control, build: Build) -> None:
        self.run = run
        self.recorder = recorder
        self.control = control
        self.build = build
        self.trainable: Trainable | None = None
        self.training: Training | None = None
        self.saver: Saver | None = None

    def work(self) -> int:
        """Train; the worker's exit code."""
        try:
            self._train()
        except Stopped:
            self._end("stopped")
            return 0
        except Exception as error:  # whatever a program does, people get a sentence
            self._fail(error)
            return 1
        finally:
            if self.saver:
                self.saver.close()
        self._end("finished")
        return 0

    def _train(self) -> None:
        run, info = self.run, self.run.info()
        if info.threads:
            torch.set_num_threads(info.threads)
        device = resolve(info.device)
        self.recorder.show(device=str(device))
        _tidy(run)
        self.trainable = self.build(run, info)
        self.saver = Saver(run.checkpoints_path)
        training = Training(
            self.trainable,
            device,
            info.seed,
            self.recorder,
            self.control,
            self.saver,
            info.epochs,
        )
        snapshot = checkpoint_files.read(run.checkpoints_path)
        if snapshot:
            training.restore(snapshot)
        else:
            self.trainable.begin(training.program)
        self.recorder.cut(training.progress.epoch, training.progress.step)
        training.prober.forget(training.progress.step)
        write_text(run.info_path, _complete(info, training).model_dump_json(indent=1))
        self.training = training
        training.run(info.epochs)

    def _end(self, status: str) -> None:
        assert self.training is not None
        self.training.show(sync=True, status=status)
        print(status, flush=True)

    def _fail(self, error: Exception) -> None:
        traceback.print_exc()
        step = self.training.progress.step + 1 if self.training else None
        where = f"at step {step}" if step else "before the first step"
        module = self.trainable.module if self.trainable else None
        message = failures.sentence(error, module, where)
        print(message, file=sys.stderr, flush=True)
        place = self.training.place() if self.training else {}
        self.recorder.fail(message, failures.failing_node(error, module, self.run), **place)


def _tidy(run: Run) -> None:
    """Make the checkpoints' folder; drop what a killed worker had begun to write."""
    run.checkpoints_path.mkdir(exist_ok=True)
    for folder in (run.path, run.checkpoints_path, run.probes_path):
        for path in folder.glob(".*.tmp"):
            path.unlink()


def _complete(info: Info, training: Training) -> Info:
    """What is known of a run once its data and its program are there."""
    known = training.trainable.interface
    split = "validation" if training.has("validation") else "training"
    weights = {id(weight): weight.numel() for weight in training.program.parameters()}
    return info.model_copy(
        update={
            "threads": torch.get_num_threads(),
            "best": f"lowest {split} {known.losses[0]}",
            "versions": _versions(),
            "losses": known.losses,
            "metrics": dict(known.metrics),
            "probes": {name: Probe(**shown._asdict()) for name, shown in known.probes.items()},
            "steps_per_epoch": training.steps_per_epoch,
            "parameters": sum(weights.values()),
        }
    )


def _versions() -> dict[str, str]:
    try:
        own = version("patchbay")
    except PackageNotFoundError:  # run from a clone
        own = "source"
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "patchbay": own,
        "platform": platform.platform(),
    }
