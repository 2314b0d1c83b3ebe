"""One plot: everything that was logged under one name."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping

import pyqtgraph
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QToolButton, QVBoxLayout, QWidget

from app.monitor import theme
from app.monitor.data import colours
from app.monitor.data.readout import Curve, read
from app.monitor.data.view_settings import ViewSettings, log_range
from app.monitor.plots.curves import Lines, NumberAxis
from app.monitor.plots.legend import Legend
from app.monitor.plots.value_hint import Hint

AXIS_LABELS = {"step": "step", "epoch": "epoch", "time": "seconds of training"}
FORMATS = ("PNG", "SVG", "CSV")
SMALLEST = 210
MARGIN = 12


class Plot(QWidget):
    """Curves of one name over each other. What a person zoomed stays until they ask to follow."""

    save_asked = Signal(str, str)
    """The name of the plot and the format."""
    zoomed = Signal()
    """The view began or ceased to follow its curves."""

    def __init__(self, name: str) -> None:
        super().__init__(objectName="card")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.name = name
        self.view = ViewSettings()
        self.lines: dict[Hashable, Lines] = {}
        self._build_plot()
        self._build_header()
        self._set_axis_label()

    # -- what is drawn

    def set_curves(self, curves: Mapping[Hashable, Curve]) -> None:
        """Draws these curves and no others. Those that stay as they are are left alone."""
        same = {key for key, lines in self.lines.items() if curves.get(key) == lines.curve}
        if same == set(curves) == set(self.lines):
            return
        hidden = {key for key, lines in self.lines.items() if not lines.visible}
        for key in set(self.lines) - same:
            self.lines.pop(key).remove()
        for key in curves:
            if key not in same:
                self._add(key, curves[key], key not in hidden)
        self.lines = {key: self.lines[key] for key in curves}
        self._fill_legend()

    def refresh(self, keys: Collection[Hashable]) -> None:
        """Draws the curves again whose numbers changed."""
        for key in keys:
            if key in self.lines:
                self.lines[key].draw(self.view)
        self.legend.update()

    def set_view(self, view: ViewSettings) -> None:
        """Looks at the curves in another way. A zoomed range stays where it has a meaning."""
        before, self.view = self.view, view
        if view.axis != before.axis:
            self.box.enableAutoRange(x=True)
            self._set_axis_label()
        if view.log != before.log:
            self._set_log(view.log)
        self.refresh(self.lines)

    def _add(self, key: Hashable, curve: Curve, visible: bool) -> None:
        lines = self.lines[key] = Lines(self.item, curve)
        lines.set_log(self.view.log)
        lines.set_visible(visible)
        lines.draw(self.view)

    def _fill_legend(self) -> None:
        self.legend.set_lines(list(self.lines.values()))

    def _set_axis_label(self) -> None:
        self.item.getAxis("bottom").setLabel(AXIS_LABELS[self.view.axis])

    def _set_log(self, log: bool) -> None:
        """pyqtgraph's own switch would reset the zoom; lines and axis are switched one by one."""
        following = self.box.autoRangeEnabled()[1]
        kept = None if following else log_range(*self.box.viewRange()[1], log)
        for lines in self.lines.values():
            lines.set_log(log)
        self.item.getAxis("left").setLogMode(False, log)
        if kept:
            self.box.setYRange(*kept, padding=0)
        else:
            self.box.enableAutoRange(y=True)

    # -- the zoom

    @property
    def following(self) -> bool:
        """The view shows all of its curves, as they grow."""
        return all(self.box.autoRangeEnabled())

    def follow(self) -> None:
        """Gives up the zoom and shows everything again."""
        self.box.enableAutoRange()
        self.refresh(self.lines)  # the lines were clipped to what was visible, and so their bounds
        self._show_zoom()

    def _show_zoom(self) -> None:
        self.follow_button.setVisible(not self.following)
        self.zoomed.emit()

    # -- the mouse

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """Reads the values under the mouse; a double click follows again."""
        if event.type() == QEvent.Type.MouseMove and isinstance(event, QMouseEvent):
            self._point_at(event.position())
        elif event.type() == QEvent.Type.Leave:
            self.hide_readout()
        elif event.type() == QEvent.Type.MouseButtonDblClick:
            self.follow()
        return False

    def _point_at(self, position: QPointF) -> None:
        place = self.canvas.mapToScene(position.toPoint())
        inside = self.box.sceneBoundingRect().contains(place)
        x = self.box.mapSceneToView(place).x()
        curves = [lines.curve for lines in self.lines.values() if lines.visible]
        found = read(curves, self.view, x) if inside else None
        if found is None:
            return self.hide_readout()
        self.marker.setPos(found[0])
        self.marker.show()
        self.readout.point(self.view.axis, *found, position.toPoint())

    def hide_readout(self) -> None:
        self.marker.hide()
        self.readout.hide()

    # -- building

    def _build_plot(self) -> None:
        axes = {side: NumberAxis(side) for side in ("left", "bottom")}
        self.canvas = pyqtgraph.PlotWidget(axisItems=axes)
        self.item = self.canvas.getPlotItem()
        self.box = self.item.getViewBox()
        self.item.setMenuEnabled(False)
        self.item.hideButtons()
        self.box.setAutoVisible(y=True)
        self.box.sigRangeChangedManually.connect(self._show_zoom)
        self._build_legend()
        self.marker = pyqtgraph.InfiniteLine(angle=90, pen=pyqtgraph.mkPen(colours.MUTED))
        self.item.addItem(self.marker, ignoreBounds=True)
        self.readout = Hint(self.canvas)
        self.hide_readout()
        self.canvas.viewport().installEventFilter(self)
        self.canvas.viewport().setMouseTracking(True)

    def _build_legend(self) -> None:
        """It takes the row in which pyqtgraph has its title, which stands in the header here."""
        self.legend = Legend(self._give_legend_room)
        self.item.layout.removeItem(self.item.titleLabel)
        self.item.titleLabel.hide()
        self.item.layout.addItem(self.legend, 0, 1)

    def _give_legend_room(self, height: float) -> None:
        self.item.layout.setRowFixedHeight(0, height)
        self.setMinimumHeight(SMALLEST + round(height))

    def _build_header(self) -> None:
        self.follow_button = _quiet("Follow", "Show everything again and follow the run")
        self.follow_button.clicked.connect(self.follow)
        self.follow_button.hide()
        save = _quiet("Save", "Save this plot as an image or as a table (CSV)")
        save.setMenu(self._save_menu())
        save.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        header = QHBoxLayout()
        header.setContentsMargins(MARGIN, 6, 4, 2)
        title = QLabel(self.name, textFormat=Qt.TextFormat.PlainText, font=theme.font(14, True))
        header.addWidget(title, 1)
        header.addWidget(self.follow_button)
        header.addWidget(save)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 6, 4)
        layout.setSpacing(2)
        layout.addLayout(header)
        layout.addWidget(self.canvas, 1)

    def _save_menu(self) -> QMenu:
        menu = QMenu(self)
        for form in FORMATS:
            action = menu.addAction(f"{form}…")
            action.triggered.connect(lambda _=False, form=form: self._ask_save(form))
        return menu

    def _ask_save(self, form: str) -> None:
        self.save_asked.emit(self.name, form)


def _quiet(text: str, tip: str) -> QToolButton:
    button = QToolButton(text=text, objectName="quiet", toolTip=tip)
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    return button
