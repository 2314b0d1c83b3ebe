"""The page of probes: a card for each probe of each shown run, and a slider back through time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from app.monitor.data.probe_selection import Looks
from app.monitor.data.run_watch import Watch
from app.monitor.probes.probe_card import ProbeCard
from app.runs.run_folder import Run

NARROW = 390
"""Pixels below which cards side by side would be too small to read."""
MOST_COLUMNS = 3
GAP = 8
WAITING = "The probes of this run appear here as soon as they were looked at."


class Asked(NamedTuple):
    """A card that is to be saved, and as what."""

    card: ProbeCard
    form: str


class ProbePage(QWidget):
    """Shows the looks of the shown runs. It asks for nothing while nobody sees it."""

    save_asked = Signal(object)

    def __init__(self) -> None:
        super().__init__(objectName="board")
        self.looks = Looks()
        self.cards: dict[tuple[Run, str], ProbeCard] = {}
        self.timeline = Timeline()
        self.timeline.chosen.connect(self._choose)
        self.words = QLabel(WAITING, objectName="empty", alignment=Qt.AlignmentFlag.AlignCenter)
        self._inside = QWidget(objectName="board")
        self._grid = QGridLayout(self._inside)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(GAP)
        self.area = QScrollArea(widgetResizable=True)
        self.area.setWidget(self._inside)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GAP, 0, 0)
        column.setSpacing(GAP)
        for widget in (self.words, self.area, self.timeline):
            column.addWidget(widget, int(widget is not self.timeline))
        self._show_parts()

    def tick(self, watch: Watch) -> None:
        """Take in what is new of the shown runs and draw it."""
        self.looks.follow(watch.shown)
        if self.looks.poll(watch.shown) or self._is_behind(watch):
            self.sync(watch)

    def _is_behind(self, watch: Watch) -> bool:
        """A run is shown no more, or has another name or colour now."""
        return any(run not in watch.shown for run, _ in self.cards)

    def sync(self, watch: Watch) -> None:
        """Bring the cards and the slider up to date."""
        names = watch.names()
        known = {
            (run, label): probe
            for run in watch.shown
            if run in self.looks.listings
            for label, probe in self.looks.listings[run].probes.items()
        }
        changed = list(known) != list(self.cards)
        for key in set(self.cards) - set(known):
            self.cards.pop(key).deleteLater()
        for key, probe in known.items():
            if key not in self.cards or self.cards[key].probe != probe:
                self._replace(key, ProbeCard(key[1], probe))
        self.cards = {key: self.cards[key] for key in known}
        for (run, _), card in self.cards.items():
            name = names[run] if len(watch.shown) > 1 else ""
            card.set_run(name, watch.shown[run].colour)
            card.show_look(self.looks.shown.get(run))
        if changed:
            self._arrange()
        self._show_time()
        self._show_parts()

    def _replace(self, key: tuple[Run, str], card: ProbeCard) -> None:
        if key in self.cards:
            self.cards[key].deleteLater()
        card.save_asked.connect(lambda form, card=card: self.save_asked.emit(Asked(card, form)))
        self.cards[key] = card

    def _show_time(self) -> None:
        steps = self.looks.steps
        per_epoch = {listing.steps_per_epoch for listing in self.looks.listings.values()}
        self.timeline.set_steps(steps, self.looks.chosen, per_epoch)

    def _show_parts(self) -> None:
        troubles = [listing.trouble for listing in self.looks.listings.values()]
        self.words.setText("\n".join(filter(None, troubles)) or WAITING)
        self.words.setVisible(not self.cards)
        self.area.setVisible(bool(self.cards))

    def _choose(self, step: int | None) -> None:
        self.looks.chosen = step

    def close_looks(self) -> None:
        """Ask for nothing more."""
        self.looks.close()

    # -- places

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._columns() != self._grid.property("columns"):
            self._arrange()

    def _columns(self) -> int:
        room = max(1, (self.width() + GAP) // (NARROW + GAP))
        return int(min(room, MOST_COLUMNS, max(1, len(self.cards))))

    def _arrange(self) -> None:
        columns = self._columns()
        self._grid.setProperty("columns", columns)
        for column in range(MOST_COLUMNS):
            self._grid.setColumnStretch(column, int(column < columns))
        for place, card in enumerate(self.cards.values()):
            self._grid.addWidget(card, place // columns, place % columns)


class Timeline(QWidget):
    """A slider over the steps at which there is something to see; at its end it follows the run."""

    chosen = Signal(object)
    """The step to show, or None: the newest, as it comes."""

    def __init__(self) -> None:
        super().__init__(objectName="card")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.steps: list[int] = []
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setToolTip("Slide back through the training. At the right end it follows.")
        self.slider.valueChanged.connect(self._tell)
        self.place = QLabel()
        self.place.setMinimumWidth(self.place.fontMetrics().horizontalAdvance("m" * 16))
        self.newest = QPushButton("Newest", toolTip="Show the newest look, and follow the run")
        self.newest.clicked.connect(lambda: self.slider.setValue(self.slider.maximum()))
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 8, 6)
        row.setSpacing(12)
        row.addWidget(self.place)
        row.addWidget(self.slider, 1)
        row.addWidget(self.newest)
        self.hide()

    def set_steps(
        self, steps: Sequence[int], chosen: int | None, per_epoch: set[int | None]
    ) -> None:
        """These steps may be chosen. The slider stays at the step that was, or at the end."""
        self.steps = list(steps)
        self._per_epoch = per_epoch.pop() if len(per_epoch) == 1 else None
        later = [place for place, step in enumerate(self.steps) if step <= (chosen or 0)]
        place = len(self.steps) - 1 if chosen is None else (later[-1] if later else 0)
        self.slider.blockSignals(True)
        self.slider.setMaximum(max(0, len(self.steps) - 1))
        self.slider.setValue(place)
        self.slider.blockSignals(False)
        self.setVisible(len(self.steps) > 1)
        self._say()

    def _tell(self) -> None:
        at_end = self.slider.value() == self.slider.maximum()
        self.chosen.emit(None if at_end else self.steps[self.slider.value()])
        self._say()

    def _say(self) -> None:
        if not self.steps:
            return
        step = self.steps[self.slider.value()]
        epoch = f" · epoch {step / self._per_epoch:.3g}" if self._per_epoch else ""
        self.place.setText(f"step {step:,}{epoch}")
        self.newest.setEnabled(self.slider.value() != self.slider.maximum())
