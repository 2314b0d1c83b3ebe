"""A run that was stopped and resumed logs bit for bit what a run logs that was never stopped."""

from __future__ import annotations

import random
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from app.runs.metrics import MetricsReader
from app.runs.records import RunError
from app.runs.run_folder import Run
from app.training import loop
from app.training.launch import resume
from app.training.requests import Control
from tests.app import standin
from tests.app.made_runs import (
    new_run,
    stop_after,
    train,
    values_of,
    variant,
    wait_for,
    watched,
)
from tests.graphs.drawing import ready


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """A run that was never stopped."""
    run = new_run(monkeypatch, tmp_path / "whole")
    assert train(run) == 0
    return run


def assert_same(one: Run, other: Run) -> None:
    assert values_of(one) == values_of(other)
    for which in ("last", "best"):
        left, right = one.checkpoint(which), other.checkpoint(which)  # type: ignore[arg-type]
        assert left and right
        weights, others = load_file(left), load_file(right)
        assert weights.keys() == others.keys()
        assert all(torch.equal(weights[name], others[name]) for name in weights)


def test_equals_the_plain_loop(whole: Run) -> None:
    """The loop of the exported file gives the same numbers."""
    torch.manual_seed(0)
    data = standin.load(torch.device("cpu"))
    program = ready(standin)
    epochs = []
    for _ in range(3):
        for name, shuffle in (("train", True), ("validation", False)):
            program.train(shuffle)
            rows, sizes = [], []
            with torch.set_grad_enabled(shuffle):
                for batch in standin.batches(data[name], standin.BATCH_SIZE, shuffle):
                    rows.append(program.step(batch) if shuffle else program.evaluate(batch))
                    sizes.append(standin.size_of(batch))
            epochs.append(standin.average(rows, sizes))
    logged = [values for split, _, _, values in values_of(whole) if split != "train"]
    assert logged == epochs


@pytest.mark.parametrize("step", [1, 3, 7, 8, 14, 20])
def test_stopped_after_a_step(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, whole: Run, step: int
) -> None:
    """Seven steps make an epoch: in the middle, at its end, at its start."""
    run = new_run(monkeypatch, tmp_path)
    assert stop_after(run, "step", step) == 0
    assert run.state().status == "stopped"
    assert run.state().step == step
    resume(run)
    assert train(run) == 0
    assert_same(run, whole)


def test_stopped_in_a_validation(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, whole: Run
) -> None:
    run = new_run(monkeypatch, tmp_path)
    assert stop_after(run, "evaluate", 6) == 0
    assert run.state().epoch == 1
    assert train(run) == 0
    assert_same(run, whole)


def test_stopped_in_the_test(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """All epochs are done, and only the test data is left to measure."""

    def load(device: torch.device) -> Any:
        data = standin.load(device)
        return {**data, "test": data["validation"]}

    run = new_run(monkeypatch, tmp_path)
    assert stop_after(run, "evaluate", 14, load=load) == 0
    assert (run.state().status, run.state().epoch) == ("stopped", 3)
    resume(run)
    assert train(run, variant(load=load)) == 0
    assert run.state().test == run.state().last


def test_stopped_again_and_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, whole: Run
) -> None:
    run = new_run(monkeypatch, tmp_path)
    for _ in range(5):
        assert stop_after(run, "step", 4) == 0
    assert run.state().step == 20
    assert train(run) == 0
    assert_same(run, whole)


