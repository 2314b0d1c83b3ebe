"""Runs for tests of the monitor: folders as a worker writes them, without training anything."""

import json
import math
import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from app.runs.run_folder import Run
from app.runs.run_list import runs_folder
from graphs.document.document import Document, End, Graph, Node, Settings, Wire
from graphs.document.document_io import write

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
STEPS = 20
"""Steps of an epoch."""


def make_run(name: str = "digits_cnn-1", age: float = 0, **given: Any) -> Run:
    """A run in the runs folder that is over, `age` minutes older than others; nothing is logged."""
    run = Run(given.pop("folder", None) or runs_folder() / name)
    run.path.mkdir(parents=True)
    given = {"title": "digits_cnn", "status": "finished", "epochs": 4, "seed": 0, **given}
    write(document(given["seed"], given["epochs"], given.pop("width", 32)), run.document_path)
    set_state(run, given.pop("status"), **{"epoch": given["epochs"], **given.pop("state", {})})
    created = (START - timedelta(minutes=age)).isoformat()
    known = {"losses": ["cross_entropy"], "metrics": {"accuracy": "max"}, "steps_per_epoch": STEPS}
    run.info_path.write_text(json.dumps({"created": created, "device": "auto", **known, **given}))
    run.metrics_path.touch()
    return run


def document(seed: int, epochs: int, width: int) -> Document:
    nodes = {
        "digits": Node(type="Digits"),
        "conv": Node(type="Conv2d", parameters={"out_channels": width, "kernel_size": 3}),
    }
    wire = Wire(source=End("digits", "image"), target=End("conv", "x"))
    settings = Settings(seed=seed, epochs=epochs)
    return Document(
        title="digits", settings=settings, graphs={"main": Graph(nodes=nodes, wires=(wire,))}
    )


def set_state(run: Run, status: str, epoch: int = 0, **given: Any) -> None:
    best = {"cross_entropy": 0.0712, "accuracy": 0.9804} if epoch else {}
    state = {"status": status, "epoch": epoch, "seconds": 42.5, "best": best, "updated": START}
    run.state_path.write_text(json.dumps({**state, **given}, default=str))


def log(run: Run, rows: Iterable[dict[str, Any]]) -> None:
    """Appends rows to the metrics of a run."""
    with run.metrics_path.open("a") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def row(split: str, step: int, epoch: float, **values: float) -> dict[str, Any]:
    return {"split": split, "step": step, "epoch": epoch, "time": step / 10, "values": values}


def training(steps: Iterable[int], slope: float = 0.02, seed: int = 0) -> list[dict[str, Any]]:
    """Rows of noisy steps that learn, with a validation at the end of each epoch."""
    noise = random.Random(seed)
    rows = []
    for step in steps:
        loss = 0.08 + 2.2 * math.exp(-slope * step)
        values = _values(loss * math.exp(noise.gauss(0, 0.25)), noise.gauss(0, 0.03))
        rows.append(row("train", step, step / STEPS, **values))
        if step % STEPS == 0:
            rows.append(row("train_epoch", step, step // STEPS, **_values(loss, 0)))
            rows.append(row("validation", step, step // STEPS, **_values(loss * 1.15, -0.01)))
    return rows


def _values(loss: float, noise: float) -> dict[str, float]:
    return {"cross_entropy": loss, "accuracy": min(1.0, max(0.0, 1 - loss / 2.6 + noise))}
