"""Runs of older versions go on: their checkpoints named optimizers and schedules otherwise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from app.runs.run_folder import Run
from tests.app.made_runs import values_of
from tests.app.training.test_optimizer_options import new_run, options, train
from tests.graphs.drawing import classifier
from tests.graphs.test_blocks import gan

ONE = options(classifier(), adamw={"schedule": "cosine", "accumulate": 4})
TWO = options(gan(), judge={"schedule": "step", "clip_norm": 1.0}, forger={"schedule": "warm_up"})
CASES = {
    "one": (ONE, {"optimizer": "adamw"}, {"scheduler": "adamw_schedule"}),
    "two": (
        TWO,
        {"judge_optimizer": "judge", "forger_optimizer": "forger"},
        {"judge_scheduler": "judge_schedule", "forger_scheduler": "forger_schedule"},
    ),
}
"""Documents, with the older names of their optimizers and schedules."""


def made_older(run: Run, optimizers: dict[str, str], schedules: dict[str, str]) -> None:
    """Name everything in a run's checkpoint as version 48f2c89 did."""
    path = run.checkpoints_path / "last.json"
    record = json.loads(path.read_text())
    assert list(record["optimizers"]) == list(optimizers)
    assert list(record["schedules"]) == list(schedules)
    for kind, names in (("optimizers", optimizers), ("schedules", schedules)):
        record[kind] = {names[name]: value for name, value in record[kind].items()}
    path.write_text(json.dumps(record))
    state, weights = (run.checkpoints_path / record[name] for name in ("state", "weights"))
    tensors = {_older(name, optimizers): value for name, value in load_file(state).items()}
    save_file(tensors, state)
    if len(optimizers) == 1:
        inside = {f"network.{name}": value for name, value in load_file(weights).items()}
        save_file(inside, weights)


def _older(name: str, optimizers: dict[str, str]) -> str:
    kind, _, rest = name.partition(".")
    owner, _, of_weight = rest.partition(".")
    return f"{kind}.{optimizers[owner]}.{of_weight}" if kind == "optimizer" else name


@pytest.mark.parametrize("case", CASES)
def test_a_run_of_an_older_version_goes_on(
    case: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Stopped in the middle of an epoch, renamed, resumed: as a run that was never stopped."""
    document, optimizers, schedules = CASES[case]
    whole = new_run(monkeypatch, tmp_path / "whole", document)
    assert train(whole) == 0
    run = new_run(monkeypatch, tmp_path / "parts", document)
    assert train(run, 13) == 0
    made_older(run, optimizers, schedules)
    assert train(run) == 0, run.state().message
    assert values_of(run) == values_of(whole)
    left, right = load_file(run.checkpoint("last") or ""), load_file(whole.checkpoint("last") or "")
    assert left.keys() == right.keys()
    assert all(torch.equal(left[name], right[name]) for name in right)


def test_other_optimizers_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Older names go by their order; what then does not fit is said."""
    run = new_run(monkeypatch, tmp_path / "two", TWO)
    assert train(run, 13) == 0
    made_older(run, *CASES["two"][1:])
    path = run.checkpoints_path / "last.json"
    record = json.loads(path.read_text())
    record["optimizers"] = dict(reversed(record["optimizers"].items()))
    path.write_text(json.dumps(record))
    assert train(run) == 1
    assert "The checkpoint's optimizer judge_optimizer does not fit" in run.state().message
