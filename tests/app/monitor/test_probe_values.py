"""Looks without a window: reading them, following them, and what their numbers look like."""

import io
import time
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.monitor.data import probe_values
from app.monitor.data.probe_selection import Listing, Looks, listing
from app.runs import probe_snapshots as looking
from app.runs.probe_files import probe_path
from app.runs.probe_snapshots import image_grid, look
from tests.app.monitor_runs import make_run
from tests.app.probe_runs import add_look, add_probes, looked_at


def until(condition: Callable[[], object]) -> None:
    """Until it holds."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_listing_says_what_there_is(home: Path) -> None:
    run = make_run()
    assert listing(run) == Listing({}, (), 20)
    add_probes(run, 0, 40)
    known = listing(run)
    assert known.steps == (0, 40) and known.probes["strings"].options == {"sample_rate": 4000}
    assert [known.at(step) for step in (None, 0, 39, 40, 99)] == [40, 0, 0, 40, 40]
    assert Listing({}, (20,)).at(5) == 20 and Listing({}, ()).at(5) is None


def test_a_look_has_the_parts_of_each_probe(home: Path) -> None:
    run = make_run()
    add_probes(run, 20)
    seen = look(run, 20)
    assert set(seen.probes["waves"]) == {"x", "y", "target"} and not seen.trouble
    assert seen.probes["samples"]["images"].shape == (16, 1, 8, 8)


def test_broken_looks_are_sentences(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run()
    add_probes(run, 20)
    assert "cannot be read" in look(run, 7).trouble
    probe_path(run.probes_path, 3).write_bytes(b"\x80\x04pickle")
    assert "is damaged" in look(run, 3).trouble
    monkeypatch.setattr(looking, "LARGEST", 10)
    assert "larger than any look" in look(run, 20).trouble
    run.info_path.unlink()
    assert "cannot be read" in listing(run).trouble


def test_the_newest_look_is_followed_until_one_is_chosen(home: Path) -> None:
    run, looks = make_run(), Looks()
    add_probes(run, 0, 20)
    until(lambda: looks.poll([run]) and run in looks.shown)
    assert looks.shown[run].step == 20 and looks.steps == [0, 20]
    add_look(run, 40, looked_at(40))
    until(lambda: looks.poll([run]) and looks.shown[run].step == 40)
    looks.chosen = 20
    until(lambda: looks.poll([run]))
    assert looks.shown[run].step == 20
    add_look(run, 60, looked_at(60))
    until(lambda: looks.poll([run]) and 60 in looks.steps)
    assert looks.shown[run].step == 20
    looks.follow([])
    assert not looks.shown and not looks.steps
    looks.close()


# -- what numbers look like


def test_images_stand_in_a_grid_and_samples_above_each_other() -> None:
    images = np.zeros((6, 2, 1, 3, 3), dtype=np.float32)
    images[4, 1] = 0.5
    picture = image_grid({"images": images}, {"low": 0.0, "high": 0.5})
    assert picture.shape == (2 * 7 - 1, 3 * 4 - 1, 3)
    bright = np.argwhere(picture[..., 0] == 255)
    assert bright.min(0).tolist() == [7 + 3, 4] and bright.max(0).tolist() == [12, 6]
    assert picture[6, 0].tolist() == list(looking.GROUND)


def test_colours_stay_and_odd_values_are_drawn() -> None:
    image = np.array([[[[np.nan]], [[2.0]], [[-1.0]]]])
    assert image_grid({"images": image}, {})[0, 0].tolist() == [0, 255, 0]


def test_lines_go_from_left_to_right() -> None:
    x, y = np.array([[[3], [1], [2]]]), np.array([[30.0, 10.0, 20.0]])
    solid, dashed = probe_values.lines({"x": x, "y": y, "target": y + 1})
    assert solid.x.tolist() == [1, 2, 3] and solid.y.tolist() == [10, 20, 30]
    assert dashed.dashed and dashed.y.tolist() == [11, 21, 31]
    assert probe_values.lines({"y": y})[0].x.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("reading", "tokens", "text"),
    [
        ({"reading": "numbers"}, [3, 1], "3 1"),
        ({"reading": "bytes"}, [72, 195, 164], "Hä"),
        ({"reading": "characters", "alphabet": "abc"}, [2, 0, 9], "ca�"),
    ],
)
def test_tokens_are_read(reading: dict[str, str], tokens: list[int], text: str) -> None:
    assert probe_values.texts({"tokens": np.array([tokens])}, reading) == [text]


def test_a_table_has_a_column_for_each_feature() -> None:
    parts = {"wire_10": np.array([7, 8]), "wire_2": np.array([[1.0, 2], [3, 4]])}
    heads, rows = probe_values.columns(parts, {})
    assert heads == ["1.1", "1.2", "2"] and rows == [[1, 2, 7], [3, 4, 8]]
    assert probe_values.columns(parts, {"names": ["a", "b", "c"]})[0] == ["a", "b", "c"]


def test_a_sound_is_saved_as_it_sounds() -> None:
    sound = np.sin(np.arange(800) / 5)
    with wave.open(io.BytesIO(probe_values.wav(sound, 8000))) as file:
        assert (file.getframerate(), file.getnframes(), file.getnchannels()) == (8000, 800, 1)
        heard = np.frombuffer(file.readframes(800), dtype="<i2") / 32767
    assert np.abs(heard - sound).max() < 1e-4


def test_a_spectrogram_is_loud_where_the_sound_is() -> None:
    rate, pitch = 4000, 500
    picture = probe_values.spectrogram(np.sin(2 * np.pi * pitch * np.arange(2000) / rate))
    loudest = picture.mean(1).argmax() * (rate / 2) / (picture.shape[0] - 1)
    assert abs(loudest - pitch) < 20 and picture.max() == 0 and picture.min() >= -80
    assert probe_values.spectrogram(np.zeros(5)).shape[1] >= 1


def test_a_histogram_of_equal_values_has_a_width() -> None:
    counts, edges = probe_values.bars({"counts": np.array([0, 5]), "edges": np.ones(3)})
    assert counts.tolist() == [0, 5] and edges.tolist() == [0.5, 1, 1.5]


@pytest.mark.parametrize(
    ("draw", "parts"),
    [
        (lambda parts: image_grid(parts, {}), {"images": np.zeros((2, 4))}),
        (lambda parts: image_grid(parts, {}), {"images": np.zeros((2, 5, 4, 4))}),
        (probe_values.lines, {"y": np.zeros((2, 3, 4))}),
        (probe_values.bars, {"counts": np.zeros(3), "edges": np.zeros(3)}),
        (probe_values.bars, {"counts": np.zeros(1), "edges": np.full(2, np.nan)}),
        (probe_values.dots, {"points": np.zeros((2, 3))}),
        (probe_values.dots, {"points": np.zeros((2, 2)), "label": np.zeros(3)}),
        (probe_values.matrix, {"counts": np.zeros((2, 3))}),
        (lambda parts: probe_values.texts(parts, {}), {"tokens": np.zeros(3)}),
    ],
)
def test_what_cannot_be_drawn_raises(
    draw: Callable[[dict[str, np.ndarray]], object], parts: dict[str, np.ndarray]
) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each has words of its own
        draw(parts)
