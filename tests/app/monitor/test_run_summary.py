"""Runs that grow, are resumed, die, fail, break or vanish; their names and their differences."""

import math
import shutil
from pathlib import Path

import pytest

from app.monitor.data.comparison import ABSENT, Difference, differences, settings_of
from app.monitor.data.plot_series import PlotSeries
from app.monitor.data.run_summary import short_names, summarise
from app.runs.locks import Lock
from app.runs.run_folder import Run
from app.runs.run_follower import RunFollower
from app.runs.series import Key
from tests.app.monitor_runs import log, make_run, row, set_state, training

pytestmark = pytest.mark.usefixtures("home")
LOSS = Key("cross_entropy", "train")


def follow(run: Run) -> RunFollower[PlotSeries]:
    return RunFollower(run, PlotSeries)


def read(follower: RunFollower[PlotSeries]) -> set[Key]:
    return follower.take(follower.look())


def test_rows_become_curves_by_name_and_split() -> None:
    run = make_run()
    log(run, training(range(1, 41)))
    follower = follow(run)
    read(follower)
    assert {key: len(series) for key, series in follower.series.items()} == {
        Key(name, split): count
        for name in ("cross_entropy", "accuracy")
        for split, count in (("train", 40), ("train_epoch", 2), ("validation", 2))
    }


def test_a_growing_run_tells_what_changed() -> None:
    run = make_run()
    follower = follow(run)
    assert read(follower) == set()
    log(run, [row("train", 1, 0.1, cross_entropy=1.0)])
    assert read(follower) == {LOSS}
    log(run, [row("validation", 1, 1, accuracy=0.5)])
    assert read(follower) == {Key("accuracy", "validation")}


def test_a_cut_line_waits_for_its_end() -> None:
    run = make_run()
    follower = follow(run)
    run.metrics_path.write_text('{"split": "train", "step": 1, "epo')
    assert read(follower) == set()
    with run.metrics_path.open("a") as file:
        file.write('ch": 0.1, "time": 1, "values": {"cross_entropy": 2}}\n')
    read(follower)
    assert follower.series[LOSS].values.tolist() == [2]


def test_lines_that_are_no_rows_are_left_out_and_nan_is_a_gap() -> None:
    run = make_run()
    run.metrics_path.write_text('nonsense\n{"split": 3}\n[]\n')
    log(run, [row("train", 1, 0.1, cross_entropy=math.nan)])
    follower = follow(run)
    read(follower)
    assert math.isnan(follower.series[LOSS].values[0])


def test_a_resumed_run_replaces_what_followed_its_checkpoint() -> None:
    run = make_run()
    log(run, [row("train", step, step / 10, cross_entropy=step) for step in (1, 2, 3)])
    follower = follow(run)
    read(follower)
    run.metrics_path.unlink()
    log(run, [row("train", step, step / 10, cross_entropy=-step) for step in (1, 2)])
    assert read(follower) == {LOSS}
    assert follower.series[LOSS].values.tolist() == [-1, -2]


def test_metrics_that_cannot_be_read_are_one_sentence() -> None:
    run = make_run()
    run.metrics_path.unlink()
    run.metrics_path.mkdir()
    follower = follow(run)
    assert read(follower) == set()
    assert "cannot be read" in follower.trouble


def test_a_live_run_and_a_dead_one() -> None:
    run = make_run(status="running", state={"epoch": 1})
    lock = Lock(run.lock_path)
    alive = summarise(run)
    lock.release()
    dead = summarise(run)
    assert (alive.live, alive.text) == (True, "Training: epoch 2 of 4 · 42 s")
    assert (dead.live, dead.text) == (
        False,
        "Killed in epoch 2 of 4 · 42 s",
    )
    assert dead.notice == (
        "digits_cnn-1: Killed in epoch 2 of 4; python main.py resume digits_cnn-1 continues it"
    )


def test_a_failed_run_says_why() -> None:
    run = make_run(status="failed", state={"message": "There is no CUDA device here."})
    assert summarise(run).notice == "digits_cnn-1: Failed: There is no CUDA device here."


def test_a_broken_run_and_a_deleted_one_are_sentences() -> None:
    run = make_run()
    run.info_path.write_text("{")
    assert summarise(run).status == "unreadable"
    assert "damaged" in summarise(run).notice
    shutil.rmtree(run.path)
    assert summarise(run).status == "deleted"
    assert read(follow(run)) == set()


def test_names_are_as_short_as_they_can_be(tmp_path: Path) -> None:
    cnn = make_run("cnn-1")
    again = make_run("cnn-2", age=5)
    twin = make_run("cnn-3", folder=tmp_path / "cnn-3", age=5)
    lstm = make_run("lstm-1", title="digits_lstm")
    names = short_names({run: summarise(run) for run in (cnn, again, twin, lstm)})
    assert names[lstm] == "digits_lstm"
    assert names[cnn].startswith("digits_cnn ") and names[cnn].count(":") == 2
    assert [names[again], names[twin]] == ["cnn-2", "cnn-3"]


def test_only_differences_are_told() -> None:
    one, two = make_run("a"), make_run("b", seed=3, width=64)
    assert differences([settings_of(one).values, settings_of(two).values]) == [
        Difference("seed", ("0", "3")),
        Difference("conv.out_channels", ("32", "64")),
    ]


def test_a_node_that_a_run_has_not() -> None:
    assert differences([{"relu": "ReLU"}, {}]) == [Difference("relu", ("ReLU", ABSENT))]


def test_a_broken_document_is_one_sentence() -> None:
    run = make_run()
    run.document_path.write_text("[]")
    assert settings_of(run).values == {}
    assert "document" in settings_of(run).trouble


def test_the_best_values_so_far() -> None:
    run = make_run()
    set_state(run, "finished", epoch=4)
    assert summarise(run).best == {"cross_entropy": 0.0712, "accuracy": 0.9804}
