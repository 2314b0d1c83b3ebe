"""The strip above the plots: what the x axis counts, log scale, smoothing, follow, save."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSlider,
    QWidget,
)

from app.monitor.data.view_settings import MOST_SMOOTHING, ViewSettings, position_of, smoothing_at
from app.monitor.plots.plot import FORMATS

AXES = {
    "step": ("Step", "Count updates of the weights"),
    "epoch": ("Epoch", "Count passes over the training data"),
    "time": ("Time", "Count seconds of training"),
}
SLIDER_WIDTH = 110


class Controls(QWidget):
    """Says how the plots are looked at."""

    changed = Signal(ViewSettings)
    follow_asked = Signal()
    save_asked = Signal(str)

    def __init__(self, view: ViewSettings) -> None:
        super().__init__(objectName="controls")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._make_axes(view)
        self._make_log(view)
        self._make_smoothing(view)
        self._make_actions()
        self._lay_out()

    @property
    def view(self) -> ViewSettings:
        """What is chosen."""
        axis = self.axes.checkedButton().property("axis")
        return ViewSettings(axis, self.log.isChecked(), smoothing_at(self.slider.value()))

    def set_following(self, following: bool) -> None:
        """Follow can be pressed only while some plot is zoomed."""
        self.follow.setEnabled(not following)

    def set_savable(self, savable: bool) -> None:
        self.save.setEnabled(savable)

    def _make_axes(self, view: ViewSettings) -> None:
        self.axes = QButtonGroup(self)
        for axis, (text, tip) in AXES.items():
            button = QPushButton(text, checkable=True, checked=axis == view.axis, toolTip=tip)
            button.setProperty("axis", axis)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self.axes.addButton(button)
        self.axes.buttonToggled.connect(lambda _, on: on and self._tell())

    def _make_log(self, view: ViewSettings) -> None:
        self.log = QPushButton("Log y", checkable=True, checked=view.log)
        self.log.setToolTip("Logarithmic y axis; values of zero and below are gaps")
        self.log.toggled.connect(self._tell)

    def _make_smoothing(self, view: ViewSettings) -> None:
        self.slider = QSlider(Qt.Orientation.Horizontal, maximum=MOST_SMOOTHING)
        self.slider.setValue(position_of(view.smoothing))
        self.slider.setFixedWidth(SLIDER_WIDTH)
        self.slider.setToolTip(
            "Weight of the moving average over the training steps.\n"
            "0 shows the steps as they are; 0.9 averages about 10 steps, 0.99 about 100."
        )
        self.value = QLabel()
        self.value.setFixedWidth(self.value.fontMetrics().horizontalAdvance("0.0000"))
        self.slider.valueChanged.connect(self._tell)
        self._show_smoothing()

    def _make_actions(self) -> None:
        self.follow = QPushButton("Follow", toolTip="Show everything again in all plots")
        self.follow.clicked.connect(self.follow_asked)
        self.save = QPushButton(
            "Save all", toolTip="Save all plots as an image or as a table (CSV)"
        )
        menu = QMenu(self)
        for form in FORMATS:
            action = menu.addAction(f"{form}…")
            action.triggered.connect(lambda _=False, form=form: self.save_asked.emit(form))
        self.save.setMenu(menu)
        for button in (self.log, self.follow, self.save):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 12, 8)
        row.setSpacing(4)
        row.addWidget(QLabel("X axis", objectName="heading"))
        row.addSpacing(4)
        for button in self.axes.buttons():
            row.addWidget(button)
        row.addSpacing(14)
        row.addWidget(self.log)
        row.addSpacing(14)
        row.addWidget(QLabel("Smoothing", objectName="heading"))
        row.addSpacing(4)
        row.addWidget(self.slider)
        row.addSpacing(4)
        row.addWidget(self.value)
        row.addStretch(1)
        row.addWidget(self.follow)
        row.addWidget(self.save)

    def _tell(self) -> None:
        self._show_smoothing()
        self.changed.emit(self.view)

    def _show_smoothing(self) -> None:
        self.value.setText(f"{self.view.smoothing:.3f}")
