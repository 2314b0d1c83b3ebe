"""A card with one probe of one run: its name, what it shows, and how to save it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QToolButton, QVBoxLayout, QWidget

from app.monitor import theme
from app.monitor.probes.matrix_view import MatrixView
from app.monitor.probes.probe_views import (
    CurvesView,
    HistogramView,
    ImagesView,
    ProbeView,
    ScatterView,
    SoundView,
    TableView,
    TextView,
)
from app.runs.probe_snapshots import Look
from app.runs.records import Probe

VIEWS: dict[str, type[ProbeView]] = {
    "images": ImagesView,
    "curves": CurvesView,
    "histogram": HistogramView,
    "scatter": ScatterView,
    "matrix": MatrixView,
    "sound": SoundView,
    "text": TextView,
    "table": TableView,
}
"""How each picture of a probe is drawn."""


class ProbeCard(QWidget):
    """Draws the looks of a probe, or says in a sentence why there is none."""

    save_asked = Signal(str)
    """The form in which it is to be saved."""

    def __init__(self, label: str, probe: Probe) -> None:
        super().__init__(objectName="card")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.label = label
        self.probe = probe
        self.look: Look | None = None
        self.view = VIEWS[probe.picture]() if probe.picture in VIEWS else ProbeView()
        self.words = QLabel(objectName="muted", wordWrap=True)
        self.words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 6, 6)
        layout.setSpacing(2)
        layout.addLayout(self._header())
        layout.addWidget(self.view, 1)
        layout.addWidget(self.words, 1)
        self._say("Not looked at yet.")

    def set_run(self, name: str, colour: str) -> None:
        """Say whose probe it is, where several runs are shown."""
        self.run_name.setText(name)
        self.run_name.setStyleSheet(f"color: {colour};")

    def show_look(self, look: Look | None) -> None:
        """Draw what the probe showed, unless that is drawn already."""
        if look is None or look is self.look:
            return
        self.look = look
        if look.trouble or self.label not in look.probes:
            return self._say(look.trouble or "Not looked at at this step.")
        if self.probe.picture not in VIEWS:
            return self._say(f"This version of Patchbay draws no {self.probe.picture}.")
        try:
            self.view.show_parts(look.probes[self.label], self.probe.options)
        except (KeyError, ValueError, TypeError, IndexError, OverflowError) as error:
            self._say(f"What was kept cannot be drawn: {error}.")
        else:
            self._say("")

    def _say(self, text: str) -> None:
        self.words.setText(text)
        self.words.setVisible(bool(text))
        self.view.setVisible(not text)
        self.save.setEnabled(not text)

    def _header(self) -> QHBoxLayout:
        title = QLabel(self.label, textFormat=Qt.TextFormat.PlainText, font=theme.font(14, True))
        self.run_name = QLabel(textFormat=Qt.TextFormat.PlainText)
        self.save = QToolButton(text="Save", objectName="quiet", toolTip="Save what is shown")
        self.save.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.save.setCursor(Qt.CursorShape.PointingHandCursor)
        menu = QMenu(self)
        for form in self.view.forms:
            action = menu.addAction(f"{form}…")
            action.triggered.connect(lambda _=False, form=form: self.save_asked.emit(form))
        self.save.setMenu(menu)
        header = QHBoxLayout()
        header.setContentsMargins(12, 6, 4, 2)
        header.setSpacing(10)
        header.addWidget(title)
        header.addWidget(self.run_name, 1)
        header.addWidget(self.save)
        return header
