"""With every option of an optimizer, and all that a step remembers, a run equals its exported file,
stopped and resumed or not.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

import nodes.library  # noqa: F401  registers the node types
from app.runs.locks import Lock
from app.runs.metrics import MetricsReader
from app.runs.records import Info
from app.runs.run_folder import Run
from app.training import launch as starting
from app.training.build_program import Trainable, build_program
from app.training.job import Job
from app.training.recorder import Recorder
from app.training.requests import Control
from graphs.compiler import export
from graphs.document.document import Document
from graphs.document.edits import Configure, RemoveNodes, SetParameters, apply
from graphs.load_module import load_source
from tests.app.made_runs import values_of
from tests.graphs.drawing import classifier, drawn
from tests.graphs.test_averages import averaged
from tests.graphs.test_blocks import dense, gan, use, with_blocks

EPOCHS = 3
STOPS = (13, 27)
"""In the middle of the first and of the second epoch of 20 steps, and of a group of four."""


def options(document: Document, **of: dict[str, object]) -> Document:
    """A document on few samples, with options on its optimizers."""
    edits = [SetParameters(id=id, parameters=values) for id, values in of.items()]
    settings = document.settings.model_copy(update={"epochs": EPOCHS})
    return apply(document, *edits, Configure(settings=settings))


def pooled() -> Document:
    """A judge that sees fakes of earlier batches."""
    judged = {"weights": "discriminator"}
    main = drawn(
        "pooled",
        digits=("Digits", {}, {"form": "pixels"}),
        noise=("Noise", {"like": "digits.image"}, {"features": 16}),
        fake=use("Generator", "noise"),
        pool=("ReplayPool", {"x": "fake.y"}),
        new_score=use("Discriminator", "fake.y", **judged),
        old_score=use("Discriminator", "pool", **judged),
        real_score=use("Discriminator", "digits.image", **judged),
        real_loss=("BinaryCrossEntropy", {"prediction": "real_score.y"}),
        old_loss=("BinaryCrossEntropy", {"prediction": "old_score.y"}, {"target": 0.0}),
        judge_loss=("Add", {"values": ["real_loss", "old_loss"]}),
        forger_loss=("BinaryCrossEntropy", {"prediction": "new_score.y"}),
        judge=("SGD", {"loss": "judge_loss"}),
        forger=("SGD", {"loss": "forger_loss", "weights": "fake.y"}),
    )
    return with_blocks(main, Generator=dense(64), Discriminator=dense(1))


def reversed_() -> Document:
    """A classifier whose first layer works against it, more and more."""
    return classifier(
        turned=("GradientReversal", {"x": "flatten"}, {"steps": 40}),
        linear=("Linear", {"x": "turned"}, {"out_features": 10}),
    )


DOCUMENTS = {
    "pool": options(pooled()),
    "average": options(averaged()),
    "reversal": options(reversed_()),
    "every": options(gan(), judge={"every": 2}, forger={"every": 3, "schedule": "step"}),
    "times": options(gan(), judge={"times": 2, "schedule": "cosine"}),
    "stages": options(gan(), judge={"last_epoch": 2}, forger={"first_epoch": 2}),
    "clip": options(gan(), judge={"clip_norm": 0.1}, forger={"clip_norm": 1.0, "times": 2}),
    "accumulate": options(gan(), judge={"accumulate": 4}, forger={"accumulate": 3, "every": 2}),
    "accumulate_one": options(classifier(), adamw={"accumulate": 4, "schedule": "one_cycle"}),
    "all_in_one": options(
        classifier(),
        adamw={"every": 2, "first_epoch": 2, "clip_norm": 0.5, "schedule": "warm_up"},
    ),
    "step": options(classifier(), adamw={"schedule": "step", "schedule_length": 1}),
    "exponential": options(classifier(), adamw={"schedule": "exponential"}),
    "cosine": options(classifier(), adamw={"schedule": "cosine"}),
    "one_cycle": options(classifier(), adamw={"schedule": "one_cycle"}),
    "warm_up": options(classifier(), adamw={"schedule": "warm_up", "schedule_length": 30}),
    "plateau": options(
        gan(),
        judge={"schedule": "plateau", "schedule_length": 1},
        forger={"schedule": "plateau", "schedule_factor": 0.5, "schedule_length": 1},
    ),
}


def side_by_side(**optimizers: tuple[str, dict[str, object]]) -> Document:
    """A linear classifier for each optimizer, all on the same digits."""
    nodes: dict[str, tuple] = {"digits": ("Digits", {}, {"form": "pixels"})}
    for name, (type_, parameters) in optimizers.items():
        nodes[f"{name}_scores"] = ("Linear", {"x": "digits.image"}, {"out_features": 10})
        judged = {"prediction": f"{name}_scores", "label": "digits.label"}
        nodes[f"{name}_loss"] = ("CrossEntropy", judged)
        nodes[name] = (type_, {"loss": f"{name}_loss"}, parameters)
    return options(drawn("side_by_side", **nodes))


def normal_and_bent() -> Document:
    """Two networks, the second of which LBFGS fits to the first."""
    return drawn(
        "bent",
        digits=("Digits", {}, {"form": "pixels"}),
        first=("Linear", {"x": "digits.image"}, {"out_features": 10}),
        loss=("CrossEntropy", {"prediction": "first", "label": "digits.label"}),
        second=("Linear", {"x": "first"}, {"out_features": 10}),
        double=("Scale", {"x": "second"}, {"factor": 2.0}),
        copy_loss=("MeanSquaredError", {"prediction": "double", "target": "first"}),
        sgd=("SGD", {"loss": "loss", "weights": "first"}),
        lbfgs=(
            "LBFGS",
            {"loss": "copy_loss", "weights": "second"},
            {"max_iter": 3, "every": 2, "schedule": "step"},
        ),
    )


def on_pixels(**changes: tuple) -> Document:
    """A linear classifier of digits."""
    linear = ("Linear", {"x": "digits.image"}, {"out_features": 10})
    document = classifier(digits=("Digits", {}, {"form": "pixels"}), linear=linear, **changes)
    return apply(document, RemoveNodes(ids=("conv", "relu", "flatten")))


def measured() -> Document:
    """A classifier with metrics of a whole split."""
    judged = {"prediction": "linear", "label": "digits.label"}
    return on_pixels(
        f1=("F1", judged, {"average": "weighted"}),
        auroc=("AUROC", judged),
        recall=("Recall", judged),
    )


def annealed() -> Document:
    """A loss a part of which grows, with weights for classes and parts."""
    judged = {"prediction": "linear", "label": "digits.label"}
    return on_pixels(
        weighed=("CrossEntropy", judged, {"class_weights": [1.0] * 9 + [5.0]}),
        grown=("Anneal", {"x": "weighed"}, {"steps": 25}),
        whole=("WeightedSum", {"losses": ["loss", "grown"]}, {"weights": [1, 0.5]}),
        adamw=("AdamW", {"loss": "whole"}),
    )


DOCUMENTS |= {
    "measured": options(measured()),
    "annealed": options(annealed()),
    "adaptive": side_by_side(
        adam=("Adam", {"fused": True, "amsgrad": True, "eps": 1e-4}),
        sgd=("SGD", {"fused": True}),
        nadam=("NAdam", {"schedule": "cosine"}),
        radam=("RAdam", {}),
        adamax=("Adamax", {}),
        rmsprop=("RMSprop", {"centered": True, "momentum": 0.5}),
        adagrad=("Adagrad", {"lr_decay": 0.01}),
    ),
    "muon": side_by_side(muon=("Muon", {"schedule": "one_cycle"})),
    "lbfgs": side_by_side(
        lbfgs=("LBFGS", {"max_iter": 4, "history_size": 5, "lr": 0.1, "line_search": "none"})
    ),
    "lbfgs_of_two": options(normal_and_bent()),
}


def new_run(monkeypatch: pytest.MonkeyPatch, folder: Path, document: Document) -> Run:
    """A run of a document, with no worker started."""
    monkeypatch.setattr(starting, "_spawn", lambda run: None)
    return starting.start(
        document, device="cpu", epochs=document.settings.epochs, seed=0, runs=folder, threads=1
    )


def train(run: Run, stop: int | None = None) -> int:
    """Do a worker's work in this process, until it ends or a step is done."""
    control = Control(run)

    def build(run: Run, info: Info) -> Trainable:
        trainable = build_program(run, info)
        step, count = trainable.module.Program.step, [0]

        def counted(program: Any, batch: Any) -> Any:
            count[0] += 1
            control.interrupted = count[0] == stop
            return step(program, batch)

        trainable.module.Program.step = counted
        return trainable

    lock, recorder = Lock(run.lock_path), Recorder(run, run.state())
    try:
        return Job(run, recorder, control, build).work()
    finally:
        recorder.close()
        lock.release()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_stopped_and_resumed(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    whole = new_run(monkeypatch, tmp_path / "whole", DOCUMENTS[name])
    assert train(whole) == 0, whole.log_path.read_text()
    run = new_run(monkeypatch, tmp_path / "parts", DOCUMENTS[name])
    for stop in STOPS:
        assert train(run, stop - run.state().step) == 0
        assert (run.state().status, run.state().step) == ("stopped", stop)
    assert train(run) == 0
    assert values_of(run) == values_of(whole)
    left, right = load_file(run.checkpoint("last") or ""), load_file(whole.checkpoint("last") or "")
    assert all(torch.equal(left[name], right[name]) for name in right)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_exported_file_equals_the_run(
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = new_run(monkeypatch, tmp_path / "runs", DOCUMENTS[name])
    assert train(run) == 0
    capsys.readouterr()
    module = load_source(export(DOCUMENTS[name]), tmp_path / "program.py")
    monkeypatch.setattr(
        sys,
        "argv",
        ["program.py", "--device", "cpu", "--save", str(tmp_path / "saved.safetensors")],
    )
    module.main()
    assert capsys.readouterr().out.splitlines() == [*lines_of(run)]
    ours = load_file(run.checkpoint("last") or "")
    theirs = load_file(tmp_path / "saved.safetensors")
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def lines_of(run: Run) -> list[str]:
    """What a run logged, as the exported file prints it."""
    names = {"train_epoch": "train", "validation": "validation"}
    rows = [row for row in MetricsReader(run).read() if row.split in names]
    lines = [f"epoch {row.epoch:g} {names[row.split]}{_values(row.values)}" for row in rows]
    return [*lines, f"test{_values(run.state().test)}"]


def _values(values: dict[str, float]) -> str:
    return "".join(f"  {name} {value:.9g}" for name, value in values.items())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda record: record["schedules"].clear(), "there are other schedules"),
        (lambda r: r["schedules"]["scheduler"]["counters"].clear(), "is another schedule"),
        (lambda r: r["schedules"]["scheduler"]["rates"].clear(), "another number of rates"),
    ],
)
def test_schedules_that_do_not_fit(
    change: Any, words: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run = new_run(monkeypatch, tmp_path, DOCUMENTS["cosine"])
    assert train(run, 13) == 0
    path = run.checkpoints_path / "last.json"
    record = json.loads(path.read_text())
    change(record)
    path.write_text(json.dumps(record))
    assert train(run) == 1
    assert words in run.state().message


@pytest.mark.parametrize("lengths", [[64] * 12, [64] * 11 + [-64, 192], [10**12] * 13])
def test_what_was_kept_of_batches_that_does_not_fit(
    lengths: list[int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run = new_run(monkeypatch, tmp_path, DOCUMENTS["measured"])
    assert train(run, 13) == 0
    (path,) = run.checkpoints_path.glob("last-*.state.safetensors")
    tensors = load_file(path)
    assert tensors["lengths.auroc"].tolist() == [64] * 13
    save_file({**tensors, "lengths.auroc": torch.tensor(lengths)}, path)
    assert train(run) == 1
    assert "values of the epoch begun are damaged" in run.state().message
