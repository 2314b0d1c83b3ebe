"""What the monitor remembers from one time to the next: its size, and how plots are looked at."""

from __future__ import annotations

import math
from pathlib import Path
from typing import cast, get_args

from PySide6.QtCore import QByteArray, QSettings

from app.monitor.data.view_settings import ViewSettings
from app.runs.series import Axis
from graphs.system.user_dirs import home

FILE = "monitor.ini"


class Preferences:
    """An ini file in Patchbay's own folder. What it holds may be missing or spoilt."""

    def __init__(self, folder: Path | None = None) -> None:
        path = (folder or home()) / FILE
        self._settings = QSettings(str(path), QSettings.Format.IniFormat)

    def view(self) -> ViewSettings:
        axis = str(self._settings.value("view/axis", "step"))
        smoothing = _number(self._settings.value("view/smoothing", ViewSettings.smoothing))
        return ViewSettings(
            axis=cast(Axis, axis) if axis in get_args(Axis) else "step",
            log=str(self._settings.value("view/log", "false")) == "true",
            smoothing=smoothing if 0 <= smoothing < 1 else ViewSettings.smoothing,
        )

    def set_view(self, view: ViewSettings) -> None:
        self._settings.setValue("view/axis", view.axis)
        self._settings.setValue("view/log", "true" if view.log else "false")
        self._settings.setValue("view/smoothing", view.smoothing)

    def bytes(self, name: str) -> QByteArray:
        """A state that a Qt widget wrote; empty when there is none."""
        value = self._settings.value(f"window/{name}")
        return value if isinstance(value, QByteArray) else QByteArray()

    def set_bytes(self, name: str, value: QByteArray) -> None:
        self._settings.setValue(f"window/{name}", value)

    def write(self) -> None:
        self._settings.sync()


def _number(value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        return math.nan
