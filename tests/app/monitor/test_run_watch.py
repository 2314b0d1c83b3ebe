"""Which runs there are, which are shown; what is saved."""

import csv
import io
import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.monitor.data.background_reading import BackgroundReader
from app.monitor.data.run_watch import Watch
from app.monitor.data.table_files import COLUMNS, SaveError, save, table, table_rows
from app.runs.run_list import runs_folder
from tests.app.monitor_runs import log, make_run, row, training

pytestmark = pytest.mark.usefixtures("home")


def poll_until(watch: Watch, condition: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        watch.poll()
        time.sleep(0.005)


def test_runs_are_found_newest_first_and_while_the_monitor_is_open() -> None:
    old = make_run("old", age=60)
    watch = Watch(runs_folder())
    poll_until(watch, lambda: list(watch.runs) == [old])
    new = make_run("new", age=1)
    poll_until(watch, lambda: list(watch.runs) == [new, old])


def test_no_folder_is_no_runs() -> None:
    watch = Watch(runs_folder() / "nowhere")
    poll_until(watch, lambda: watch.scanned)
    assert (watch.runs, watch.notices()) == ({}, [])


def test_runs_from_elsewhere_are_listed_too(tmp_path: Path) -> None:
    inside, outside = make_run("inside"), make_run("outside", folder=tmp_path / "out", age=1)
    watch = Watch(runs_folder(), [outside])
    poll_until(watch, lambda: list(watch.runs) == [inside, outside])


def test_a_shown_run_is_followed_and_a_hidden_one_is_not() -> None:
    run, other = make_run("a"), make_run("b", age=1)
    log(run, training(range(1, 4)))
    log(other, training(range(1, 4)))
    watch = Watch(runs_folder())
    watch.show(run)
    poll_until(watch, lambda: watch.shown[run].follower.series)
    log(run, [row("train", 4, 0.2, cross_entropy=0.5)])
    poll_until(watch, lambda: 0.5 in next(iter(watch.shown[run].follower.series.values())).values)
    assert other not in watch.shown


def test_a_shown_run_keeps_its_colour() -> None:
    first, second = make_run("a"), make_run("b", age=1)
    watch = Watch(runs_folder())
    watch.show(first)
    watch.show(second)
    colour = watch.shown[second].colour
    assert colour != watch.shown[first].colour
    watch.show_only(second)
    assert {run: shown.colour for run, shown in watch.shown.items()} == {second: colour}


def test_a_deleted_run_stays_listed_while_it_is_shown() -> None:
    run = make_run()
    watch = Watch(runs_folder())
    watch.show(run)
    poll_until(watch, lambda: run in watch.runs)
    shutil.rmtree(run.path)
    poll_until(watch, lambda: watch.runs[run].status == "deleted")
    assert "was deleted" in watch.notices()[0]
    watch.hide(run)
    poll_until(watch, lambda: not watch.runs)


def test_a_folder_that_cannot_be_listed_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(folder: Path) -> None:
        raise PermissionError(13, os.strerror(13), str(folder))

    monkeypatch.setattr("app.monitor.data.run_watch.list_runs", refuse)
    watch = Watch(runs_folder())
    poll_until(watch, lambda: watch.scanned)
    assert watch.notices() == [f"The runs in {runs_folder()} cannot be listed: Permission denied."]


def take_all(desk: BackgroundReader) -> None:
    while desk.busy:
        desk.take()


def test_a_desk_does_not_ask_twice_and_hands_on_errors() -> None:
    desk, calls = BackgroundReader(), []
    asked = threading.Event()
    for _ in range(3):
        desk.ask("slow", lambda: (asked.wait(20), calls.append(1)))
    asked.set()
    take_all(desk)
    assert calls == [1]
    desk.ask("wrong", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        take_all(desk)
    desk.close()


def test_tables_hold_every_value_of_the_asked_names() -> None:
    run = make_run()
    log(run, training(range(1, 21)))
    watch = Watch(runs_folder())
    watch.show(run)
    poll_until(watch, lambda: watch.shown[run].follower.series)
    followers = [shown.follower for shown in watch.shown.values()]
    lines = list(csv.reader(io.StringIO(table(table_rows(followers, ["accuracy"])).decode())))
    assert tuple(lines[0]) == COLUMNS
    assert [line[1] for line in lines[1:]].count("train") == 20
    run_name, split, name, step, epoch, seconds, value = lines[-1]
    assert (run_name, split, name, step) == (run.name, "validation", "accuracy", "20")
    assert (float(epoch), float(seconds)) == (1.0, 2.0)
    logged = watch.shown[run].follower.series["accuracy", "validation"].values[-1]
    assert float(value) == logged


def test_files_are_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "curves.csv"
    save(b"before", path)

    def full(handle: int) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(SaveError, match=r"no space left on device\. Choose another place\."):
        save(b"after", path)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SaveError, match="no such file or directory"):
        save(b"", tmp_path / "nowhere" / "curves.csv")
