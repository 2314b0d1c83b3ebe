"""A run whose weights start from a file: equal to its exported file, stopped and resumed or not."""

import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from app.runs.run_folder import Run
from app.training import launch as starting
from graphs.compiler import export
from graphs.document.document import Document
from graphs.document.edits import Configure, apply
from graphs.load_module import load_source
from tests.app.made_runs import values_of
from tests.app.training.test_optimizer_options import STOPS, lines_of, train
from tests.graphs.test_blocks import classifier_of, dense, use, with_blocks

FILE = "weights/old.safetensors"


def started(state: str) -> Document:
    """A classifier, a block of which starts from a file below its folder."""
    start = {"start_from": FILE, "start_part": "network.dense"} if state else {}
    main = classifier_of(a=use("Dense", "digits.image", **start, state=state or "trained"))
    document = with_blocks(main, Dense=dense(12))
    settings = document.settings.model_copy(update={"epochs": 2})
    return apply(document, Configure(settings=settings))


@pytest.fixture(params=["older", "newer"])
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """The document's folder, with the file in it. Older exports named the network in all names."""
    torch.manual_seed(7)
    program = load_source(export(started("")), tmp_path / "old.py").Program()
    old = (program if request.param == "older" else program.network).state_dict()
    (tmp_path / "document" / "weights").mkdir(parents=True)
    save_file(old, tmp_path / "document" / FILE)
    return tmp_path / "document"


def new_run(monkeypatch: pytest.MonkeyPatch, runs: Path, folder: Path, document: Document) -> Run:
    """A run of a document, with no worker started."""
    monkeypatch.setattr(starting, "_spawn", lambda run: None)
    return starting.start(document, device="cpu", seed=0, folder=folder, runs=runs, threads=1)


@pytest.mark.parametrize("state", ["trained", "frozen"])
def test_the_exported_file_equals_the_run(
    state: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    document = started(state)
    run = new_run(monkeypatch, tmp_path / "runs", folder, document)
    assert train(run) == 0
    capsys.readouterr()
    module = load_source(export(document, folder), tmp_path / "program.py")
    saved = tmp_path / "saved.safetensors"
    monkeypatch.setattr(
        sys, "argv", ["p.py", "--device", "cpu", "--data", str(folder), "--save", str(saved)]
    )
    module.main()
    assert capsys.readouterr().out.splitlines() == lines_of(run)
    old, ours = load_file(folder / FILE), load_file(run.checkpoint("last") or "")
    theirs = load_file(saved)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    name = "dense.linear.weight"
    first = {key.removeprefix("network."): weight for key, weight in old.items()}
    assert torch.equal(ours[name], first[name]) == (state == "frozen")


def test_what_is_resumed_goes_on_with_its_own_weights(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Once there is a checkpoint, nothing is read from the file: it may be gone."""
    whole = new_run(monkeypatch, tmp_path / "whole", folder, started("trained"))
    assert train(whole) == 0
    run = new_run(monkeypatch, tmp_path / "parts", folder, started("trained"))
    assert train(run, STOPS[0]) == 0
    (folder / FILE).unlink()
    for stop in STOPS[1:]:
        assert train(run, stop - run.state().step) == 0
        assert (run.state().status, run.state().step) == ("stopped", stop)
    assert train(run) == 0
    assert values_of(run) == values_of(whole)
    left, right = load_file(run.checkpoint("last") or ""), load_file(whole.checkpoint("last") or "")
    assert all(torch.equal(left[name], right[name]) for name in right)


def test_a_run_that_begins_needs_the_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (folder / FILE).unlink()
    run = new_run(monkeypatch, tmp_path, folder, started("trained"))
    assert train(run) == 1
    assert f"there is no file {FILE}" in run.state().message
    assert run.state().node == "a"
