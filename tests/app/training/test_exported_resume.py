"""`--resume` of an exported file: it goes on bit for bit, from a file that executes nothing."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from graphs.compiler import export
from graphs.document.document import Document
from graphs.load_module import load_source
from tests.app.training.test_optimizer_options import DOCUMENTS, EPOCHS

STOPPED = 1
"""Epochs that are done before the file is stopped."""


class Killed(Exception):
    """As if the power went."""


def run(module: Any, monkeypatch: pytest.MonkeyPatch, **flags: object) -> None:
    """Run an exported file's main with flags."""
    words = [word for name, value in flags.items() for word in (f"--{name}", str(value))]
    monkeypatch.setattr(sys, "argv", ["program.py", "--device", "cpu", *words])
    module.main()


def module_of(document: Document, folder: Path) -> Any:
    return load_source(export(document), folder / "program.py")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_goes_on_as_if_never_stopped(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Killed after an epoch, started again: the lines and weights of a run that was never stopped,
    with every schedule, optimizer, and all that a step remembers.
    """
    module = module_of(DOCUMENTS[name], tmp_path)
    run(module, monkeypatch, save=tmp_path / "whole.safetensors")
    whole = capsys.readouterr().out.splitlines()
    saved, state = tmp_path / "parts.safetensors", tmp_path / "state"
    with monkeypatch.context() as patch:
        patch.setattr(module, "save_training", _killing(module.save_training))
        with pytest.raises(Killed):
            run(module, monkeypatch, save=saved, resume=state)
    first = capsys.readouterr().out.splitlines()
    run(module, monkeypatch, save=saved, resume=state)
    assert [*first, *capsys.readouterr().out.splitlines()] == whole
    for end in ("", "_best"):
        left, right = (load_file(tmp_path / f"{n}{end}.safetensors") for n in ("parts", "whole"))
        assert left.keys() == right.keys()
        assert all(torch.equal(left[key], right[key]) for key in right)
    assert len(whole) == 2 * EPOCHS + 1


def _killing(save: Any) -> Any:
    def killed(path: Path, program: Any, epoch: int, best: float) -> None:
        save(path, program, epoch, best)
        if epoch == STOPPED:
            raise Killed

    return killed


def test_nothing_in_the_file_is_executed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    module, state = module_of(next(iter(DOCUMENTS.values())), tmp_path), tmp_path / "state"
    torch.save({"epoch": _Touch(tmp_path / "touched")}, state)
    with pytest.raises(pickle.UnpicklingError, match="Weights only load failed"):
        run(module, monkeypatch, save=tmp_path / "w.safetensors", resume=state)
    assert not (tmp_path / "touched").exists()


class _Touch:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)
