"""Plots in a window off screen: zoom, live curves, overlay, axes, readout."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.monitor.plots.plot import Plot
from app.monitor.window.window import Window
from app.runs.run_folder import Run
from tests.app.monitor_runs import log, make_run, row, training
from tests.app.monitor_windows import (  # noqa: F401 - fixtures
    BUTTON,
    Open,
    drag,
    opened_fixture,
    plot_fixture,
    ranges,
    send,
    wait_for,
    wheel,
)

# -- the zoom


@pytest.mark.parametrize("zoom", [wheel, lambda plot: drag(plot, QPointF(60, 30))])
def test_a_zoom_is_never_reset(
    zoom: Callable[[Plot], None], plot: tuple[Window, Run, Plot], opened: Open, qtbot: QtBot
) -> None:
    window, run, loss = plot
    assert loss.following
    before = ranges(loss)
    zoom(loss)
    zoomed = ranges(loss)
    assert zoomed != before
    assert not loss.following
    assert loss.follow_button.isVisible()
    log(run, [*training(range(61, 101)), row("train", 5000, 99, cross_entropy=90.0)])
    wait_for(qtbot, loss, "training", 101)
    other = make_run("other", age=9)
    log(other, training(range(1, 900), slope=0.001))
    window.toggle(other)
    qtbot.waitUntil(lambda: len(loss.lines) == 4, timeout=20_000)
    window.controls.slider.setValue(40)
    window.resize(1000, 700)
    loss.canvas.grab()
    assert ranges(loss) == zoomed


def test_a_plot_follows_until_it_is_zoomed_and_after_follow(
    plot: tuple[Window, Run, Plot], qtbot: QtBot
) -> None:
    window, run, loss = plot
    log(run, training(range(61, 201)))
    wait_for(qtbot, loss, "training", 200)
    loss.canvas.grab()
    assert loss.box.viewRange()[0][1] >= 200
    assert not window.controls.follow.isEnabled()
    wheel(loss)
    assert window.controls.follow.isEnabled()
    window.controls.follow.click()
    loss.canvas.grab()
    assert loss.box.viewRange()[0][1] >= 200
    assert not window.controls.follow.isEnabled()
    assert not loss.follow_button.isVisible()


def test_each_plot_has_its_own_follow(plot: tuple[Window, Run, Plot]) -> None:
    window, _, loss = plot
    wheel(loss)
    assert not loss.following
    assert window.board.plots["accuracy"].following
    loss.follow_button.click()
    assert loss.following


def test_a_zoom_survives_the_log_axis(plot: tuple[Window, Run, Plot]) -> None:
    window, _, loss = plot
    loss.box.setRange(xRange=(5, 20), yRange=(0.5, 2), padding=0)
    window.controls.log.click()
    assert ranges(loss) == pytest.approx([5, 20, math.log10(0.5), math.log10(2)])
    window.controls.log.click()
    assert ranges(loss) == pytest.approx([5, 20, 0.5, 2])


# -- what is drawn


def test_training_is_smoothed_over_its_pale_steps(plot: tuple[Window, Run, Plot]) -> None:
    window, _run, loss = plot
    lines = next(iter(loss.lines.values()))
    series = lines.curve.series
    assert lines.raw.yData.tolist() == series.values.tolist()
    assert lines.main.yData.tolist() == series.smooth(0.9).tolist()
    window.controls.slider.setValue(0)
    assert lines.main.yData.tolist() == series.values.tolist()
    assert lines.raw.xData is None or not len(lines.raw.xData)
    assert window.controls.value.text() == "0.000"


def test_validation_has_a_dot_per_epoch_and_is_not_smoothed(
    plot: tuple[Window, Run, Plot],
) -> None:
    _, _, loss = plot
    lines = list(loss.lines.values())[1]
    assert lines.main.opts["symbol"] == "o"
    assert lines.main.yData.tolist() == lines.curve.series.values.tolist()
    assert len(lines.main.xData) == 3


@pytest.mark.parametrize(("axis", "last"), [("step", 60), ("epoch", 3), ("time", 6)])
def test_the_x_axis(axis: str, last: float, plot: tuple[Window, Run, Plot]) -> None:
    window, _, loss = plot
    wheel(loss)
    button = next(b for b in window.controls.axes.buttons() if b.property("axis") == axis)
    button.click()
    loss.canvas.grab()
    assert next(iter(loss.lines.values())).main.xData[-1] == pytest.approx(last)
    if axis != "step":
        assert loss.box.viewRange()[0][1] == pytest.approx(last, rel=0.2)


def test_a_log_axis_leaves_gaps_and_plain_numbers(opened: Open, qtbot: QtBot) -> None:
    run = make_run()
    values = [0.01, 0, 0.1, math.nan, 1, 10, 100]
    log(run, [row("train", i, i / 9, cross_entropy=v) for i, v in enumerate(values)])
    window = opened(run)
    qtbot.waitUntil(lambda: bool(window.board.plots), timeout=20_000)
    window.controls.slider.setValue(0)
    window.controls.log.click()
    loss = window.board.plots["cross_entropy"]
    loss.canvas.grab()
    drawn = next(iter(loss.lines.values())).main.getData()[1]
    np.testing.assert_allclose(drawn, [-2, math.nan, -1, math.nan, 0, 1, 2])
    axis = loss.item.getAxis("left")
    assert axis.tickStrings([-2, 0, 3], 1, 1) == ["0.01", "1", "1000"]


def test_several_runs_lie_over_each_other_in_their_own_colours(
    plot: tuple[Window, Run, Plot], qtbot: QtBot
) -> None:
    window, _run, loss = plot
    other = make_run("other", age=5, seed=7)
    log(other, training(range(1, 41)))
    window.toggle(other)
    qtbot.waitUntil(lambda: len(loss.lines) == 4, timeout=20_000)
    curves = [lines.curve for lines in loss.lines.values()]
    assert len({curve.colour for curve in curves}) == 2
    assert {curve.split for curve in curves} == {"training", "validation"}
    assert len({(curve.run, curve.split) for curve in curves}) == 4
    qtbot.waitUntil(window.differences.isVisible, timeout=20_000)
    table = window.differences.table
    qtbot.waitUntil(lambda: table.rowCount() == 3, timeout=20_000)
    assert [table.item(2, column).text() for column in range(3)] == ["seed", "0", "7"]
    window.toggle(other)
    assert len(loss.lines) == 2
    assert not window.differences.isVisible()


def test_equal_runs_are_said_to_be_equal(plot: tuple[Window, Run, Plot], qtbot: QtBot) -> None:
    window, _, _ = plot
    window.toggle(make_run("twin", age=5))
    qtbot.waitUntil(window.differences.alike.isVisible, timeout=20_000)


def test_a_click_on_the_legend_hides_a_curve(plot: tuple[Window, Run, Plot]) -> None:
    window, _, loss = plot
    loss.canvas.grab()
    word = next(word for word in loss.legend.words if word.text == "training")
    place = loss.canvas.mapFromScene(loss.legend.mapToScene(word.place.center()))
    for kind, held in (("Press", BUTTON.LeftButton), ("Release", BUTTON.NoButton)):
        event = getattr(QEvent.Type, f"MouseButton{kind}")
        send(loss, event, QPointF(place), BUTTON.LeftButton, held)
    lines = next(iter(loss.lines.values()))
    assert not lines.main.isVisible()
    assert not lines.raw.isVisible()
    window.toggle(make_run("other", age=5))  # both runs get longer names, and so new lines
    assert not next(iter(loss.lines.values())).visible


def test_the_values_under_the_mouse(plot: tuple[Window, Run, Plot]) -> None:
    _window, _, loss = plot
    scene = loss.box.mapViewToScene(QPointF(30, 1))
    place = QPointF(loss.canvas.mapFromScene(scene))
    send(loss, QEvent.Type.MouseMove, place, BUTTON.NoButton, BUTTON.NoButton)
    assert loss.readout.isVisible()
    series = next(iter(loss.lines.values())).curve.series
    assert "step 30" in loss.readout.text()
    assert f"raw {series.values[29]:.4g}" in loss.readout.text()
    assert f"<b>{series.smooth(0.9)[29]:.4g}</b>" in loss.readout.text()
    QApplication.sendEvent(loss.canvas.viewport(), QEvent(QEvent.Type.Leave))
    assert not loss.readout.isVisible()


def test_only_the_series_that_changed_are_drawn_again(
    plot: tuple[Window, Run, Plot], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, run, _loss = plot
    drawn = []
    for each in window.board.plots.values():
        for lines in each.lines.values():
            monkeypatch.setattr(
                lines, "draw", lambda _, c=lines.curve, n=each.name: drawn.append((n, c.split))
            )
    log(run, [row("train", 61, 3.1, cross_entropy=0.3)])
    qtbot.waitUntil(lambda: bool(drawn), timeout=20_000)
    qtbot.wait(250)
    assert drawn == [("cross_entropy", "training")]


def test_nothing_is_read_while_nobody_sees_it(
    plot: tuple[Window, Run, Plot], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, run, loss = plot
    polls = []
    poll = window.watch.poll
    monkeypatch.setattr(window.watch, "poll", lambda: (polls.append(1), poll())[1])
    window.showMinimized()
    window.tick()
    window.hide()
    qtbot.wait(250)
    assert not polls
    log(run, training(range(61, 81)))
    window.showNormal()
    wait_for(qtbot, loss, "training", 80)
