"""Runs on disk, as the editor and the monitor see them."""

from __future__ import annotations

import json
import math
from datetime import timedelta
from pathlib import Path

import pytest

from app.runs.locks import Lock, LockedError, is_locked
from app.runs.metrics import MetricsReader, parse_row
from app.runs.records import Info, Row, RunError, State, now
from app.runs.run_folder import Run
from app.runs.run_list import find_run, list_runs, runs_folder
from graphs.system.atomic_write import write_text


def make(folder: Path, name: str = "a-run", status: str = "running", age: float = 0.0) -> Run:
    run = Run(folder / name)
    run.path.mkdir(parents=True)
    then = now() - timedelta(seconds=age)
    state = State.model_validate({"status": status, "step": 3, "updated": then})
    write_text(run.state_path, state.model_dump_json())
    write_text(run.info_path, Info(title=name, created=then, epochs=2).model_dump_json())
    return run


def row(step: int) -> str:
    place = {"split": "train", "step": step, "epoch": 0.5, "time": 1.0}
    return json.dumps({**place, "values": {"loss": 1.5}}) + "\n"


def test_the_default_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATCHBAY_HOME", str(tmp_path))
    assert runs_folder() == tmp_path / "runs"
    monkeypatch.delenv("PATCHBAY_HOME")
    assert runs_folder() == Path.home() / "Patchbay" / "runs"


def test_a_run_without_its_lock_is_dead(tmp_path: Path) -> None:
    run = make(tmp_path)
    assert not run.is_live()
    assert run.state().status == "dead"
    assert run.state().step == 3
    lock = Lock(run.lock_path)
    assert run.is_live()
    assert run.state().status == "running"
    lock.release()
    assert run.state().status == "dead"


@pytest.mark.parametrize("status", ["stopped", "finished", "failed"])
def test_a_run_that_ended_needs_no_lock(tmp_path: Path, status: str) -> None:
    assert make(tmp_path, status=status).state().status == status


def test_a_worker_has_time_to_start(tmp_path: Path) -> None:
    assert make(tmp_path, "young", "starting").state().status == "starting"
    assert make(tmp_path, "old", "starting", age=60).state().status == "dead"


def test_only_one_holds_a_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not is_locked(path)
    lock = Lock(path)
    with pytest.raises(LockedError):
        Lock(path, patience=0.0)
    lock.release()
    Lock(path, patience=0.0).release()


def test_requests_need_a_worker(tmp_path: Path) -> None:
    run = make(tmp_path)
    with pytest.raises(RunError, match="is not running"):
        run.request("stop")
    lock = Lock(run.lock_path)
    run.request("pause")
    assert json.loads(run.request_path.read_text()) == {"request": "pause"}
    lock.release()


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff\xfe", b'{"status": "flying"}', b"[" * 100_000, b" " * (2 << 20)],
)
def test_damaged_files_are_one_sentence(tmp_path: Path, content: bytes) -> None:
    run = make(tmp_path)
    for path, read in ((run.info_path, run.info), (run.state_path, run.state)):
        path.write_bytes(content)
        with pytest.raises(RunError) as caught:
            read()
        assert "\n" not in str(caught.value)


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot be read: No such file"):
        Run(tmp_path / "nothing").info()


def test_what_a_newer_version_wrote_is_kept(tmp_path: Path) -> None:
    run = make(tmp_path)
    fields = json.loads(run.info_path.read_text())
    run.info_path.write_text(json.dumps({**fields, "nodes": 7}))
    assert json.loads(run.info().model_dump_json())["nodes"] == 7


def test_runs_are_listed_newest_first(tmp_path: Path) -> None:
    make(tmp_path, "old", age=100)
    make(tmp_path, "new")
    make(tmp_path, "damaged").info_path.write_text("{")
    (tmp_path / "no run").mkdir()
    (tmp_path / "file").touch()
    assert [run.name for run in list_runs(tmp_path)] == ["new", "old", "damaged"]
    assert list_runs(tmp_path / "nowhere") == []


def test_a_run_is_found_by_path_or_name(tmp_path: Path) -> None:
    run = make(tmp_path)
    assert find_run(str(run.path)) == run
    assert find_run("a-run", tmp_path) == run
    with pytest.raises(RunError, match="There is no run b-run"):
        find_run("b-run", tmp_path)


def test_rows_come_once_and_whole(tmp_path: Path) -> None:
    run = make(tmp_path)
    reader = MetricsReader(run)
    assert reader.read() == []
    text = row(1) + row(2)
    run.metrics_path.write_text(text[:-5])
    assert reader.read() == [Row("train", 1, 0.5, 1.0, {"loss": 1.5})]
    run.metrics_path.write_text(text)
    assert [r.step for r in reader.read()] == [2]
    assert reader.read() == []
    assert reader.generation == 0


def test_a_rewritten_file_is_read_again(tmp_path: Path) -> None:
    run = make(tmp_path)
    reader = MetricsReader(run)
    run.metrics_path.write_text(row(1) + row(2) + row(3))
    assert len(reader.read()) == 3
    write_text(run.metrics_path, row(1) + row(2) + row(3) + row(4))
    assert [r.step for r in reader.read()] == [1, 2, 3, 4]
    assert reader.generation == 1


@pytest.mark.parametrize(
    "line",
    ["", "{}", "[]", "null", '{"split": "train"', row(1)[:-4], row(1).replace("1.5", '"x"')],
)
def test_a_line_that_is_no_row(line: str) -> None:
    assert parse_row(line) is None


def test_null_is_not_a_number() -> None:
    parsed = parse_row(row(1).replace("1.5", "null"))
    assert parsed
    assert math.isnan(parsed.values["loss"])


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    write_text(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "\ud800")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
