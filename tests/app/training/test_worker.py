"""Real worker processes: killed, stopped, refused; and what survives."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.runs.metrics import MetricsReader
from app.runs.records import RunError
from app.runs.run_folder import Run
from app.training import worker
from app.training.launch import ROOT, resume, start
from app.training.requests import Control
from tests.app import slow_worker
from tests.app.made_runs import new_run, train, values_of, variant, wait_for

WINE = ROOT / "assets/examples/wine_mlp.graph.json"

Spawn = Callable[[Run], "subprocess.Popen[bytes]"]


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    """Starts slow workers, and ends those that a failed test leaves."""
    processes: list[subprocess.Popen[bytes]] = []

    def spawned(run: Run) -> subprocess.Popen[bytes]:
        with run.log_path.open("ab") as log:
            processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", "tests.app.slow_worker", str(run.path)],
                    stdout=log,
                    stderr=log,
                    cwd=ROOT,
                )
            )
        return processes[-1]

    yield spawned
    for process in processes:
        process.kill()
        process.wait()


def until_step(run: Run, step: int) -> None:
    deadline = time.monotonic() + 100
    while run.state().step < step:
        assert run.state().is_active, run.log_path.read_text()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def quick(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Run:
    """The run of the slow worker, trained without a stop and without the waits."""
    run = new_run(monkeypatch, folder, epochs=2)
    assert train(run, variant(BATCH_SIZE=slow_worker.BATCH_SIZE)) == 0
    return run


def test_kill_in_mid_epoch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, spawn: Spawn) -> None:
    """kill -9 loses a moment: the run is readable, dead, and resumes bit for bit."""
    run = new_run(monkeypatch, tmp_path, epochs=2)
    process = spawn(run)
    until_step(run, 150)
    process.kill()
    process.wait()
    assert run.state().status == "dead"
    rows = MetricsReader(run).read()
    assert len(rows) >= 150
    saved = json.loads((run.checkpoints_path / "last.json").read_text())["step"]
    assert 100 < saved < 200
    assert train(run, variant(BATCH_SIZE=slow_worker.BATCH_SIZE)) == 0
    assert values_of(run) == values_of(quick(monkeypatch, tmp_path / "whole"))


def test_sigterm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, spawn: Spawn) -> None:
    """SIGTERM saves the step that is done, not the moment before."""
    run = new_run(monkeypatch, tmp_path, epochs=2)
    process = spawn(run)
    until_step(run, 20)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0
    state = run.state()
    assert state.status == "stopped"
    assert MetricsReader(run).read()[-1].step == state.step
    assert train(run, variant(BATCH_SIZE=slow_worker.BATCH_SIZE)) == 0
    assert values_of(run) == values_of(quick(monkeypatch, tmp_path / "whole"))


def test_a_second_worker_is_refused(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    spawn: Spawn,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = new_run(monkeypatch, tmp_path, epochs=2)
    spawn(run)
    until_step(run, 1)
    assert worker.main([str(run.path)]) == worker.BUSY
    assert "is in training already" in capsys.readouterr().out
    with pytest.raises(RunError, match="is in training already"):
        resume(run)
    assert run.state().status == "running"
    run.request("stop")
    wait_for(run, "stopped")
    assert not run.request_path.exists()


def test_a_real_document(tmp_path: Path) -> None:
    """From a document to a finished run and on, each in a process that nobody waits for."""
    run = start(WINE, epochs=2, runs=tmp_path, device="cpu")
    wait_for(run, "finished", 60)
    info = run.info()
    assert info.document == str(WINE)
    assert (info.losses, info.metrics) == (("cross_entropy",), {"accuracy": "max"})
    assert info.steps_per_epoch == 8
    assert info.parameters == 13 * 32 + 32 + 32 * 3 + 3
    assert info.versions.keys() == {"python", "torch", "patchbay", "platform"}
    assert "class Program(nn.Module)" in run.program_path.read_text()
    resume(run, epochs=3)
    wait_for(run, "finished", 60)
    assert run.state().epoch == 3
    whole = start(WINE, epochs=3, runs=tmp_path, device="cpu")
    wait_for(whole, "finished", 60)
    assert values_of(run) == values_of(whole)


def test_nothing_beside_a_document_is_imported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A numpy.py beside the document or in the run is not what `import numpy` finds."""
    trap = "raise SystemExit('imported from the folder of a document')"
    document = tmp_path / "wine.graph.json"
    document.write_text(WINE.read_text())
    (tmp_path / "wine.csv").write_text(WINE.with_name("wine.csv").read_text())
    (tmp_path / "numpy.py").write_text(trap)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep)
    run = start(document, epochs=1, runs=tmp_path, device="cpu")
    (run.path / "numpy.py").write_text(trap)
    wait_for(run, "finished", 60)


def test_a_program_in_the_folder_is_never_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A stranger's run folder may hold any program.py; the document is what counts."""
    run = new_run(monkeypatch, tmp_path)
    monkeypatch.setattr(Control, "catch_signals", lambda self: None)  # this process is a test
    run.program_path.write_text("raise SystemExit('a stranger was here')")
    assert worker.main([str(run.path)]) == 1
    state = run.state()
    assert state.status == "failed"
    assert state.message.startswith("The document has a problem")
