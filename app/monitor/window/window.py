"""The monitor's window: runs on the left, plots in the middle, differences below."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QLabel,
    QMainWindow,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.monitor.data.run_watch import Watch
from app.monitor.data.table_files import SaveError, save, table, table_rows
from app.monitor.data.view_settings import ViewSettings
from app.monitor.plots.plot_board import PlotBoard
from app.monitor.plots.plot_files import png, svg
from app.monitor.probes.probe_page import Asked, ProbePage
from app.monitor.window.controls import Controls
from app.monitor.window.difference_table import DifferenceTable
from app.monitor.window.messages import Messages, Notices
from app.monitor.window.preferences import Preferences
from app.monitor.window.run_list import RunList
from app.runs.run_folder import Run
from app.runs.series import Key

POLL = 100
"""Milliseconds between two looks at the shown runs."""
SIZE = (1280, 800)
SMALLEST = (720, 420)
SIDE = 280
GAP = 8
HELP = "Click a run to see it alone.\nTick several to lay them over each other."

AskPath = Callable[[QWidget, str, str], str]
"""Asks for a file: (parent, suggested name, filter) gives a path, or "" when nothing was chosen."""


def ask_path(parent: QWidget, suggestion: str, form: str) -> str:
    """The system's own dialog."""
    return QFileDialog.getSaveFileName(parent, f"Save as {form}", suggestion, _filter(form))[0]


def _filter(form: str) -> str:
    return f"{form} (*.{form.lower()})"


