"""The plots of all shown runs, side by side where there is room, or words where there are none."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QScrollArea, QStackedWidget, QWidget

from app.monitor.data.plot_series import PlotSeries
from app.monitor.data.readout import Curve
from app.monitor.data.run_watch import ShownRun, Watch
from app.monitor.data.view_settings import ViewSettings
from app.monitor.plots.plot import Plot
from app.runs.run_folder import Run
from app.runs.series import Key

Curves = dict[tuple[Run, Key], Curve]
SPLITS = {"train": "training", "validation": "validation"}
"""The splits that are drawn, and their words. `train_epoch`, an epoch's mean, is only exported."""
NARROW = 430
"""Pixels below which two plots side by side would be too small to read."""
GAP = 8

NO_RUNS = (
    "No runs yet.\n\nPress Train in the editor or run:\npython main.py train DOCUMENT\n\n"
    "A run appears here as soon as it starts."
)
NONE_SHOWN = "Nothing is shown.\n\nClick a run on the left, or tick several to compare them."
NOTHING_LOGGED = "Nothing was logged yet.\n\nLosses and metrics appear here as soon as they come."
READING = "Reading what was logged …"
LOOKING = "Looking for runs …"


class PlotBoard(QStackedWidget):
    """Keeps one plot per logged name. Plots come and go with the names, never with the numbers."""

    save_asked = Signal(str, str)
    zoomed = Signal()

    def __init__(self) -> None:
        super().__init__(objectName="board")
        self.plots: dict[str, Plot] = {}
        self.view = ViewSettings()
        self.words = QLabel(LOOKING, objectName="empty", alignment=Qt.AlignmentFlag.AlignCenter)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.words.setWordWrap(True)
        self._grid_widget = QWidget(objectName="board")
        self._grid = QGridLayout(self._grid_widget)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(GAP)
        area = QScrollArea(widgetResizable=True)
        area.setWidget(self._grid_widget)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.addWidget(self.words)
        self.addWidget(area)

    def sync(self, watch: Watch) -> None:
        """Makes the plots and their curves those of the shown runs."""
        labels = watch.names()
        curves: dict[str, Curves] = {}
        for run, shown in watch.shown.items():
            for name in _names(watch, run):
                curves.setdefault(name, {}).update(_curves(run, name, labels[run], shown))
        self._keep({name: found for name, found in curves.items() if found})
        self._show_words(watch)

    def refresh(self, changed: Mapping[Run, set[Key]]) -> None:
        """Draws again the curves whose numbers changed."""
        keys = [(run, key) for run, found in changed.items() for key in found]
        for plot in self.plots.values():
            plot.refresh([key for key in keys if key[1].name == plot.name])

    def set_view(self, view: ViewSettings) -> None:
        self.view = view
        for plot in self.plots.values():
            plot.set_view(view)

    @property
    def following(self) -> bool:
        """Every plot shows all of its curves."""
        return all(plot.following for plot in self.plots.values())

    def follow(self) -> None:
        for plot in self.plots.values():
            plot.follow()

    def _keep(self, curves: Mapping[str, Curves]) -> None:
        changed = list(curves) != list(self.plots)
        for name in set(self.plots) - set(curves):
            self.plots.pop(name).deleteLater()
        for name in curves:
            if name not in self.plots:
                self.plots[name] = self._new_plot(name)
            self.plots[name].set_curves(curves[name])
        self.plots = {name: self.plots[name] for name in curves}
        if changed:
            self._arrange()
            self.zoomed.emit()

    def _new_plot(self, name: str) -> Plot:
        plot = Plot(name)
        plot.set_view(self.view)
        plot.save_asked.connect(self.save_asked)
        plot.zoomed.connect(self.zoomed)
        return plot

    def _show_words(self, watch: Watch) -> None:
        self.setCurrentIndex(1 if self.plots else 0)
        self.words.setText(_words(watch))

    # -- places

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._columns() != self._grid.property("columns"):
            self._arrange()

    def _columns(self) -> int:
        room = max(1, (self.width() + GAP) // (NARROW + GAP))
        return int(min(room, 2, max(1, len(self.plots))))

    def _arrange(self) -> None:
        columns = self._columns()
        self._grid.setProperty("columns", columns)
        for index, plot in enumerate(self.plots.values()):
            last_alone = index == len(self.plots) - 1 and index % columns == 0
            width = columns if last_alone else 1
            self._grid.addWidget(plot, index // columns, index % columns, 1, width)


def _words(watch: Watch) -> str:
    """What stands there while there is no plot."""
    if watch.shown:
        return NOTHING_LOGGED if all(s.was_read for s in watch.shown.values()) else READING
    if not watch.scanned:
        return LOOKING
    return NONE_SHOWN if watch.runs else NO_RUNS


def _names(watch: Watch, run: Run) -> list[str]:
    """The logged names of a run: losses and metrics in their own order, then what else came."""
    logged = dict.fromkeys(key.name for key in watch.shown[run].follower.series)
    known = watch.runs[run].better if run in watch.runs else {}
    return [*(name for name in known if name in logged), *(n for n in logged if n not in known)]


def _curves(run: Run, name: str, label: str, shown: ShownRun) -> Curves:
    """The curves of one run under one name."""
    series = shown.follower.series
    keys = [key for split in SPLITS if (key := Key(name, split)) in series]
    return {(run, key): _curve(key, label, shown.colour, series[key]) for key in keys}


def _curve(key: Key, label: str, colour: str, series: PlotSeries) -> Curve:
    return Curve(label, SPLITS[key.split], colour, series, key.split == "train")
