"""How long a WaveNet takes to make a sound value by value, and its student in one pass.

    OMP_NUM_THREADS=1 python -m tests.benchmarks.one_pass [--rounds 3] [--picture FILE.png]

For each length all ways make a sound in turns; the medians of CPU time count, and ratios of them.
The networks are those of `parallel_wavenet` before training: time does not depend on weights.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

import nodes.library  # noqa: F401  registers the node types
from app.examples_check.one_pass import made_by_student, made_by_teacher, seconds
from graphs.compiler import export
from graphs.document.document_io import read
from graphs.load_module import load_source

DOCUMENT = Path(__file__).parents[2] / "assets/examples/parallel_wavenet.graph.json"
LENGTHS = (64, 128, 256, 512, 1024, 2048)
NAIVE_UP_TO = 1024
"""Computing all again for each value takes too long beyond."""
WAYS = {
    "teacher, all again for each value": (230, 120, 70),
    "teacher, layers remember": (230, 180, 60),
    "student, one pass": (80, 170, 220),
}
"""How sounds are made, and the colour of each way's line."""
Times = dict[str, list[tuple[int, float]]]


def ways(program: Any, pipe: torch.Tensor, length: int) -> dict[str, Callable[[], object]]:
    """All ways to make a sound of a length, by their names."""
    naive, cached, student = WAYS
    found: dict[str, Callable[[], object]] = {
        cached: lambda: made_by_teacher(program.teacher, pipe, length),
        student: lambda: made_by_student(program.student, pipe, length),
    }
    if length <= NAIVE_UP_TO:
        found[naive] = lambda: made_by_teacher(program.teacher, pipe, length, cached=False)
    return found


def measured(rounds: int) -> Times:
    """CPU seconds of each way for each length that it takes part in."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    module: Any = load_source(export(read(DOCUMENT)), Path("parallel_wavenet.py"))
    program, pipe = module.Program().eval(), torch.eye(4)[:1, :, None]
    made_by_student(program.student, pipe, LENGTHS[0])  # what is slow for the first time alone
    times: Times = {name: [] for name in WAYS}
    for length in LENGTHS:
        found = ways(program, pipe, length)
        taken = seconds(list(found.values()), rounds)
        for name, value in zip(found, taken, strict=True):
            times[name].append((length, value))
        print(line(length, dict(zip(found, taken, strict=True))), flush=True)
    return times


def line(length: int, taken: dict[str, float]) -> str:
    """What one length took, and how many times faster the student is."""
    *_, student = WAYS
    parts = [f"{name} {1000 * taken[name]:8.1f} ms" for name in WAYS if name in taken]
    ratios = [f"{taken[name] / taken[student]:.0f}" for name in WAYS if name in taken]
    return f"{length:5} values   {'   '.join(parts)}   ratios {' : '.join(ratios)}"


def plot(times: Times, path: Path) -> None:
    """Draw time over length, both on logarithmic axes."""
    import pyqtgraph
    from pyqtgraph.exporters import ImageExporter

    application = pyqtgraph.mkQApp()
    chart = pyqtgraph.PlotWidget(background=(28, 30, 36))
    chart.resize(640, 400)
    chart.setLabels(bottom="values of a sound", left="CPU seconds")
    chart.setLogMode(x=True, y=True)
    chart.showGrid(x=True, y=True, alpha=0.25)
    chart.getAxis("bottom").setTicks([[(math.log10(n), f"{n:,}") for n in LENGTHS]])
    chart.addLegend(offset=(70, 10))
    for name, points in times.items():
        x, y = zip(*points, strict=True)
        pen = pyqtgraph.mkPen(WAYS[name], width=2)
        brush = pyqtgraph.mkBrush(WAYS[name])
        chart.plot(x, y, pen=pen, symbol="o", symbolSize=6, symbolBrush=brush, name=name)
    chart.show()
    application.processEvents()
    ImageExporter(chart.plotItem).export(str(path))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--picture", type=Path)
    arguments = parser.parse_args()
    result = measured(arguments.rounds)
    if arguments.picture:
        plot(result, arguments.picture)
