"""A run as it is followed: series, newest rows, words, a thread that posts what is new."""

import json
import math
import queue
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.runs.records import Row, State, now
from app.runs.run_folder import Run
from app.runs.run_follower import RunFollower, Update
from app.runs.series import Buffer, Key, Point, Series, tables
from app.runs.state_words import duration, in_words
from tests.app.monitor_runs import log, make_run, row, set_state, training

WAIT = 20
POINTS = 800


def series(*values: float) -> Series:
    made = Series()
    rows = [Row("train", step, step / 10, 2.0 * step, {"x": v}) for step, v in enumerate(values, 1)]
    for table in tables(rows).values():
        made.extend(table)
    return made


@given(st.lists(st.lists(st.floats(allow_nan=False), max_size=900), max_size=6))
def test_buffers_keep_all_numbers_in_order(parts: list[list[float]]) -> None:
    buffer = Buffer()
    for part in parts:
        buffer.extend(part)
    assert buffer.view.tolist() == [number for part in parts for number in part]


def test_a_view_stays_as_it_was() -> None:
    buffer = Buffer()
    buffer.extend([1, 2])
    view = buffer.view
    buffer.extend(range(5000))
    assert view.tolist() == [1, 2]


def test_points_come_as_they_were_logged_and_infinity_is_a_gap() -> None:
    points = list(series(3.0, math.inf).points())
    assert points[0] == Point(1, 0.1, 2.0, 3.0)
    assert math.isnan(points[1].value) and len(series(3.0, math.inf)) == 2


def test_a_thinned_series_keeps_its_shape_and_its_end_and_stays_short() -> None:
    long = series(*(math.sin(x / 10_000) for x in range(100_000)))
    points = long.thinned("step", POINTS)
    assert POINTS / 2 < len(points) <= POINTS
    assert points == sorted(points)
    assert max(y for _, y in points) > 0.99
    assert points[-1][0] == 100_000
    assert series(1.0, math.nan, 3.0).thinned("step", POINTS) == [(1, 1), (3, 3)]
    assert Series().thinned("step", POINTS) == []


def test_the_first_loss_is_the_one_that_is_drawn() -> None:
    follower = RunFollower(Run(Path("nowhere")))
    assert follower.first_loss == ""
    rows = (
        Row("train", 1, 0.1, 0.0, {"accuracy": 0.1, "loss": 2.0}),
        Row("train", 2, 0.2, 0.0, {"accuracy": 0.2, "loss": math.nan}),
        Row("validation", 2, 1.0, 0.0, {"accuracy": 0.2, "loss": 1.5}),
        Row("train_epoch", 2, 1.0, 0.0, {"accuracy": 0.2, "loss": 1.7}),
    )
    follower.take(Update(None, None, tables(rows), {row.split: row for row in rows}))
    assert follower.first_loss == "accuracy"
    assert follower.series["loss", "train"].thinned("epoch", POINTS) == [(0.1, 2.0)]
    assert follower.series["loss", "validation"].thinned("epoch", POINTS) == [(1.0, 1.5)]
    assert {split: newest.step for split, newest in follower.newest.items()} == {
        "train": 2,
        "validation": 2,
        "train_epoch": 2,
    }


def test_the_loss_of_a_run_is_known_from_its_info(home: Path) -> None:
    run = make_run()
    log(run, training(range(1, 4)))
    follower = RunFollower(run)
    follower.take(follower.look())
    assert follower.info
    assert follower.first_loss == follower.info.losses[0]


def test_states_in_words() -> None:
    state = State(status="running", epoch=2, device="cpu", updated=now())
    assert in_words(state, 10) == "Training: epoch 3 of 10 on cpu"
    assert in_words(state.model_copy(update={"epoch": 10}), 10).startswith(
        "Training: epoch 10 of 10"
    )
    finished = state.model_copy(update={"status": "finished", "epoch": 10, "seconds": 75.2})
    assert in_words(finished, 10) == "Finished: 10 epochs in 1 min 15 s"
    dead = state.model_copy(update={"status": "dead"})
    assert "Resume" in in_words(dead, 10, "Resume continues it")


@pytest.mark.parametrize("status", ["starting", "paused", "stopped", "failed", "dead"])
def test_every_state_is_one_sentence_without_a_dot(status: str) -> None:
    state = State.model_validate({"status": status, "updated": now()})
    for text in (in_words(state, None), in_words(state, 3, "resume it")):
        assert text[0].isupper() and text[-1] != "." and "None" not in text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (7.91, "7.9 s"),
        (12.4, "12 s"),
        (750, "12 min 30 s"),
        (3909, "1 h 5 min"),
        (7500, "2 h 5 min"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_thread_posts_what_is_new_and_nothing_else(home: Path) -> None:
    run = make_run(status="finished")
    log(run, [row("train", 1, 0.1, loss=1.0)])
    posted: queue.Queue[Update] = queue.Queue()
    follower = RunFollower(run)
    follower.start(posted.put)
    follower.take(posted.get(timeout=WAIT))
    assert follower.state and follower.state.status == "finished"
    log(run, [row("train", 2, 0.2, loss=0.5)])
    assert [new.step for new in posted.get(timeout=WAIT).newest.values()] == [2]
    set_state(run, "stopped")
    while not (update := posted.get(timeout=WAIT)).state:
        pass  # the test writes the file in place: a look may find half of it
    assert (update.state.status, update.newest) == ("stopped", {})
    follower.stop()


def test_a_resumed_run_starts_over(home: Path) -> None:
    run = make_run()
    log(run, [row("validation", 1, 1, loss=1.0), row("train", 2, 1.1, loss=2.0)])
    follower = RunFollower(run)
    follower.take(follower.look())
    text = json.dumps(row("train", 1, 0.5, loss=3.0)) + "\n"
    run.metrics_path.unlink()
    run.metrics_path.write_text(text)
    update = follower.look()
    assert update.restarted
    assert follower.take(update) == {Key("loss", "train"), Key("loss", "validation")}
    assert list(follower.newest) == ["train"]
    assert len(follower.series["loss", "validation"]) == 0


def test_a_follower_says_what_is_wrong_with_a_run_that_is_gone(home: Path, tmp_path: Path) -> None:
    posted: queue.Queue[Update] = queue.Queue()
    follower = RunFollower(Run(tmp_path / "gone"))
    follower.start(posted.put)
    assert "cannot be read" in posted.get(timeout=WAIT).trouble
    follower.stop()


def test_what_was_read_stays_when_the_folder_goes(home: Path) -> None:
    run = make_run()
    log(run, training(range(1, 4)))
    follower = RunFollower(run)
    follower.take(follower.look())
    before = dict(follower.series)
    shutil.rmtree(run.path)
    follower.take(follower.look())
    assert follower.trouble == f"{run.name} cannot be read: its folder was deleted."
    assert follower.series == before and follower.info and follower.state
