"""The window off screen: zoom, live runs, overlay, axes, readout, pictures, tables, words."""

import csv
import math
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QByteArray, QEvent, QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QImage, QMouseEvent, QWheelEvent
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.monitor import theme
from app.monitor.main import open_window, run
from app.monitor.plot import Plot
from app.monitor.window import Window
from app.runs import Run
from tests.app.monitor_runs import log, make_run, row, training

BUTTON = Qt.MouseButton
NONE = Qt.KeyboardModifier.NoModifier

Open = Callable[..., Window]


@pytest.fixture
def opened(qtbot: QtBot, home: Path) -> Iterator[Open]:
    """Opens windows, as wide and high as a small laptop's, and closes them."""
    windows = []

    def open_(*runs: Run) -> Window:
        theme.apply(QApplication.instance())
        window = open_window([run.path for run in runs])
        windows.append(window)
        window.resize(1280, 800)
        window.show()
        qtbot.waitUntil(lambda: window.watch.scanned, timeout=20_000)
        return window

    yield open_
    for window in windows:
        window.close()


@pytest.fixture
def plot(opened: Open, qtbot: QtBot) -> tuple[Window, Run, Plot]:
    """A window with one run of 60 steps, and the plot of its loss."""
    run = make_run()
    log(run, training(range(1, 61)))
    window = opened(run)
    qtbot.waitUntil(lambda: len(window.board.plots) == 2, timeout=20_000)
    plot = window.board.plots["cross_entropy"]
    wait_for(qtbot, plot, "training", 60)
    plot.canvas.grab()
    return window, run, plot


def points(plot: Plot, split: str) -> int:
    found = [lines for lines in plot.lines.values() if lines.curve.split == split]
    return len(found[0].main.xData) if found and found[0].main.xData is not None else 0


def wait_for(qtbot: QtBot, plot: Plot, split: str, count: int) -> None:
    qtbot.waitUntil(lambda: points(plot, split) == count, timeout=20_000)


def middle(plot: Plot) -> QPointF:
    return QPointF(plot.canvas.viewport().rect().center())


def send(plot: Plot, kind: QEvent.Type, place: QPointF, button: BUTTON, held: BUTTON) -> None:
    viewport = plot.canvas.viewport()
    over = viewport.mapToGlobal(place)
    QApplication.sendEvent(viewport, QMouseEvent(kind, place, over, button, held, NONE))


def drag(plot: Plot, by: QPointF) -> None:
    start = middle(plot)
    send(plot, QEvent.Type.MouseButtonPress, start, BUTTON.LeftButton, BUTTON.LeftButton)
    for part in (0.3, 0.6, 1.0):
        place = start + by * part
        send(plot, QEvent.Type.MouseMove, place, BUTTON.NoButton, BUTTON.LeftButton)
    send(plot, QEvent.Type.MouseButtonRelease, start + by, BUTTON.LeftButton, BUTTON.NoButton)


def wheel(plot: Plot, turn: int = 120) -> None:
    viewport, place = plot.canvas.viewport(), middle(plot)
    over, phase = viewport.mapToGlobal(place), Qt.ScrollPhase.NoScrollPhase
    event = QWheelEvent(place, over, QPoint(), QPoint(0, turn), BUTTON.NoButton, NONE, phase, False)
    QApplication.sendEvent(viewport, event)


def ranges(plot: Plot) -> list[float]:
    return [end for axis in plot.box.viewRange() for end in axis]


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
    assert len({curve.label for curve in curves}) == 4
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
    _, _, loss = plot
    loss.canvas.grab()
    word = next(word for word in loss.legend.words if word.text == "training")
    place = loss.canvas.mapFromScene(loss.legend.mapToScene(word.place.center()))
    for kind, held in (("Press", BUTTON.LeftButton), ("Release", BUTTON.NoButton)):
        event = getattr(QEvent.Type, f"MouseButton{kind}")
        send(loss, event, QPointF(place), BUTTON.LeftButton, held)
    lines = next(iter(loss.lines.values()))
    assert not lines.main.isVisible()
    assert not lines.raw.isVisible()


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


