"""Opens the monitor."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from app.monitor import theme
from app.monitor.data.run_watch import Watch
from app.monitor.window.preferences import Preferences
from app.monitor.window.window import Window
from app.runs.records import RunError
from app.runs.run_folder import Run
from app.runs.run_list import find_run, runs_folder


def run(paths: list[Path], folder: Path | None = None) -> int:
    """Shows these runs, or the newest one, until the window is closed. Gives the exit status.

    The folder is the one whose runs are listed; without one, it is the usual runs folder.
    """
    if trouble := _no_screen():
        print(trouble, file=sys.stderr)
        return 2
    app = QApplication.instance() or QApplication(["patchbay-monitor"])
    assert isinstance(app, QApplication)
    theme.apply(app)
    window = open_window(paths, folder)
    signal.signal(signal.SIGINT, lambda *_: window.close())
    window.show()
    QTimer.singleShot(0, window.tick)
    return int(app.exec())


def open_window(paths: list[Path], folder: Path | None = None) -> Window:
    """The window with these runs in it, not yet on the screen."""
    found, troubles = _find(paths, folder)
    window = Window(Watch(folder or runs_folder(), found), Preferences(), newest=not found)
    for each in found:
        window.watch.show(each)
    window.sync()
    if troubles:
        window.messages.error("\n".join(troubles))
    return window


def _find(paths: list[Path], folder: Path | None) -> tuple[list[Run], list[str]]:
    """The runs at these paths, and a sentence for each path that is none."""
    found, troubles = [], []
    for path in paths:
        try:
            found.append(find_run(str(path), folder))
        except RunError as error:
            troubles.append(str(error))
    return found, troubles


def _no_screen() -> str:
    """Qt aborts the process when it finds no screen, so this is asked before."""
    if sys.platform != "linux" or os.environ.get("QT_QPA_PLATFORM"):
        return ""
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return ""
    return "The monitor needs a screen: DISPLAY is not set. Start it from a desktop session."
