"""The monitor's window off screen, its plots, and a mouse for them, for tests."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.monitor import theme
from app.monitor.plots.plot import Plot
from app.monitor.window.main import open_window
from app.monitor.window.window import Window
from app.runs.run_folder import Run
from tests.app.monitor_runs import log, make_run, training

BUTTON = Qt.MouseButton
NONE = Qt.KeyboardModifier.NoModifier

Open = Callable[..., Window]


@pytest.fixture(name="opened")
def opened_fixture(qtbot: QtBot, home: Path) -> Iterator[Open]:
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
        window.deleteLater()  # what is left would be styled again in each test that follows
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture(name="plot")
def plot_fixture(opened: Open, qtbot: QtBot) -> tuple[Window, Run, Plot]:
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