# -- runs come and go


def test_without_arguments_the_newest_run_is_shown(opened: Open, qtbot: QtBot) -> None:
    make_run("old", age=60)
    new = make_run("new", age=1)
    window = opened()
    qtbot.waitUntil(lambda: list(window.watch.shown) == [new], timeout=20_000)


def test_the_first_run_appears_in_the_empty_window(opened: Open, qtbot: QtBot) -> None:
    window = opened()
    qtbot.waitUntil(lambda: "No runs yet" in window.board.words.text(), timeout=20_000)
    assert "python main.py train" in window.board.words.text()
    run = make_run()
    log(run, training(range(1, 10)))
    qtbot.waitUntil(lambda: bool(window.board.plots), timeout=20_000)
    assert window.run_list.model().rowCount() == 1
    assert "digits_cnn" in window.windowTitle()


def test_a_new_run_is_listed_and_does_not_push_others_aside(
    plot: tuple[Window, Run, Plot], qtbot: QtBot
) -> None:
    window, run, _ = plot
    make_run("later", age=-5)
    qtbot.waitUntil(lambda: window.run_list.model().rowCount() == 2, timeout=20_000)
    assert list(window.watch.shown) == [run]


def test_clicks_choose_and_tick_runs(opened: Open, qtbot: QtBot) -> None:
    first, second = make_run("a"), make_run("b", age=1)
    window = opened(first)
    qtbot.waitUntil(lambda: window.run_list.model().rowCount() == 2, timeout=20_000)
    view = window.run_list
    place = view.visualRect(view.model().index(1)).center()
    qtbot.mouseClick(view.viewport(), BUTTON.LeftButton, pos=QPoint(15, place.y()))
    assert list(window.watch.shown) == [first, second]
    qtbot.mouseClick(view.viewport(), BUTTON.LeftButton, pos=place)
    assert list(window.watch.shown) == [second]
    qtbot.keyClick(view, Qt.Key.Key_Space)
    assert not window.watch.shown
    assert "tick several" in window.board.words.text()


def test_a_run_that_is_deleted_under_the_window(
    plot: tuple[Window, Run, Plot], qtbot: QtBot
) -> None:
    window, run, loss = plot
    shutil.rmtree(run.path)
    qtbot.waitUntil(lambda: "was deleted" in window.notices.label.text(), timeout=20_000)
    assert points(loss, "training") == 60


def test_an_unreadable_run_and_a_path_that_is_none(opened: Open, qtbot: QtBot) -> None:
    run = make_run()
    run.info_path.write_text("{")
    window = opened(run, Run(Path("/nowhere")))
    assert "There is no run /nowhere" in window.messages.label.text()
    qtbot.waitUntil(lambda: "damaged" in window.notices.label.text(), timeout=20_000)


def test_titles_from_strangers_are_only_text(opened: Open, qtbot: QtBot) -> None:
    run = make_run(title="<img src=x><b>bold", losses=["<b>loss"])
    log(run, [{**row("train", 1, 1), "values": {"<b>loss": 1.0}}])
    window = opened(run)
    qtbot.waitUntil(lambda: bool(window.board.plots), timeout=20_000)
    loss = window.board.plots["<b>loss"]
    loss.readout.point("step", 1, [], QPoint())
    window.grab()
    assert next(iter(loss.lines.values())).curve.run == "<img src=x><b>bold"


# -- saving


