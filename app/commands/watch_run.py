"""Watches a run in the terminal: a bar where there is one to move, a line an epoch elsewhere."""

from __future__ import annotations

import signal
import time
from types import FrameType
from typing import Any, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from app.runs.records import Info, Row, RunError, State
from app.runs.run_folder import Run
from app.runs.run_follower import RunFollower, Update
from app.runs.state_words import duration, in_words

SECONDS = 0.1
"""Between two looks at the run."""


def watch(run: Run, stream: TextIO) -> State:
    """Show a run until it ends, or until Ctrl-C was pressed twice; its state then."""
    console = Console(file=stream, highlight=False)
    console.print(Text(f"Run {run.path}"), soft_wrap=True)
    presses = _Presses()
    try:
        with _Display(console) as display:
            state = _follow(run, console, display, presses)
    finally:
        presses.release()
    if words := _last_words(run, state):
        console.print(Text(words), soft_wrap=True)
    return state


def _follow(run: Run, console: Console, display: _Display, presses: _Presses) -> State:
    follower, asked = RunFollower(run), 0
    while True:
        update = follower.look()
        if update.trouble or not (update.info and update.state):
            raise RunError(update.trouble)
        display.update(update.info, update.state, update)
        if not update.state.is_active:
            return update.state
        if presses.count > asked:
            asked = presses.count
            if _obey(run, console, asked):
                return run.state()
        time.sleep(SECONDS)


def _obey(run: Run, console: Console, presses: int) -> bool:
    """Pass Ctrl-C on; says whether to leave."""
    if presses == 1:
        try:
            run.request("stop")
        except RunError:  # it has just ended by itself
            return False
        console.print("Stopping after this step. Ctrl-C again leaves the run going.")
        return False
    console.print(Text(_leave(run)), soft_wrap=True)
    return True


def _leave(run: Run) -> str:
    """Take a stop back that is not obeyed yet; what to say."""
    try:
        run.request_path.unlink()
    except FileNotFoundError:
        return f"The run is stopping by itself: `resume {run.name}` goes on."
    return f"The run goes on by itself: `monitor {run.name}` shows it, `runs` says how it stands."


def _last_words(run: Run, state: State) -> str:
    """How the run ended; nothing when it goes on."""
    if state.is_active:
        return ""
    told = in_words(state, run.info().epochs, f"`resume {run.name}` continues it").removesuffix(".")
    if state.status == "failed":
        return f"{told}.\nThe log is {run.log_path}."
    values = _joined(state.last) + (f"  test  {_joined(state.test)}" if state.test else "")
    return f"{told}. {state.step} steps in {duration(state.seconds)}.  {values}".rstrip()


def _joined(values: dict[str, float]) -> str:
    return "  ".join(f"{name} {value:.4f}" for name, value in values.items())


def _title(info: Info, state: State) -> str:
    word = "paused" if state.status == "paused" else "epoch"
    return f"{word} {min(state.epoch + 1, info.epochs)}/{info.epochs}"


class _Presses:
    """Counts Ctrl-C instead of raising it in the middle of something."""

    def __init__(self) -> None:
        self.count = 0
        self._before: Any = signal.signal(signal.SIGINT, self._press)

    def _press(self, number: int, frame: FrameType | None) -> None:
        self.count += 1

    def release(self) -> None:
        signal.signal(signal.SIGINT, self._before)


class _Display:
    """The bar: epoch, steps, time left, and the newest value of each loss and metric."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._epoch_values: dict[str, float] = {}
        self._newest: dict[str, float] = {}
        self._step = 0
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[values]}", markup=False),
            console=console,
            disable=not console.is_terminal,
        )
        self._task: TaskID = self._progress.add_task("starting", total=None, values="")

    def __enter__(self) -> _Display:
        self._progress.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._progress.stop()

    def update(self, info: Info, state: State, found: Update) -> None:
        """Take in what is new."""
        self._step = max([self._step, *(row.step for row in found.newest.values())])
        if "train" in found.newest:
            self._newest = found.newest["train"].values
        for row in found.epochs:
            self._epoch_values = row.values
            self._print_epoch(row, "train" if row.split == "train_epoch" else "validation")
        if info.steps_per_epoch and self._step:
            self._progress.update(
                self._task,
                description=_title(info, state),
                total=info.steps_per_epoch * info.epochs,
                completed=self._step,
                values=self._values(),
            )

    def _values(self) -> str:
        now, then = _joined(self._newest), _joined(self._epoch_values)
        return f"{now} | last epoch {then}" if then else now

    def _print_epoch(self, row: Row, split: str) -> None:
        """A line for a terminal that is none: a file, a pipe."""
        if not self.console.is_terminal:
            values = "  ".join(f"{name} {value:.9g}" for name, value in row.values.items())
            text = f"epoch {row.epoch:g} {split}  {values}"
            self.console.print(Text(text), soft_wrap=True)