class Window(QMainWindow):
    """Shows a watch. It looks for news ten times a second, and not at all while nobody sees it."""

    def __init__(
        self, watch: Watch, preferences: Preferences, ask: AskPath = ask_path, newest: bool = False
    ) -> None:
        super().__init__()
        self.watch = watch
        self.preferences = preferences
        self._ask = ask
        self._awaits_newest = newest
        self._page = 0
        self._keys: set[tuple[Run, Key]] = set()
        self._make_parts()
        self._lay_out()
        self._connect()
        self._restore()
        self.timer = QTimer(self, interval=POLL)
        self.timer.timeout.connect(self.tick)

    # -- news

    def tick(self) -> None:
        """Takes in what is new and draws it, unless nobody would see it."""
        if self.isMinimized() or not self.isVisible():
            return
        news = self.watch.poll()
        if self._awaits_newest and self.watch.runs:
            self._awaits_newest = False
            if not self.watch.shown:
                return self.choose(next(iter(self.watch.runs)))
        if news.runs or self._has_new_curves():
            self.sync()
        self.board.refresh(news.curves)
        if self.probes.isVisible():
            self.probes.tick(self.watch)
        self.notices.set_texts(self.watch.notices())

    def sync(self) -> None:
        """Brings every part up to date with which runs there are and which are shown."""
        self.run_list.sync(self.watch)
        self.board.sync(self.watch)
        self.differences.sync(self.watch)
        self.notices.set_texts(self.watch.notices())
        self.controls.set_savable(bool(self.board.plots))
        self._offer_probes()
        self.setWindowTitle(_title(self.watch))

    def choose(self, run: Run) -> None:
        """Shows one run and no other."""
        self.watch.show_only(run)
        self.sync()

    def toggle(self, run: Run) -> None:
        """Shows a run too, or hides it."""
        if run in self.watch.shown:
            self.watch.hide(run)
        else:
            self.watch.show(run)
        self.sync()

    def _has_new_curves(self) -> bool:
        """A curve was logged for the first time."""
        keys = {(run, key) for run, s in self.watch.shown.items() for key in s.follower.series}
        before, self._keys = self._keys, keys
        return keys != before

    def _offer_probes(self) -> None:
        """The page of probes can be seen while a shown run has some, and comes back with them."""
        runs, wanted = self.watch.runs, self._page
        there = any(runs[run].has_probes for run in self.watch.shown if run in runs)
        self.pages.setTabVisible(1, there)
        self.pages.tabBar().setVisible(there)
        self.pages.setCurrentIndex(wanted if there else 0)
        self._page = wanted

    def _turn_to(self, page: int) -> None:
        """Says that a page is shown; the controls are those of the curves."""
        self._page = page
        self.controls.setEnabled(page == 0)

    # -- looking

    def set_view(self, view: ViewSettings) -> None:
        self.board.set_view(view)
        self.preferences.set_view(view)

    def _show_following(self) -> None:
        self.controls.set_following(self.board.following)

    # -- saving

    def save_plot(self, name: str, form: str) -> None:
        self._save([name], form)

    def save_all(self, form: str) -> None:
        self._save(list(self.board.plots), form)

    def save_probe(self, asked: Asked) -> None:
        name = _file_name(self.watch, [asked.card.label], asked.form)
        self._write(name, asked.form, lambda: asked.card.view.content(asked.form))

    def _save(self, names: list[str], form: str) -> None:
        name = _file_name(self.watch, names, form)
        self._write(name, form, lambda: self._content(names, form))

    def _write(self, name: str, form: str, content: Callable[[], bytes]) -> None:
        path = self._ask(self, name, form)
        if not path:
            return
        try:
            save(content(), Path(path))
        except SaveError as error:
            self.messages.error(str(error))
        else:
            self.messages.good(f"Saved {path}")

    def _content(self, names: list[str], form: str) -> bytes:
        if form == "CSV":
            return table(table_rows([s.follower for s in self.watch.shown.values()], names))
        plots = [self.board.plots[name] for name in names]
        return png(plots) if form == "PNG" else svg(plots)

    # -- building

    def _make_parts(self) -> None:
        view = self.preferences.view()
        self.controls = Controls(view)
        self.run_list = RunList()
        self.board = PlotBoard()
        self.board.set_view(view)
        self.probes = ProbePage()
        self.pages = QTabWidget(documentMode=True)
        self.pages.tabBar().setDrawBase(False)
        self.pages.addTab(self.board, "Curves")
        self.pages.addTab(self.probes, "Probes")
        self.notices = Notices()
        self.differences = DifferenceTable()
        self.messages = Messages()

    def _lay_out(self) -> None:
        self.middle = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        self.middle.addWidget(self.pages)
        self.middle.addWidget(self.differences)
        self.middle.setSizes([600, 170])
        self.middle.setStretchFactor(0, 1)
        self.halves = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        self.halves.addWidget(self._side())
        self.halves.addWidget(_column([self.notices, self.middle, self.messages], GAP))
        self.halves.setSizes([SIDE, SIZE[0] - SIDE])
        self.halves.setStretchFactor(1, 1)
        for splitter in (self.middle, self.halves):
            splitter.setHandleWidth(GAP)
        self.setCentralWidget(_column([self.controls, self.halves], 0))
        self.setMinimumSize(*SMALLEST)

    def _side(self) -> QWidget:
        heading = QLabel("Runs", objectName="heading")
        heading.setContentsMargins(12, 10, 12, 6)
        helping = QLabel(HELP, objectName="muted", wordWrap=True)
        helping.setContentsMargins(12, 8, 12, 10)
        side = _column([heading, self.run_list, helping], 0)
        side.setObjectName("panel")
        side.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        side.setMinimumWidth(200)
        return side

    def _connect(self) -> None:
        self.run_list.chosen.connect(self.choose)
        self.run_list.toggled.connect(self.toggle)
        self.controls.changed.connect(self.set_view)
        self.controls.follow_asked.connect(self.board.follow)
        self.controls.save_asked.connect(self.save_all)
        self.board.save_asked.connect(self.save_plot)
        self.board.zoomed.connect(self._show_following)
        self.probes.save_asked.connect(self.save_probe)
        self.pages.currentChanged.connect(self._turn_to)

    # -- coming and going

    def _restore(self) -> None:
        if not self.restoreGeometry(self.preferences.bytes("geometry")):
            self.resize(QSize(*SIZE).boundedTo(self.screen().availableSize()))
        self.halves.restoreState(self.preferences.bytes("halves"))
        self.middle.restoreState(self.preferences.bytes("middle"))
        self.sync()
        self._show_following()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.timer.stop()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.timer.stop()
        self.preferences.set_bytes("geometry", self.saveGeometry())
        self.preferences.set_bytes("halves", self.halves.saveState())
        self.preferences.set_bytes("middle", self.middle.saveState())
        self.preferences.write()
        self.watch.close()
        self.probes.close_looks()
        super().closeEvent(event)


def _column(widgets: list[QWidget], margin: int) -> QWidget:
    """Widgets below each other; the largest takes the room."""
    column = QWidget()
    layout = QVBoxLayout(column)
    layout.setContentsMargins(0, margin, margin, margin)
    layout.setSpacing(margin)
    for widget in widgets:
        layout.addWidget(widget, int(isinstance(widget, QSplitter | RunList)))
    return column


def _title(watch: Watch) -> str:
    """What the task bar says."""
    names = list(watch.names().values())
    shown = names[0] if len(names) == 1 else f"{len(names)} runs" if names else ""
    return f"{shown} – Patchbay monitor" if shown else "Patchbay monitor"


def _file_name(watch: Watch, names: list[str], form: str) -> str:
    """A name to begin with, made of the run and the plot, without what a file name cannot hold."""
    run = next(iter(watch.shown)).name if len(watch.shown) == 1 else "runs"
    stem = f"{run}-{names[0]}" if len(names) == 1 else run
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in stem) + f".{form.lower()}"
