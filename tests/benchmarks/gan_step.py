"""How much faster the compiled step of the `gan` example is than hand-written ones.

    OMP_NUM_THREADS=1 python -m tests.benchmarks.gan_step [--rounds 15] [--steps 40]

The usual loop lets the generator's pass compute gradients of the discriminator that it drops; the
expert's does not. All three train in turns; CPU time and the median of the rounds' ratios count.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import nodes.library  # noqa: F401  registers the node types
from graphs.compiler import export
from graphs.document.document_io import read
from graphs.load_module import load_source
from tests.graphs.drawing import ready
from tests.graphs.gan_loops import expert_step, usual_step

GAN = Path(__file__).parents[2] / "assets/examples/gan.graph.json"
Step = Callable[[Any, dict[str, Tensor]], Any]


def seconds(program: Any, batch: dict[str, Tensor], step: Step, count: int) -> float:
    """CPU seconds of so many steps."""
    started = time.process_time()
    for _ in range(count):
        step(program, batch)
    return time.process_time() - started


def main(rounds: int, steps: int) -> None:
    """Measure all three in turns, and print the ratios to the compiled step."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    module = load_source(export(read(GAN)), Path("gan.py"))
    batch = next(module.batches(module.load("cpu")["train"], 64))
    program = ready(module, rounds * steps).train()
    ours: Step = lambda made, given: made.step(given)  # noqa: E731
    loops = {"compiled": ours, "expert": expert_step, "usual": usual_step}
    for step in loops.values():
        seconds(program, batch, step, 5)
    taken = [
        {name: seconds(program, batch, step, steps) for name, step in loops.items()}
        for _ in range(rounds)
    ]
    for name in loops:
        each = statistics.median(row[name] for row in taken) / steps
        ratio = statistics.median(row[name] / row["compiled"] for row in taken)
        print(f"{name:9} {1000 * each:7.2f} ms a step   {ratio:.3f} of the compiled step")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--steps", type=int, default=40)
    arguments = parser.parse_args()
    main(arguments.rounds, arguments.steps)
