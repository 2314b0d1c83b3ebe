"""A run on tasks that are dealt from another data node: equal to its exported file, stopped and
resumed or not.
"""

import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from graphs.compiler import export
from graphs.document.edits import Configure, apply
from graphs.load_module import load_source
from tests.app.made_runs import values_of
from tests.app.training.test_optimizer_options import lines_of, new_run, train
from tests.nodes.few_shot import prototypical

DOCUMENT = prototypical(tasks=160, held_out=20, training_tasks="anew")
DOCUMENT = apply(DOCUMENT, Configure(settings=DOCUMENT.settings.model_copy(update={"epochs": 2})))


def test_the_exported_file_equals_the_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = new_run(monkeypatch, tmp_path / "runs", DOCUMENT)
    assert train(run) == 0
    capsys.readouterr()
    module = load_source(export(DOCUMENT), tmp_path / "program.py")
    saved = tmp_path / "saved.safetensors"
    monkeypatch.setattr(sys, "argv", ["program.py", "--device", "cpu", "--save", str(saved)])
    module.main()
    assert capsys.readouterr().out.splitlines() == lines_of(run)
    ours, theirs = load_file(run.checkpoint("last") or ""), load_file(saved)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_stopped_and_resumed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    whole = new_run(monkeypatch, tmp_path / "whole", DOCUMENT)
    assert train(whole) == 0
    run = new_run(monkeypatch, tmp_path / "parts", DOCUMENT)
    assert train(run, 7) == 0
    assert (run.state().status, run.state().step) == ("stopped", 7)
    assert train(run) == 0
    assert values_of(run) == values_of(whole)
    left, right = load_file(run.checkpoint("last") or ""), load_file(whole.checkpoint("last") or "")
    assert all(torch.equal(left[name], right[name]) for name in right)