def test_a_plot_as_png_svg_and_csv(
    plot: tuple[Window, Run, Plot], tmp_path: Path, qtbot: QtBot
) -> None:
    window, run, loss = plot
    suggested = []

    def ask(parent: object, suggestion: str, form: str) -> str:
        suggested.append(suggestion)
        return str(tmp_path / f"plot.{form.lower()}")

    window._ask = ask
    for form in ("PNG", "SVG", "CSV"):
        window.save_plot("cross_entropy", form)
        assert window.messages.label.text() == f"Saved {tmp_path / f'plot.{form.lower()}'}"
    assert suggested[0] == "digits_cnn-1-cross_entropy.png"
    picture = QImage(str(tmp_path / "plot.png"))
    assert picture.width() > 2 * loss.canvas.width()
    assert len(colours(picture)) > 10
    drawing = QSvgRenderer(QByteArray((tmp_path / "plot.svg").read_bytes()))
    assert drawing.isValid()
    assert "cross_entropy" in (tmp_path / "plot.svg").read_text()
    with (tmp_path / "plot.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert {line["name"] for line in lines} == {"cross_entropy"}
    assert [float(line["value"]) for line in lines if line["split"] == "train"] == list(
        window.watch.shown[run].history.series["cross_entropy", "train"].values
    )


def test_all_plots_at_once(plot: tuple[Window, Run, Plot], tmp_path: Path) -> None:
    window, _, loss = plot
    window._ask = lambda parent, suggestion, form: str(tmp_path / f"all.{form}")
    for form in ("PNG", "SVG", "CSV"):
        window.save_all(form)
    assert QImage(str(tmp_path / "all.PNG"), "PNG").width() > 4 * loss.canvas.width()
    assert QSvgRenderer(str(tmp_path / "all.SVG")).defaultSize() != QSize(0, 0)
    text = (tmp_path / "all.CSV").read_text()
    assert ",accuracy," in text
    assert ",cross_entropy," in text


def test_lines_of_a_zoomed_plot_stay_inside_its_drawing(
    plot: tuple[Window, Run, Plot], tmp_path: Path
) -> None:
    window, _, loss = plot
    loss.box.setRange(xRange=(20, 30), yRange=(10, 11), padding=0)
    window._ask = lambda parent, suggestion, form: str(tmp_path / "zoomed.svg")
    window.save_plot("cross_entropy", "SVG")
    assert "clip-path" in (tmp_path / "zoomed.svg").read_text()


def test_a_place_that_cannot_be_written_is_one_sentence(
    plot: tuple[Window, Run, Plot], tmp_path: Path
) -> None:
    window, _, _ = plot
    window._ask = lambda parent, suggestion, form: str(tmp_path / "no" / "plot.png")
    window.save_plot("cross_entropy", "PNG")
    assert window.messages.isVisible()
    assert "no such file or directory. Choose another place." in window.messages.label.text()
    window._ask = lambda parent, suggestion, form: ""
    window.messages.hide()
    window.save_all("CSV")
    assert not window.messages.isVisible()


def colours(picture: QImage) -> set[int]:
    places = range(0, min(picture.width(), picture.height()), 3)
    return {picture.pixel(x, y) for x in places for y in places}


# -- what is remembered


def test_the_view_and_the_size_are_remembered(opened: Open, qtbot: QtBot, home: Path) -> None:
    window = opened()
    window.controls.log.click()
    window.controls.slider.setValue(40)
    window.resize(760, 500)
    window.close()
    assert (home / "monitor.ini").is_file()
    again = open_window([])
    qtbot.addWidget(again)
    assert again.controls.log.isChecked()
    assert again.controls.value.text() == "0.990"
    assert again.board.view.smoothing == 0.99
    assert again.size() == QSize(760, 500)


def test_spoilt_settings_do_no_harm(home: Path, qtbot: QtBot) -> None:
    home.mkdir()
    lines = ["[view]", "axis=moon", "smoothing=soft", "log=7", "[window]", "geometry=3"]
    (home / "monitor.ini").write_text("\n".join(lines))
    window = open_window([])
    qtbot.addWidget(window)
    assert (window.board.view.axis, window.board.view.smoothing) == ("step", 0.9)


def test_without_a_screen_there_is_a_sentence_and_no_crash(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    assert run([]) == 2
    assert "needs a screen" in capsys.readouterr().err
