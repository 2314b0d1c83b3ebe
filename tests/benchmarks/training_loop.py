"""How much a run costs over the exported file's own loop, with all that is written on the way.

    OMP_NUM_THREADS=1 python -m tests.benchmarks.training_loop [--rounds 9] [--seconds 2] [DOC…]

Both train the same generated module in this process, in turns; the median of the rounds' ratios
counts. CPU time leaves the load of the machine out; wall time has what waits for the disk in it;
"best" is the fastest round of each, which a busy machine disturbs least.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import torch

import nodes.library  # noqa: F401  (registers the node types)
from app.runs.records import State, now
from app.runs.run_folder import Run
from app.training.build_program import Trainable
from app.training.checkpoints.saver import Saver
from app.training.loop import Training
from app.training.recorder import Recorder
from app.training.requests import Control
from graphs.compiler import check, compile
from graphs.document.document_io import read
from graphs.load_module import load_source

EXAMPLES = Path(__file__).parents[2] / "assets/examples"
CPU = torch.device("cpu")


class Cost(NamedTuple):
    """Seconds for so many epochs."""

    cpu: float
    wall: float


def trainable_of(path: Path) -> Trainable:
    """The program of a document."""
    checked = check(read(path), path.parent)
    compiled = compile(checked)
    module = load_source(compiled.source, Path("program.py"))
    return Trainable(module, compiled.interface, path.parent)


def plain(trainable: Trainable, epochs: int) -> Cost:
    """The loop of the exported file."""
    module: Any = trainable.module
    torch.manual_seed(0)
    data = trainable.load(CPU)
    program = trainable.make(CPU, trainable.steps_in(data["train"]), epochs)
    started = Cost(time.process_time(), time.perf_counter())
    for epoch in range(1, epochs + 1):
        module.report(f"epoch {epoch} train", module.train(program, data["train"]))
        module.report(f"epoch {epoch} validation", module.measure(program, data["validation"]))
    module.report("test", module.measure(program, data["test"]))
    return _since(started)


def app(trainable: Trainable, epochs: int) -> Cost:
    """The loop of the app, in a run's folder."""
    with tempfile.TemporaryDirectory() as folder:
        run = Run(Path(folder))
        run.checkpoints_path.mkdir()
        recorder = Recorder(run, State(status="starting", updated=now()))
        saver = Saver(run.checkpoints_path)
        training = Training(trainable, CPU, 0, recorder, Control(run), saver, epochs)
        started = Cost(time.process_time(), time.perf_counter())
        training.run(epochs)
        cost = _since(started)
        saver.close()
        recorder.close()
        return cost


def _since(started: Cost) -> Cost:
    return Cost(time.process_time() - started.cpu, time.perf_counter() - started.wall)


def compare(path: Path, rounds: int, seconds: float) -> None:
    """Print the cost of a document's run, as a share of the plain loop's."""
    trainable = trainable_of(path)
    with contextlib.redirect_stdout(io.StringIO()):
        plain(trainable, 1)
        epochs = max(1, round(seconds / (plain(trainable, 3).wall / 3)))
        pairs = []
        for turn in range(rounds):
            first, second = (plain, app) if turn % 2 else (app, plain)
            costs = {loop: loop(trainable, epochs) for loop in (first, second)}
            pairs.append((costs[plain], costs[app]))
    cpu = statistics.median(ours.cpu / theirs.cpu for theirs, ours in pairs)
    wall = statistics.median(ours.wall / theirs.wall for theirs, ours in pairs)
    best = min(ours.cpu for _, ours in pairs) / min(theirs.cpu for theirs, _ in pairs)
    one = statistics.median(theirs.wall for theirs, _ in pairs) / epochs
    print(
        f"{path.name:32} {epochs:5} epochs of {one * 1e3:7.1f} ms"
        f"   app / plain: CPU {cpu:.3f}  wall {wall:.3f}  best CPU {best:.3f}"
    )


def main() -> None:
    """Compare each document given, or all examples."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("documents", nargs="*", type=Path, default=sorted(EXAMPLES.glob("*.json")))
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=2.0, help="of one loop in one round")
    arguments = parser.parse_args()
    for path in arguments.documents:
        compare(path, arguments.rounds, arguments.seconds)


if __name__ == "__main__":
    main()
