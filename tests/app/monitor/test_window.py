"""The window off screen: runs that come and go, files that are saved, what is remembered."""

import csv
import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QPoint, QSize, Qt
from PySide6.QtGui import QImage
from PySide6.QtSvg import QSvgRenderer
from pytestqt.qtbot import QtBot

from app.monitor.plots.plot import Plot
from app.monitor.window.main import open_window, run
from app.monitor.window.window import Window
from app.runs.run_folder import Run
from tests.app.monitor_runs import log, make_run, row, training
from tests.app.monitor_windows import (  # noqa: F401 - fixtures
    BUTTON,
    Open,
    opened_fixture,
    plot_fixture,
    points,
)

# -- runs come and go


def test_without_arguments_the_newest_run_is_shown(opened: Open, qtbot: QtBot) -> None:
    make_run("old", age=60)
    new = make_run("new", age=1)
    window = opened()
    qtbot.waitUntil(lambda: list(window.watch.shown) == [new], timeout=20_000)


def test_runs_of_another_folder(home: Path, tmp_path: Path, qtbot: QtBot) -> None:
    run = make_run("a", folder=tmp_path / "a")
    window = open_window([], tmp_path)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: list(window.watch.shown) == [run], timeout=20_000)


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
    text = (tmp_path / "plot.svg").read_text()
    assert "cross_entropy" in text
    assert "Patchbay" not in text  # a font that others do not have
    with (tmp_path / "plot.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert {line["name"] for line in lines} == {"cross_entropy"}
    assert [float(line["value"]) for line in lines if line["split"] == "train"] == list(
        window.watch.shown[run].follower.series["cross_entropy", "train"].values
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
