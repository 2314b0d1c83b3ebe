"""Bad data is one sentence on the data node that names the file, row or column."""

from pathlib import Path
from typing import Any

import pytest

import nodes.library  # noqa: F401  registers the node types
from app.runs.locks import Lock
from app.runs.run_folder import Run
from app.training import launch
from app.training.build_program import build_program
from app.training.job import Job
from app.training.recorder import Recorder
from app.training.requests import Control
from graphs.document.document import Document
from tests.graphs.drawing import drawn
from tests.nodes.data_files import write_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_files(tmp_path)
    return tmp_path


def failed(monkeypatch: pytest.MonkeyPatch, folder: Path, document: Document) -> tuple[str, Any]:
    """Train a document until it fails; the message, and the node that it is about."""
    monkeypatch.setattr(launch, "_spawn", lambda run: None)
    options = {"device": "cpu", "epochs": 1, "threads": 1}
    run: Run = launch.start(document, runs=folder / "runs", folder=folder, **options)
    lock, recorder = Lock(run.lock_path), Recorder(run, run.state())
    try:
        assert Job(run, recorder, Control(run), build_program).work() == 1
    finally:
        recorder.close()
        lock.release()
    return run.state().message, run.state().node


def classifier_on(source: str, field: str, **data: Any) -> Document:
    type_, parameters = data["data"]
    return drawn(
        "bad",
        cells=(type_, {}, parameters),
        flat=("Flatten", {"x": f"cells.{field}"}),
        linear=("Linear", {"x": "flat"}, {"out_features": 2}),
        loss=("CrossEntropy", {"prediction": "linear", "label": f"cells.{source}"}),
        adamw=("AdamW", {"loss": "loss"}),
    )


def test_a_row_without_a_number(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "small.csv").write_text("a,kind\n1,x\n2,y\nthree,x\n4,y\n5,x\n")
    parameters = {"file": "small.csv", "features": ["a"], "target": "kind"}
    document = drawn(
        "bad",
        cells=("Table", {}, parameters),
        linear=("Linear", {"x": "cells.features"}, {"out_features": 2}),
        loss=("CrossEntropy", {"prediction": "linear", "label": "cells.target"}),
        adamw=("AdamW", {"loss": "loss"}),
    )
    message, node = failed(monkeypatch, folder, document)
    expected = "small.csv, row 4: column a has 'three', which is not a number"
    assert (message, node) == (f"The data cannot be used: {expected}.", "cells")


@pytest.mark.parametrize("options", [{}, {"keep": "files"}, {"keep": "files", "workers": 1}])
def test_an_image_that_is_none(
    monkeypatch: pytest.MonkeyPatch, folder: Path, options: dict[str, Any]
) -> None:
    """In memory, read on demand, and read by another process."""
    for name in ("blue", "red"):
        for path in (folder / "images" / name).iterdir():
            path.write_bytes(b"nothing")
    parameters = {"folder": "images", "batch_size": 2, **options}
    document = classifier_on("label", "image", data=("ImageFolder", parameters))
    message, node = failed(monkeypatch, folder, document)
    assert message.startswith("The data cannot be used: ") and ".png is no image: " in message
    assert node == "cells"


def test_of_several_data_nodes_the_right_one(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    document = drawn(
        "bad",
        moons=("Moons", {}),
        words=("TextFile", {}, {"file": "text.txt", "length": 2000}),
        linear=("Linear", {"x": "moons.point"}, {"out_features": 2}),
        loss=("CrossEntropy", {"prediction": "linear", "label": "moons.label"}),
        adamw=("AdamW", {"loss": "loss"}),
        embedding=("Embedding", {"tokens": "words.tokens"}, {"num_embeddings": 100}),
        scores=("Linear", {"x": "embedding"}, {"out_features": 100}),
        other=("SequenceCrossEntropy", {"prediction": "scores", "tokens": "words.target"}),
        sgd=("SGD", {"loss": "other"}),
    )
    message, node = failed(monkeypatch, folder, document)
    assert "tokens to train on: more than 2000 are needed" in message
    assert node == "words"
