"""Columns, smoothing and values under the mouse."""

import math
from array import array

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.monitor.data.plot_series import PlotSeries, Smoother
from app.monitor.data.readout import Curve, number, place, read
from app.monitor.data.view_settings import ViewSettings
from app.runs.records import Row
from app.runs.series import tables

values = st.lists(st.floats(-1e6, 1e6) | st.just(math.nan), max_size=60)


def direct(logged: list[float], weight: float) -> list[float]:
    """The formula of the docstring, term by term."""
    smooth, seen = [], []
    for value in logged:
        if math.isnan(value):
            smooth.append(math.nan)
            continue
        seen.append(value)
        powers = [weight ** (len(seen) - 1 - i) for i in range(len(seen))]
        smooth.append(sum(p * v for p, v in zip(powers, seen, strict=True)) / sum(powers))
    return smooth


def series(*logged: float) -> PlotSeries:
    made = PlotSeries()
    rows = [Row("train", n, n / 10, n * 2.0, {"x": value}) for n, value in enumerate(logged, 1)]
    for table in tables(rows).values():
        made.extend(table)
    return made


@given(values, st.sampled_from([0.0, 0.3, 0.9, 0.999]))
def test_smoothing_is_the_direct_formula(logged: list[float], weight: float) -> None:
    result = Smoother(weight).feed(np.array(logged, dtype=float))
    np.testing.assert_allclose(result, direct(logged, weight), rtol=1e-9, atol=1e-6)


@given(values, st.integers(0, 60))
def test_smoothing_goes_on_where_it_stopped(logged: list[float], cut: int) -> None:
    array = np.array(logged, dtype=float)
    smoother = Smoother(0.9)
    parts = np.concatenate([smoother.feed(array[:cut]), smoother.feed(array[cut:])])
    np.testing.assert_allclose(parts, Smoother(0.9).feed(array), rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize("weight", [0.001, 0.5, 0.999])
def test_smoothing_of_a_long_constant_is_the_constant(weight: float) -> None:
    smooth = Smoother(weight).feed(np.full(100_000, 7.0))
    np.testing.assert_allclose(smooth, 7.0, rtol=1e-9)


def test_zero_smoothing_changes_nothing() -> None:
    assert series(3, 1, 2).smooth(0).tolist() == [3, 1, 2]


def test_smoothed_series_follow_what_is_appended_and_the_weight() -> None:
    made = series(1, 2)
    made.smooth(0.5)
    made.extend(array("d", [3, 0.3, 6, 3]))
    assert made.smooth(0.5).tolist() == pytest.approx(direct([1, 2, 3], 0.5))
    assert made.smooth(0.9).tolist() == pytest.approx(direct([1, 2, 3], 0.9))


def test_values_that_are_not_finite_are_gaps() -> None:
    gaps = series(1, math.inf, math.nan, -math.inf, 2).values
    assert np.isnan(gaps).tolist() == [False, True, True, True, False]


def test_every_axis_has_its_column() -> None:
    made = series(5, 6)
    assert [made.x(axis).tolist() for axis in ("step", "epoch", "time")] == [
        [1, 2],
        [0.1, 0.2],
        [2, 4],
    ]


@pytest.mark.parametrize(
    ("x", "index"), [(1.4, 0), (1.6, 1), (2.5, 1), (3, 2), (0, 0), (3.9, 2), (-5, None), (9, None)]
)
def test_nearest_value(x: float, index: int | None) -> None:
    assert series(10, 20, 30).nearest("step", x) == index


def test_nothing_is_nearest_in_an_empty_series() -> None:
    assert PlotSeries().nearest("step", 1) is None


def test_readout_tells_smoothed_and_raw_values_of_all_curves() -> None:
    training = Curve("run", "training", "#fff", series(1, 2, 3), per_step=True)
    validation = Curve("run", "validation", "#fff", series(4, 5, 6), per_step=False)
    place_, readings = read([training, validation], ViewSettings(smoothing=0.5), 2.2)
    assert place_ == 2
    assert [(r.run, r.split) for r in readings] == [("run", "training"), ("run", "validation")]
    assert [r.raw for r in readings] == [2, None]
    assert [r.value for r in readings] == pytest.approx([direct([1, 2], 0.5)[1], 5])


def test_readout_is_silent_beside_all_curves() -> None:
    assert read([Curve("run", "training", "#fff", series(1, 2), True)], ViewSettings(), 50) is None


def test_numbers_and_places_in_words() -> None:
    assert [number(v) for v in (0.97222, 1.2e-7, math.nan)] == ["0.9722", "1.2e-07", "gap"]
    assert [place("step", 12), place("epoch", 3.0), place("time", 2.55)] == [
        "step 12",
        "epoch 3",
        "2.5 s",
    ]
