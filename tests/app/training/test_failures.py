"""Whatever goes wrong, the run's state says it in one sentence; the traceback is in the log."""

from __future__ import annotations

import errno
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from app.runs.metrics import MetricsReader
from app.runs.records import RunError
from app.runs.run_folder import Run
from app.training import devices, failures, launch, recorder
from app.training.checkpoints import checkpoint_files
from app.training.devices import DeviceError, resolve
from graphs.document.document import Document
from graphs.load_module import load_source
from graphs.system import atomic_write
from tests.app import standin
from tests.app.made_runs import new_run, train, variant


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    return new_run(monkeypatch, tmp_path)


def failed(run: Run, module: Any) -> str:
    """Train until it fails; the message."""
    assert train(run, module) == 1
    state = run.state()
    assert state.status == "failed"
    assert "\n" not in state.message
    assert state.message.endswith(".")
    return state.message


def at_step(count: int, action: Any) -> Any:
    """The hand-written program, with something else in place of one step."""
    calls = []

    class Program(standin.Program):
        def step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
            calls.append(batch)
            return action(self, batch) if len(calls) == count else super().step(batch)

    return variant(Program=Program)


def raising(error: BaseException) -> Any:
    def action(program: Any, batch: Any) -> Any:
        raise error

    return action


def test_a_loss_that_is_no_number(run: Run) -> None:
    def action(program: Any, batch: Any) -> dict[str, Tensor]:
        return {"loss": torch.tensor(math.inf), "accuracy": torch.tensor(0.5)}

    message = failed(run, at_step(9, action))
    assert message.startswith("The loss loss became inf at step 9: try a lower learning rate")
    rows = [row for row in MetricsReader(run).read() if row.split == "train"]
    assert math.isnan(rows[8].values["loss"])
    saved = checkpoint_files.read(run.checkpoints_path)
    assert saved
    assert saved.record.step <= 8


def test_a_metric_that_is_no_number_is_no_failure(run: Run) -> None:
    class Program(standin.Program):
        def evaluate(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
            return {**super().evaluate(batch), "accuracy": torch.tensor(math.nan)}

    assert train(run, variant(Program=Program)) == 0
    assert run.state().last.keys() == {"loss"}


def test_a_loss_in_the_validation(run: Run) -> None:
    class Program(standin.Program):
        def evaluate(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
            values = super().evaluate(batch)
            return values if self.training else {**values, "loss": torch.tensor(math.nan)}

    message = failed(run, variant(Program=Program))
    assert message.startswith("The loss loss became nan in the validation after epoch 1")


def test_an_error_names_its_line_and_node(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Labels out of range are the classic; the printed line names the node."""
    nodes = {"main": {"nodes": {"judge": {"type": "CrossEntropy"}}}}
    monkeypatch.setattr(launch, "_spawn", lambda run: None)
    document = Document.model_validate({"graphs": nodes})
    run = launch.start(document, device="cpu", runs=tmp_path)
    source = Path(standin.__file__).read_text()
    wrong = source.replace('return {"loss": F.cross', "judge = F.cross").replace(
        '["y"]), "accuracy": accuracy}',
        '["y"] + 3)\n        return {"loss": judge, "accuracy": accuracy}',
    )
    message = failed(run, load_source(wrong, run.program_path))
    assert message == (
        'The program failed at step 1 at `judge = F.cross_entropy(scores, batch["y"] + 3)`: '
        "Target 4 is out of bounds."
    )
    assert run.state().node == "judge"
    assert "Traceback" in capfd.readouterr().err


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"),
    ],
)
def test_memory_runs_out(run: Run, error: BaseException) -> None:
    message = failed(run, at_step(3, raising(error)))
    assert message == "Memory ran out at step 3: use a smaller batch size or a smaller network."


def test_data_that_cannot_be_read(run: Run) -> None:
    def load(device: torch.device) -> Any:
        return Path("/nowhere/wine.csv").read_text()

    message = failed(run, variant(load=load))
    assert message == "/nowhere/wine.csv cannot be used: No such file or directory."


class FullDisk:
    """Takes so many bytes, then says what a full disk says."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.taken = b""

    def write(self, data: bytes) -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        part = data[: self.room]
        self.room -= len(part)
        self.taken += part
        return len(part)

    def close(self) -> None:
        pass


def test_a_full_disk(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    """Metrics no longer fit, nor a second state.json: the state is written over the old one."""
    disk = FullDisk(200)
    cut = recorder.Recorder.cut

    def cut_and_fill(self: recorder.Recorder, epoch: int, step: int) -> None:
        cut(self, epoch, step)
        self._metrics.close()
        self._metrics = disk  # type: ignore[assignment]

    monkeypatch.setattr(recorder.Recorder, "cut", cut_and_fill)
    write = atomic_write.write_text

    def no_room(path: Path, text: str, sync: bool = True) -> None:
        if not disk.room:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        write(path, text, sync)

    monkeypatch.setattr(recorder, "write_text", no_room)
    message = failed(run, standin)
    assert message == "The disk is full: free some space, then resume the run."
    assert disk.taken.startswith(b'{"split":"train","step":1')


def test_a_full_disk_while_a_checkpoint_is_written(
    monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    """The old checkpoint stays; the run resumes once there is room."""
    write = checkpoint_files.write_tensors
    left = [4]

    def filling(path: Path, tensors: dict[str, Tensor]) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, tensors)

    monkeypatch.setattr(checkpoint_files, "write_tensors", filling)
    assert failed(run, standin).startswith("The disk is full")
    assert checkpoint_files.read(run.checkpoints_path)
    monkeypatch.setattr(checkpoint_files, "write_tensors", write)
    assert train(run) == 0


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="Not a directory; choose another folder"):
        launch.start(Document(), runs=tmp_path / "file" / "runs")


def test_settings_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="epochs: input should be"):
        launch.start(Document(), runs=tmp_path, epochs=0)


def test_a_missing_device(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(devices, "available", lambda: [torch.device("cpu")])
    run = new_run(monkeypatch, tmp_path, device="cuda:1")
    message = failed(run, standin)
    assert message == (
        "There is no device cuda:1 here: this computer has cpu; auto takes the best."
    )


@pytest.mark.parametrize(
    ("asked", "got"),
    [("auto", "cuda:0"), ("cuda", "cuda:0"), ("cuda:1", "cuda:1"), ("cpu", "cpu")],
)
def test_devices(monkeypatch: pytest.MonkeyPatch, asked: str, got: str) -> None:
    there = [torch.device("cuda", 0), torch.device("cuda", 1), torch.device("cpu")]
    monkeypatch.setattr(devices, "available", lambda: there)
    assert str(resolve(asked)) == got
    with pytest.raises(DeviceError, match="has cuda:0, cuda:1 and cpu"):
        resolve("mps")


def test_the_devices_here() -> None:
    """auto is the best there is, and the CPU is always there."""
    there = devices.available()
    assert resolve("auto") == there[0]
    assert there[-1] == torch.device("cpu")


def test_an_error_without_words() -> None:
    assert failures.sentence(ValueError(), None, "at step 1") == (
        "The program failed at step 1: ValueError."
    )
