"""The loop: the calls of the exported file in the same order, with a run kept around them.

On the CPU its losses equal those of the exported file bit for bit, stopped and resumed or not. A
step costs the app a clock and three appends; all else is done a few times a second.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from app.training.build_program import Trainable, samples_in
from app.training.checkpoints import restoring, snapshots
from app.training.checkpoints.checkpoint import Progress, Snapshot
from app.training.checkpoints.random_state import RandomStates
from app.training.checkpoints.saver import Saver
from app.training.failures import NotFiniteError
from app.training.prober import Prober
from app.training.recorder import Recorder
from app.training.requests import Control

LOOK_SECONDS = 0.25
"""Between two looks at what was asked; each look also fetches and writes the steps since."""
SHOW_SECONDS = 0.5
"""Between two writes of state.json, which a disk may answer late."""
CHECKPOINT_SECONDS = 30.0
"""Between two checkpoints in a long epoch. One is written at every epoch's end besides."""
SHARE = 0.005
"""Of the time, for checkpoints: at the end of very short epochs some are left out."""

Batch = dict[str, Tensor]


class Stopped(Exception):
    """The run was asked to stop, and all is saved."""


class Training:
    """One training of one program. `run` trains to the end, or raises Stopped."""

    def __init__(
        self,
        trainable: Trainable,
        device: torch.device,
        seed: int,
        recorder: Recorder,
        control: Control,
        saver: Saver,
        epochs: int = 1,
    ) -> None:
        self.trainable = trainable
        self.module: Any = trainable.module
        self.interface = trainable.interface
        split_metrics = self.interface.split_metrics
        self._finishing = {name: self.module.OVER_SPLIT[name] for name in split_metrics}
        self.device = device
        self.recorder = recorder
        self.control = control
        self.saver = saver
        torch.manual_seed(seed)
        self.data = trainable.load(device)
        self.steps_per_epoch = trainable.steps_in(self.data["train"])
        self.program: Any = trainable.make(device, self.steps_per_epoch, epochs)
        self.prober = Prober(trainable, recorder.run.probes_path, device)
        self.progress = Progress()
        self.test: dict[str, float] = {}
        """The means over the test data, once all epochs are done."""
        self._times: list[float] = []
        self._written = 0
        self._random: RandomStates | None = None
        self._start = time.monotonic()
        self._due = 0.0
        self._shown = 0.0
        self._saved = self._start
        self._cost = 0.0
        self._best: dict[str, Tensor] | None = None

    def has(self, split: str) -> bool:
        """There is data in a split."""
        return split in self.data and samples_in(self.data[split]) > 0

    def restore(self, snapshot: Snapshot) -> None:
        """Go on from a checkpoint. Raises CheckpointError."""
        saved = self.interface.saved
        self.progress = restoring.restore(snapshot, self.program, self.device, saved)
        self.program.batches = self.progress.step
        self._written = len(self.progress.rows)
        self._start = time.monotonic() - self.progress.seconds

    def run(self, epochs: int) -> None:
        """Train until so many epochs are done. Raises Stopped when asked to stop."""
        self._start = time.monotonic() - self.progress.seconds
        self.show()
        self._probe()
        while self.progress.epoch < epochs:
            self._train()
            self._end_epoch()
        self._probe()
        self._checkpoint()
        self.saver.wait()
        self.test = self._measure("test")
        if self.test:
            self._print("test", self.test)

    def _train(self) -> None:
        """One pass over the training data, or what is left of it."""
        self.program.epoch = self.progress.epoch + 1
        self.program.train()
        progress, rows, sizes, times = self._begin_epoch()
        step, size_of, clock = self.program.step, self.module.size_of, time.monotonic
        control = self.control
        for batch in self._batches():
            rows.append(step(batch))
            sizes.append(size_of(batch))
            moment = clock()
            times.append(moment)
            progress.step += 1
            if moment >= self._due or control.interrupted:
                self._look()
        self._flush()

    def _begin_epoch(self) -> tuple[Progress, list[Batch], list[int], list[float]]:
        progress = self.progress
        if progress.epoch_start is None:
            progress.epoch_start = RandomStates.capture(self.device)
        return progress, progress.rows, progress.sizes, self._times

    def _batches(self) -> Iterator[Batch]:
        """The epoch's batches; those done before a stop are drawn again in order, and left out."""
        done = len(self.progress.rows)
        if done == 0:
            return self.trainable.shuffled(self.data["train"], 0)
        now = RandomStates.capture(self.device)
        assert self.progress.epoch_start is not None
        self.progress.epoch_start.restore(self.device)
        train = self.trainable.shuffled(self.data["train"], done)
        now.restore(self.device)
        return train

    def _end_epoch(self) -> None:
        progress = self.progress
        train = self.module.average(progress.rows, progress.sizes)
        validation = self._measure("validation")
        self._require_finite(validation, f"in the validation after epoch {progress.epoch + 1}")
        progress.epoch += 1
        if self.interface.ends_epochs:
            self.program.end_epoch(validation or train)
        progress.seconds = self._seconds()
        self._record("train_epoch", train)
        if validation:
            self._record("validation", validation)
        self._clear_epoch()
        if self._judge(validation or train):
            self._best = snapshots.weights_of(self.program, self.interface.saved)
        if self.prober.is_due(0.0):
            self._probe()
        if self._may_checkpoint(0.0):
            self._checkpoint()
        self._print(f"epoch {progress.epoch} train", train)
        self._print(f"epoch {progress.epoch} validation", validation)

    def _clear_epoch(self) -> None:
        self.progress.rows, self.progress.sizes = [], []
        self.progress.epoch_start = None
        self._times.clear()
        self._written = 0

    def _measure(self, split: str) -> dict[str, float]:
        """The means over a split, with nothing updated; empty when it has no data."""
        if not self.has(split):
            return {}
        self._random = RandomStates.capture(self.device)  # a stop in here comes back to here
        self.program.eval()
        rows, sizes = [], []
        with torch.no_grad():
            for batch in self.trainable.batches(self.data[split]):
                rows.append(self.program.evaluate(batch))
                sizes.append(self.module.size_of(batch))
                if time.monotonic() >= self._due or self.control.interrupted:
                    self._look()
        self._random = None
        values: dict[str, float] = self.module.average(rows, sizes)
        return values

    def _judge(self, values: dict[str, float]) -> bool:
        """Note the epoch's values; says whether the first loss was never lower."""
        progress = self.progress
        progress.last = {name: value for name, value in values.items() if math.isfinite(value)}
        for name, value in progress.last.items():
            better = max if self.interface.metrics.get(name) == "max" else min
            progress.best[name] = better(value, progress.best.get(name, value))
        loss = values[self.interface.losses[0]]
        if progress.best_loss is not None and loss >= progress.best_loss:
            return False
        progress.best_loss = loss
        return True

    def _look(self) -> None:
        """What is done a few times a second: write the steps since, obey, save now and then."""
        self._flush()
        self.control.poll()
        if self.control.stop or self.control.pause:
            self._obey()
        elif self._may_checkpoint(CHECKPOINT_SECONDS):
            self._checkpoint()
        if self.prober.is_due():
            self._probe()
        if time.monotonic() - self._shown >= SHOW_SECONDS:
            self.show()
        self._due = time.monotonic() + LOOK_SECONDS

    def _obey(self) -> None:
        self._checkpoint()
        self.saver.wait()
        if self.control.pause and not self.control.stop:
            self._sleep()
        if self.control.stop:
            raise Stopped

    def _sleep(self) -> None:
        """Wait while the run is paused; that time is no training time."""
        began = time.monotonic()
        self.show("paused", sync=True)
        while self.control.pause and not self.control.stop:
            time.sleep(0.05)
            self.control.poll()
        self._start += time.monotonic() - began
        if not self.control.stop:
            self.show(sync=True)

    def _flush(self) -> None:
        """Fetch the steps since the last time in one transfer, and write them."""
        progress, first = self.progress, self._written
        rows = progress.rows[first:]
        if not rows:
            return
        names, table = fetch(rows, self._finishing)
        before = progress.step - len(progress.rows)
        places = [
            (before + i, progress.epoch + min(i / self.steps_per_epoch, 1.0), t - self._start)
            for i, t in enumerate(self._times, first + 1)
        ]
        self.recorder.steps(names, places, table)
        self._written = len(progress.rows)
        self._times.clear()
        self._require_finite_steps(names, table, before + first + 1)

    def _require_finite_steps(self, names: list[str], table: list[list[float]], first: int) -> None:
        for name, column in zip(names, table, strict=True):
            if name in self.interface.losses and not all(map(math.isfinite, column)):
                at = next(i for i, value in enumerate(column) if not math.isfinite(value))
                self._require_finite({name: column[at]}, f"at step {first + at}")

    def _require_finite(self, values: dict[str, float], where: str) -> None:
        for name in self.interface.losses:
            if not math.isfinite(values.get(name, 0.0)):
                raise NotFiniteError(
                    f"The loss {name} became {values[name]} {where}: try a lower learning rate, "
                    "or look for values in the data that are not finite."
                )

    def _record(self, split: str, values: dict[str, float]) -> None:
        progress = self.progress
        self.recorder.epoch(split, progress.step, progress.epoch, progress.seconds, values)

    def _probe(self) -> None:
        """See what the probes show now; the training goes on as if nobody had looked."""
        self.prober.look(self.program, self.data, self.progress.step)

    def _may_checkpoint(self, seconds: float) -> bool:
        """The last checkpoint is so long ago, and long enough to be worth its cost."""
        pause = max(seconds, (self._cost + self.saver.cost) / SHARE)
        return time.monotonic() - self._saved >= pause

    def _checkpoint(self) -> None:
        """Save the training as it stands, and the best weights if they are new."""
        self._saved = time.monotonic()
        self.progress.seconds = self._seconds()
        random = self._random or RandomStates.capture(self.device)
        keeps, saved = self.interface.keeps_gradients, self.interface.saved
        snapshot = snapshots.take(self.program, self.progress, random, keeps, saved)
        self.saver.save(snapshot, self._best)
        self._best = None
        self._cost = time.monotonic() - self._saved

    def show(self, status: str = "running", sync: bool = False) -> None:
        """Bring the run's state up to date."""
        self._shown = time.monotonic()
        self.recorder.show(sync, status=status, **self.place())

    def place(self) -> dict[str, Any]:
        """Where the training stands, as a run's state has it."""
        progress = self.progress
        return {
            "epoch": progress.epoch,
            "step": progress.step,
            "seconds": self._seconds(),
            "last": progress.last,
            "best": progress.best,
            "test": {name: value for name, value in self.test.items() if math.isfinite(value)},
        }

    def _print(self, title: str, values: dict[str, float]) -> None:
        """Into the log, in the words of the exported file."""
        texts = [f"{name} {value:.9g}" for name, value in values.items()]
        print(title, *texts, sep="  ", flush=True)

    def _seconds(self) -> float:
        return time.monotonic() - self._start


def fetch(
    rows: list[Batch], over_split: Mapping[str, Callable[[Tensor], Tensor]]
) -> tuple[list[str], list[list[float]]]:
    """The names of the values, and a column for each: stacked on the device, one transfer. Of a
    metric of a whole split a step shows what it would be on its batch alone.
    """
    names = list(rows[0])
    columns = [[row[name] for row in rows] for name in names]
    for number, name in enumerate(names):
        if name in over_split:
            columns[number] = [over_split[name](kept) for kept in columns[number]]
    stacked = [torch.stack(column) for column in columns]
    exact = torch.float32 if stacked[0].device.type == "mps" else torch.float64
    return names, torch.stack([column.to(exact) for column in stacked]).tolist()
