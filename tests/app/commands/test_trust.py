"""Trust from the terminal, and runs with a user's own module."""

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from app import cli
from app.runs.run_folder import Run
from app.training import launch as starting
from app.training.build_program import build_program
from app.training.job import Job
from app.training.recorder import Recorder
from app.training.requests import Control
from graphs.custom.trust import trust_path
from graphs.document.document import Document
from graphs.document.document_io import read, write
from graphs.document.edits import Configure, apply
from tests.app.test_parity import logged, run_file, written
from tests.nodes.test_custom import GATE, gated


@pytest.fixture
def path(tmp_path: Path, home: Path) -> Path:
    """A document with a module of its user's, who trusts nothing yet."""
    shutil.copy(GATE, tmp_path / "gate.py")
    document = gated(arguments={"width": 4, "dropout": 0.1})
    settings = document.settings.model_copy(update={"epochs": 2, "device": "cpu"})
    write(apply(document, Configure(settings=settings)), tmp_path / "own.graph.json")
    return tmp_path / "own.graph.json"


def run_of(document: Document, path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run that no worker has begun."""
    monkeypatch.setattr(starting, "_spawn", lambda run: None)
    runs = path.parent / "runs"
    return starting.start(document, threads=1, runs=runs, document_path=path)


def work(run: Run) -> int:
    """Do the worker's work here."""
    recorder = Recorder(run, run.state())
    try:
        return Job(run, recorder, Control(run), build_program).work()
    finally:
        recorder.close()


def test_without_trust_nothing_is_exported(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", str(path)]) == 1
    said = capsys.readouterr().out
    assert "gate.py is a program that you do not trust yet" in said
    assert f"to trust it: python main.py trust {path}" in said
    assert cli.main(["export", str(path)]) == 1
    assert "python main.py trust" in capsys.readouterr().err


def test_a_file_or_a_document_is_trusted(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["trust", str(path.parent / "gate.py")]) == 0
    assert "is trusted as it is now" in capsys.readouterr().out
    assert "gate.py" in trust_path().read_text()
    assert read(path).main.nodes["gate"].parameters.get("sha256", "") == ""
    assert cli.main(["trust", str(path)]) == 0
    assert len(read(path).main.nodes["gate"].parameters["sha256"]) == 64
    assert cli.main(["check", str(path)]) == 0
    capsys.readouterr()
    assert cli.main(["trust", str(path)]) == 0
    assert "no Python file that has to be trusted" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["none.py", "none.graph.json", "bad.txt"])
def test_what_cannot_be_trusted(path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["trust", str(path.parent / name)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not trust_path().exists()


def test_a_worker_refuses_what_is_not_trusted(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_of(read(path), path, monkeypatch)
    assert work(run) == 1
    message = run.state().message
    assert "do not trust yet" in message and f"trust {path.parent / 'gate.py'}" in message
    assert run.state().node == "gate"
    assert not run.program_path.exists() and not run.modules_path.exists()


def test_a_run_equals_its_export_and_goes_on_as_it_began(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bit for bit; and what the file has become meanwhile does not matter to the run."""
    assert cli.main(["trust", str(path)]) == 0
    run = run_of(read(path), path, monkeypatch)
    assert work(run) == 0, run.log_path.read_text()
    source = run.program_path.read_text()
    printed = run_file(*written(source, path, path.parent))
    assert printed == logged(run)
    ours, theirs = (
        load_file(f) for f in (run.checkpoint("last") or "", path.parent / "exported.safetensors")
    )
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)

    changed = GATE.read_text().replace("1e-5", "1e+5")
    (path.parent / "gate.py").write_text(changed)
    starting.resume(run, epochs=3)
    assert work(run) == 0
    assert run.state().epoch == 3
    resumed = run.program_path.read_text().replace("EPOCHS = 3", "EPOCHS = 2")
    assert resumed.replace("--epochs 3", "--epochs 2") == source
    (run.modules_path / "gate.py").write_text(changed)
    starting.resume(run, epochs=4)
    assert work(run) == 1
    assert "gate.py has changed since you trusted it" in run.state().message


def test_train_may_trust(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`train --trust` trusts the files as they are; the document's file stays as it is."""
    before = path.read_text()
    monkeypatch.setattr(starting, "_spawn", lambda run: None)
    monkeypatch.setattr("app.commands.training._watch", lambda run, as_json: work(run))
    flags = ["--epochs", "1", "--runs", str(path.parent / "runs"), "--threads", "1"]
    assert cli.main(["train", str(path), *flags]) == 1
    assert cli.main(["train", str(path), *flags, "--trust"]) == 0
    assert path.read_text() == before
