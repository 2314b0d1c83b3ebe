"""Probes in a run: what they show is kept, thinned, dropped on resuming; training never knows."""

import os
import runpy
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import nodes.library  # noqa: F401  registers the node types
from app.runs.metrics import MetricsReader
from app.runs.probe_files import probe_path, probe_steps
from app.runs.run_folder import Run
from app.training import launch as starting
from app.training import prober as probers
from app.training.build_program import Trainable, build_program
from app.training.job import Job
from app.training.prober import Prober
from app.training.recorder import Recorder
from app.training.requests import Control
from graphs.compiler import export
from graphs.document.document import Document
from graphs.document.edits import RemoveNodes, apply
from graphs.program.interface import Interface
from tests.app.made_runs import values_of
from tests.graphs.drawing import classifier

PROBES = {
    "noise": ("GaussianNoise", {"x": "digits.image"}, {"deviation": 0.5}),
    "seen": ("ImageGrid", {"images": ["digits.image", "noise"]}, {"count": 4}),
    "matrix": ("ConfusionMatrix", {"prediction": "linear", "label": "digits.label"}),
    "dots": ("ScatterPlot", {"points": "flatten", "label": "digits.label"}),
    "dropped": ("Dropout", {"x": "flatten"}),
    "linear": ("Linear", {"x": "dropped"}, {"out_features": 10}),
}
"""Probes on a network that draws random numbers in each step."""


def trained(
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    document: Document,
    epochs: int = 2,
    change: Callable[[Trainable], None] = lambda trainable: None,
) -> Run:
    """A run of a document, trained in this process."""
    monkeypatch.setattr(starting, "_spawn", lambda run: None)
    run = starting.start(document, runs=folder, device="cpu", epochs=epochs, threads=1)
    go_on(run, change)
    return run


def go_on(run: Run, change: Callable[[Trainable], None] = lambda trainable: None) -> int:
    """A worker's work in this process."""

    def build(run: Run, info: object) -> Trainable:
        trainable = build_program(run, run.info())
        change(trainable)
        return trainable

    recorder = Recorder(run, run.state())
    try:
        return Job(run, recorder, Control(run), build).work()
    finally:
        recorder.close()


def without(document: Document) -> Document:
    """The same document with no probes, nor what only they read."""
    return apply(document, RemoveNodes(ids=("seen", "matrix", "dots", "noise")))


def test_losses_are_those_without_probes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Bit for bit, looked at whenever the training looks around and at every epoch's end."""
    monkeypatch.setattr(Prober, "is_due", lambda self, seconds=0.0: self.active)
    monkeypatch.setattr("app.training.loop.LOOK_SECONDS", 0.0)
    document = classifier(**PROBES)
    probed = trained(monkeypatch, tmp_path / "with", document)
    plain = trained(monkeypatch, tmp_path / "without", without(document))
    assert probed.state().status == plain.state().status == "finished"
    assert values_of(probed) == values_of(plain)
    assert probed.state().test == plain.state().test
    assert len(probe_steps(probed.probes_path)) > 10 and probe_steps(plain.probes_path) == []


def test_what_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The start and the end at least; each file has every part of every probe."""
    run = trained(monkeypatch, tmp_path, classifier(**PROBES))
    steps = probe_steps(run.probes_path)
    assert steps[0] == 0 and steps[-1] == run.state().step
    seen = load_file(probe_path(run.probes_path, steps[-1]))
    assert set(seen) == {"seen.images", "dots.points", "dots.label", "matrix.counts"}
    assert seen["seen.images"].shape == (4, 2, 1, 8, 8)
    assert seen["matrix.counts"].sum() == 270  # all of the validation data, in five batches
    info = run.info()
    assert set(info.probes) == {"seen", "matrix", "dots"}
    assert info.probes["seen"].picture == "images" and info.probes["seen"].options["high"] == 1.0


def test_the_exported_file_shows_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    document = classifier(**PROBES)
    run = trained(monkeypatch, tmp_path, document, epochs=1)
    program = tmp_path / "program.py"
    program.write_text(export(document))
    flags = f"--epochs 1 --save {tmp_path}/weights --probes {tmp_path}/looks"
    monkeypatch.setattr(sys, "argv", [str(program), *flags.split()])
    runpy.run_path(str(program), run_name="__main__")
    theirs = load_file(tmp_path / "looks" / "epoch_1.safetensors")
    ours = load_file(probe_path(run.probes_path, run.state().step))
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    validation = [row.values for row in MetricsReader(run).read() if row.split == "validation"]
    right = theirs["matrix.counts"].diagonal().sum() / theirs["matrix.counts"].sum()
    assert float(right) == pytest.approx(validation[-1]["accuracy"])


def test_looks_after_the_checkpoint_are_dropped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A run that goes on from its start shows nothing of a future that it left."""
    run = trained(monkeypatch, tmp_path, classifier(**PROBES), epochs=1)
    os.rename(run.checkpoints_path, tmp_path / "lost")
    probe_path(run.probes_path, 999).write_bytes(b"of another future")
    go_on(run)
    assert probe_steps(run.probes_path)[-1] == run.state().step < 999


class _Module:
    """A program's module whose probes show one number."""

    def __init__(self) -> None:
        self.looks = 0

    def probed(self, program: torch.nn.Module, data: object) -> dict[str, torch.Tensor]:
        self.looks += 1
        program.eval()
        torch.rand(1)
        return {"probe.value": torch.tensor([float(self.looks)])}


def prober(folder: Path) -> Prober:
    """A prober of that module."""
    shown = {"probe": ("probe", "table", {})}
    trainable = Trainable(_Module(), Interface(("loss",), {}, 1, probes=shown))  # type: ignore[arg-type]
    return Prober(trainable, folder, torch.device("cpu"))


def test_the_history_is_thinned_evenly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probers, "MOST", 9)
    looking = prober(tmp_path / "probes")
    for step in range(0, 101, 2):
        looking.look(torch.nn.Linear(1, 1), {}, step)
    steps = probe_steps(tmp_path / "probes")
    gaps = [after - before for before, after in pairwise(steps)]
    assert len(steps) == 9 and steps[0] == 0 and steps[-1] == 100
    assert max(gaps) <= 32


def test_large_looks_are_few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probers, "LARGEST", 8)
    looking = prober(tmp_path / "probes")
    for step in range(5):
        looking.look(torch.nn.Linear(1, 1), {}, step)
    assert probe_steps(tmp_path / "probes") == [0, 4]


def test_a_look_leaves_nothing_behind(tmp_path: Path) -> None:
    looking, program = prober(tmp_path / "probes"), torch.nn.Linear(1, 1).train()
    before = torch.get_rng_state()
    looking.look(program, {}, 3)
    looking.look(program, {}, 3)
    assert torch.equal(torch.get_rng_state(), before) and program.training
    assert looking.module.looks == 1


def test_looks_cost_a_share_of_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looking = prober(tmp_path / "probes")
    assert looking.is_due()
    moments = iter([100.0, 101.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(moments))
    looking.look(torch.nn.Linear(1, 1), {}, 1)
    for moment, due in ((105.0, False), (101.0 + 1 / probers.SHARE + 0.1, True)):
        monkeypatch.setattr(time, "monotonic", lambda moment=moment: moment)
        assert looking.is_due(0.0) is due
