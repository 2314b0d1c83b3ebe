"""Checkpoints that are damaged, cut or a stranger's: one sentence, and nothing is executed."""

from __future__ import annotations

import json
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from app.runs.run_folder import Run
from app.training.checkpoints import checkpoint_files, restoring, snapshots
from app.training.checkpoints.checkpoint import Progress
from app.training.checkpoints.random_state import RandomStates
from app.training.checkpoints.saver import Saver
from tests.app import standin
from tests.app.made_runs import new_run, stop_after, train, values_of
from tests.graphs.drawing import ready

Change = Callable[[Path], None]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """A run that was stopped in its second epoch."""
    run = new_run(monkeypatch, tmp_path)
    assert stop_after(run, "step", 10) == 0
    return run


def refused(run: Run) -> str:
    """Resume; the sentence with which the checkpoint is refused."""
    assert train(run) == 1
    message = run.state().message
    assert "heckpoint" in message
    assert "\n" not in message
    return message


def weights_of(run: Run) -> Path:
    path = run.checkpoint("last")
    assert path
    return path


def state_of(run: Run) -> Path:
    return weights_of(run).with_suffix(".state.safetensors")


def edit(path: Path, **changes: Tensor | None) -> None:
    """Change tensors of a file; None takes one away. `__` stands for a dot."""
    tensors = load_file(path)
    for name, value in changes.items():
        key = name.replace("__", ".")
        if value is None:
            del tensors[key]
        else:
            tensors[key] = value
    save_file(tensors, path)


def edit_record(run: Run, change: Callable[[dict[str, Any]], object]) -> None:
    path = run.checkpoints_path / "last.json"
    record = json.loads(path.read_text())
    change(record)
    path.write_text(json.dumps(record))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def huge_header(path: Path) -> None:
    path.write_bytes(struct.pack("<Q", 2**62) + b"{}" * 50)


def code(path: Path) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return (pytest.exit, ("a checkpoint was executed",))

    path.write_bytes(pickle.dumps(Trap()))


def overlapping(path: Path) -> None:
    """A header that promises more than the file has."""
    entry = {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 1 << 42]}
    header = json.dumps({"hidden.weight": entry}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header)


def a_link_to_nothing(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("change", [cut, empty, huge_header, code, overlapping, a_link_to_nothing])
@pytest.mark.parametrize("which", [weights_of, state_of])
def test_damaged_files(run: Run, change: Change, which: Callable[[Run], Path]) -> None:
    change(which(run))
    assert "is damaged" in refused(run)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "[" * 100_000, '{"format": 1}', '{"format": 9e99}']
)
def test_damaged_records(run: Run, text: str) -> None:
    (run.checkpoints_path / "last.json").write_text(text)
    assert "is damaged" in refused(run)


def test_a_record_too_large(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint_files, "LARGEST_RECORD", 100)
    assert "larger than" in refused(run)


@pytest.mark.parametrize("name", ["../../secret.safetensors", "/etc/passwd", "last-1.pt"])
def test_a_record_that_points_elsewhere(run: Run, name: str) -> None:
    edit_record(run, lambda record: record.update(weights=name))
    assert "is damaged (weights" in refused(run)


def test_other_weights(run: Run) -> None:
    edit(weights_of(run), hidden__weight=torch.zeros(16, 7))
    expected = "hidden.weight needs ((16, 6), 'float32'), got ((16, 7), 'float32')."
    assert refused(run).endswith(expected)


def test_weights_of_another_dtype(run: Run) -> None:
    edit(weights_of(run), hidden__weight=torch.zeros(16, 6, dtype=torch.complex64))
    assert "got ((16, 6), 'complex64')" in refused(run)