class Looks(Control):
    """Says when a worker has looked for what was asked of it."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.looked = threading.Event()

    def poll(self) -> None:
        super().poll()
        self.looked.set()


def test_paused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, whole: Run) -> None:
    """A pause saves the run, holds it, and is no training time."""
    monkeypatch.setattr(loop, "LOOK_SECONDS", 0.0)
    run = new_run(monkeypatch, tmp_path)
    module = watched(lambda what, count: what == "step" and count == 10 and run.request("pause"))
    control = Looks(run)
    worker = threading.Thread(target=train, args=(run, module, control))
    worker.start()
    wait_for(run, "paused")
    for _ in range(5):  # while it looks for a word of ours, it does nothing else
        control.looked.clear()
        assert control.looked.wait(20)
    assert run.state().step == 10
    assert run.checkpoint("last")
    run.request("resume")
    worker.join()
    assert run.state().status == "finished"
    assert run.state().seconds < MetricsReader(run).read()[-1].time + 0.2
    assert_same(run, whole)


def test_stopped_while_paused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, whole: Run) -> None:
    monkeypatch.setattr(loop, "LOOK_SECONDS", 0.0)
    run = new_run(monkeypatch, tmp_path)
    module = watched(lambda what, count: what == "step" and count == 3 and run.request("pause"))
    worker = threading.Thread(target=train, args=(run, module))
    worker.start()
    wait_for(run, "paused")
    run.request("stop")
    worker.join()
    assert run.state().status == "stopped"
    assert train(run) == 0
    assert_same(run, whole)


def test_python_and_numpy_draws_go_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A step may draw from any generator; `load` seeds those that torch does not."""

    class Program(standin.Program):
        def step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
            noise = random.gauss(0, 0.1) + float(np.random.normal(0, 0.1)) + torch.rand(()).item()
            return super().step({**batch, "x": batch["x"] + noise})

    def load(device: torch.device) -> Any:
        random.seed(1)
        np.random.seed(1)
        return standin.load(device)

    module = variant(Program=Program, load=load)
    whole = new_run(monkeypatch, tmp_path)
    assert train(whole, module) == 0
    run = new_run(monkeypatch, tmp_path)
    stopping = type("Stopping", (Program,), {"step": _raise_at(Program.step, 11)})
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr(loop, "LOOK_SECONDS", 0.0)
    assert train(run, variant(Program=stopping, load=load)) == 1
    assert run.state().status == "failed"
    assert train(run, module) == 0
    assert_same(run, whole)


def _raise_at(step: Any, count: int) -> Any:
    calls = []

    def counted(self: Any, batch: Any) -> Any:
        calls.append(batch)
        if len(calls) == count:
            raise RuntimeError("as if the power went")
        return step(self, batch)

    return counted


def test_more_epochs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A run resumed with more epochs equals one that had as many from the start."""
    longer = new_run(monkeypatch, tmp_path, epochs=5)
    assert train(longer) == 0
    run = new_run(monkeypatch, tmp_path, epochs=2)
    assert train(run) == 0
    with pytest.raises(RunError, match="has done 2 epochs"):
        resume(run)
    resume(run, epochs=5)
    assert run.info().epochs == 5
    assert train(run) == 0
    assert_same(run, longer)


def test_the_best_epoch_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """best.safetensors has the weights of the lowest validation loss, though others follow."""
    run = new_run(monkeypatch, tmp_path, epochs=40)
    assert train(run) == 0
    path = run.checkpoint("best")
    assert path
    torch.manual_seed(0)
    data = standin.load(torch.device("cpu"))
    program = ready(standin)
    program.load_state_dict(load_file(path))
    program.eval()
    rows, sizes = [], []
    with torch.no_grad():
        for batch in standin.batches(data["validation"], standin.BATCH_SIZE):
            rows.append(program.evaluate(batch))
            sizes.append(standin.size_of(batch))
    lowest = min(v["loss"] for split, _, _, v in values_of(run) if split == "validation")
    assert standin.average(rows, sizes)["loss"] == lowest == run.state().best["loss"]
    assert run.info().best == "lowest validation loss"


def test_without_validation_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The training loss says which epoch is the best."""
    module = variant(load=lambda device: {"train": standin.load(device)["train"]})
    run = new_run(monkeypatch, tmp_path)
    assert train(run, module) == 0
    assert run.info().best == "lowest training loss"
    assert {split for split, *_ in values_of(run)} == {"train", "train_epoch"}
    assert run.state().last["accuracy"] > 0
    assert run.checkpoint("best")
