"""Ticks of a log axis, the slider of smoothing, colours."""

import math

import pytest

from app.monitor.data.colours import RUNS, next_colour
from app.monitor.data.view_settings import (
    MOST_SMOOTHING,
    log_range,
    log_ticks,
    position_of,
    smoothing_at,
)


@pytest.mark.parametrize(
    ("low", "high", "numbers"),
    [
        (0.01, 1, [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]),
        (0.3, 0.5, [0.3, 0.35, 0.4, 0.45, 0.5]),
        (1e-6, 1, [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1]),
    ],
)
def test_log_ticks_are_round_numbers(low: float, high: float, numbers: list[float]) -> None:
    ticks = log_ticks(math.log10(low) - 1e-9, math.log10(high) + 1e-9)
    assert [10**tick for tick in ticks] == pytest.approx(numbers)


@pytest.mark.parametrize("span", [(-1e9, 1e9), (0, 0), (2, 2 + 1e-15), (-320, -310)])
def test_log_ticks_of_extreme_ranges(span: tuple[float, float]) -> None:
    assert len(log_ticks(*span)) < 20


def test_a_range_survives_the_log_axis_and_back() -> None:
    there = log_range(0.5, 20, log=True)
    assert there is not None
    assert log_range(*there, log=False) == pytest.approx((0.5, 20))


@pytest.mark.parametrize("span", [(-1, 2), (0, 1), (3, 3)])
def test_a_range_without_a_logarithm_is_not_kept(span: tuple[float, float]) -> None:
    assert log_range(*span, log=True) is None


def test_the_slider_ends_at_none_and_at_three_nines() -> None:
    assert [smoothing_at(place) for place in (0, 20, 40, 60)] == [0, 0.9, 0.99, 0.999]


@pytest.mark.parametrize("place", range(MOST_SMOOTHING + 1))
def test_the_slider_remembers_its_place(place: int) -> None:
    assert position_of(smoothing_at(place)) == place


def test_runs_get_colours_of_their_own_until_there_are_no_more() -> None:
    used: list[str] = []
    for _ in range(2 * len(RUNS)):
        used.append(next_colour(used))
    assert used == [*RUNS, *RUNS]
    assert next_colour([RUNS[1]]) == RUNS[0]