def test_missing_and_surplus_weights(run: Run) -> None:
    edit(weights_of(run), hidden__weight=None)
    assert "hidden.weight needs ((16, 6), 'float32'), got nothing" in refused(run)
    edit(weights_of(run), hidden__weight=torch.zeros(16, 6), more=torch.zeros(1))
    assert "more needs nothing" in refused(run)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"optimizer__adam__0__exp_avg": torch.zeros(3)}, "exp_avg of its weight 0 needs (16, 6)"),
        ({"optimizer__adam__9__exp_avg": torch.zeros(3)}, "it has no weight 9"),
        ({"optimizer__adam__x__exp_avg": torch.zeros(3)}, "it has no weight x"),
        ({"random__cpu": torch.zeros(7, dtype=torch.uint8)}, "random state of cpu is damaged"),
        ({"random__cpu": None}, "no random state of cpu"),
        ({"epoch_start__cpu": None}, "no random state of cpu"),
        ({"rows__loss": torch.zeros(99)}, "values of the epoch begun are damaged"),
        ({"sizes": None}, "values of the epoch begun are damaged"),
    ],
)
def test_states_that_do_not_fit(run: Run, changes: dict[str, Any], words: str) -> None:
    edit(state_of(run), **changes)
    assert words in refused(run)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda r: r["optimizers"].pop("adam"), "its optimizers differ"),
        (lambda r: r["optimizers"]["adam"].update(groups=[]), "other groups of weights"),
        (lambda r: r["optimizers"]["adam"]["groups"][0].update(lr="os"), "its option lr is 'os'"),
        (lambda r: r["optimizers"]["adam"]["groups"][0].update(betas=[1]), "its option betas"),
        (lambda r: r["optimizers"]["adam"]["groups"][0].update(x=1), "it has other options"),
        (lambda r: r["optimizers"]["adam"]["values"].update({"99": {}}), "it has fewer weights"),
        (lambda r: r["random"].update(numpy_position=10**6), "random.numpy_position"),
        (lambda r: r["random"].update(python=[3, [1, 2], None]), "random state"),
        (lambda r: r["random"]["numpy_words"].__setitem__(0, 2**40), "random state"),
        (lambda r: r.update(step=-1), "step"),
        (lambda r: r.update(epoch_start=None), "values of the epoch begun are damaged"),
    ],
)
def test_records_that_do_not_fit(run: Run, change: Callable[[Any], object], words: str) -> None:
    edit_record(run, change)
    assert words in refused(run)


def test_a_mersenne_state_that_is_none(run: Run) -> None:
    """Of the right size, but no state: torch's own check is passed on."""
    size = torch.get_rng_state().numel()
    edit(state_of(run), random__cpu=torch.full((size,), 255, dtype=torch.uint8))
    assert "random state" in refused(run)


def test_a_kill_between_two_files_leaves_the_old_checkpoint(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whatever file is the last one written, what last.json names is whole."""
    whole = new_run(monkeypatch, tmp_path / "whole")
    assert train(whole) == 0
    snapshot = checkpoint_files.read(run.checkpoints_path)
    assert snapshot
    newer = snapshot._replace(weights={n: v + 1 for n, v in snapshot.weights.items()})
    for written in range(3):
        with monkeypatch.context() as patch:
            die_after(patch, written)
            with pytest.raises(KeyboardInterrupt):
                checkpoint_files.write(run.checkpoints_path, newer)
        left = checkpoint_files.read(run.checkpoints_path)
        assert left
        assert all(torch.equal(left.weights[n], v) for n, v in snapshot.weights.items())
    assert train(run) == 0
    assert values_of(run) == values_of(whole)
    assert len(list(run.checkpoints_path.iterdir())) == 4


def die_after(patch: pytest.MonkeyPatch, count: int) -> None:
    """As if the process were killed after so many files."""
    done: list[object] = []

    def dying(write: Any) -> Any:
        def wrapped(*arguments: Any) -> None:
            if len(done) == count:
                raise KeyboardInterrupt
            done.append(arguments)
            write(*arguments)

        return wrapped

    for name in ("write_tensors", "write_text"):
        patch.setattr(checkpoint_files, name, dying(getattr(checkpoint_files, name)))


def test_a_snapshot_does_not_change(run: Run) -> None:
    """Training goes on while the saver writes."""
    program = ready(standin)
    random = RandomStates.capture(torch.device("cpu"))
    snapshot = snapshots.take(program, Progress(), random)
    before = {name: value.clone() for name, value in snapshot.weights.items()}
    program.step(standin.load(torch.device("cpu"))["train"])
    assert all(torch.equal(value, before[name]) for name, value in snapshot.weights.items())


def test_tied_weights_are_saved(tmp_path: Path) -> None:
    """safetensors refuses tensors that share memory; a checkpoint has copies."""
    program = ready(standin)
    program.score = torch.nn.Linear(16, 16)
    program.hidden = torch.nn.Linear(16, 16)
    program.hidden.weight = program.score.weight
    random = RandomStates.capture(torch.device("cpu"))
    saver = Saver(tmp_path)
    snapshot = snapshots.take(program, Progress(), random)
    saver.save(snapshot, snapshot.weights)
    saver.wait()
    saver.close()
    restoring.load_weights(load_file(tmp_path / "best.safetensors"), program)
