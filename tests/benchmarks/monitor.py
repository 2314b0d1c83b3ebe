"""How long the monitor takes with very long runs: `python -m tests.benchmarks.monitor [STEPS]`.

It writes a run of that many steps to a folder of its own, opens it in an off-screen window, and
prints seconds. Nothing here is asserted: times belong to the machine they were taken on.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from app.runs.run_folder import Run

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


def main(steps: int) -> None:
    from PySide6.QtWidgets import QApplication

    from app.monitor import theme
    from app.monitor.window.main import open_window
    from tests.app.monitor_runs import log, make_run, row

    app = QApplication([])
    theme.apply(app)
    run = make_run(epochs=1)
    write_steps(run, steps)
    window = open_window([run.path])
    window.show()
    measure("first poll", window.tick)
    longest = 0.0
    start = time.perf_counter()
    while len(window.board.plots) < 2:
        longest = max(longest, seconds(lambda: (window.tick(), app.processEvents())))
        time.sleep(0.02)
    print(f"reading {steps:,} steps: {time.perf_counter() - start:.2f} s on a thread")
    print(f"longest time without an answer meanwhile: {longest * 1e3:.0f} ms")
    measure("painting", window.grab)
    log(run, [row("train", steps + 1, 2, loss=1.0, accuracy=0.5)])

    def update() -> None:
        window.board.refresh({run: set(window.watch.shown[run].follower.series)})
        window.grab()

    measure("update of both plots", update)
    measure("other smoothing", lambda: (window.controls.slider.setValue(40), window.grab()))
    measure("log axis", lambda: (window.controls.log.click(), window.grab()))
    window.close()


def write_steps(run: Run, steps: int) -> None:
    noise = np.random.default_rng(0).normal(size=steps)
    with run.metrics_path.open("w") as file:
        for step in range(steps):
            values = {"loss": 2 + noise[step], "accuracy": 0.5 + noise[step] / 10}
            place = {"split": "train", "step": step, "epoch": step / steps, "time": step / 100}
            file.write(json.dumps({**place, "values": values}) + "\n")


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure(name: str, work: Callable[[], object]) -> None:
    print(f"{name}: {seconds(work) * 1e3:.0f} ms")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PATCHBAY_HOME"] = str(Path(folder))
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
