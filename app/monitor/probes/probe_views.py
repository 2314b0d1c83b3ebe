"""How each probe is drawn: pictures, lines, dots, words. A view keeps what a person zoomed."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import pyqtgraph
from PySide6.QtCore import QBuffer, QEvent, QIODevice, QRectF, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import (
    QHeaderView,
    QLabel,
    QPlainTextEdit,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.monitor.data import colours, probe_values
from app.monitor.data.readout import number
from app.monitor.plots.curves import NumberAxis
from app.runs.probe_snapshots import Options, Parts, Pixels, image_grid

Rows = tuple[Sequence[str], Sequence[Sequence[object]]]
"""A table: its headings, and its rows."""
SMALLEST_PICTURE = 512
"""Pixels of the longer side of a saved grid of images, at least."""
DOT = 6
MOST_MARKED = 40
"""Points of a line up to which each has a dot: where few are known, one sees which."""
FREE = (QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
"""As large as there is room: a plot wants 640 x 480 otherwise."""


class ProbeView(QWidget):
    """Draws what one probe showed. `show_parts` raises what `showing` raises."""

    forms: tuple[str, ...] = ("PNG", "CSV")
    """What it can be saved as."""
    height = 250

    def __init__(self) -> None:
        super().__init__()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(2)
        self.setMinimumHeight(self.height)

    def show_parts(self, parts: Parts, options: Options) -> None:
        """Draw these numbers in the place of those before."""
        raise NotImplementedError

    def rows(self) -> Rows:
        """What is drawn, as a table."""
        raise NotImplementedError

    def content(self, form: str) -> bytes:
        """What is drawn, as a file of a form."""
        return probe_values.as_csv(*self.rows()) if form == "CSV" else png(self.grab().toImage())

    def follow(self) -> None:
        """Show everything again."""


def png(image: QImage) -> bytes:
    """An image as a PNG file."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(buffer.data().data())


class PlotView(ProbeView):
    """A view with axes, or a picture, that can be zoomed; a double click shows everything again."""

    def __init__(self, axes: bool = True) -> None:
        super().__init__()
        self.canvas = pyqtgraph.PlotWidget(
            axisItems={side: NumberAxis(side) for side in ("left", "bottom")}
        )
        self.item = self.canvas.getPlotItem()
        self.item.setMenuEnabled(False)
        self.item.hideButtons()
        self.box = self.item.getViewBox()
        for side in ("left", "bottom"):
            self.item.showAxis(side, axes)
        self.canvas.setSizePolicy(*FREE)
        self.canvas.viewport().installEventFilter(self)
        self.words = QLabel(textFormat=Qt.TextFormat.RichText, wordWrap=True)
        self.words.setContentsMargins(12, 0, 8, 0)
        self.words.hide()
        self.column.addWidget(self.words)
        self.column.addWidget(self.canvas, 1)

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonDblClick:
            self.follow()
        return False

    def follow(self) -> None:
        self.box.enableAutoRange()

    def say(self, words: Sequence[tuple[str, str]]) -> None:
        """The legend: (colour, sign and name) each, in plain text."""
        parts = [f'<span style="color:{c}">{html.escape(text)}</span>' for c, text in words]
        self.words.setText("&nbsp;&nbsp; ".join(parts))
        self.words.setVisible(bool(parts))


class ImagesView(PlotView):
    """A grid of images, each pixel as it is."""

    forms = ("PNG",)

    def __init__(self) -> None:
        super().__init__(axes=False)
        self.box.setAspectLocked(True)
        self.box.invertY(True)
        self.image = pyqtgraph.ImageItem(axisOrder="row-major")
        self.item.addItem(self.image)
        self.pixels: Pixels = np.zeros((1, 1, 3), dtype=np.uint8)

    def show_parts(self, parts: Parts, options: Options) -> None:
        self.pixels = image_grid(parts, options)
        self.image.setImage(self.pixels, autoLevels=False, levels=(0, 255))

    def content(self, form: str) -> bytes:
        """The pixels themselves, each so large that the picture is not tiny."""
        factor = max(1, -(-SMALLEST_PICTURE // max(self.pixels.shape[:2])))
        return png(image_of(self.pixels.repeat(factor, 0).repeat(factor, 1)))


def image_of(pixels: Pixels) -> QImage:
    """A Qt image with a copy of these pixels."""
    height, width, _ = pixels.shape
    data = np.ascontiguousarray(pixels)
    return QImage(data.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()


class CurvesView(PlotView):
    """A line for each sample; its target dashed in the same colour."""

    def show_parts(self, parts: Parts, options: Options) -> None:
        self.lines = probe_values.lines(parts)
        self.item.clear()
        for line in self.lines:
            style = Qt.PenStyle.DashLine if line.dashed else Qt.PenStyle.SolidLine
            colour = colour_of(line.sample, 8)
            pen = pyqtgraph.mkPen(colour, width=1, style=style)
            item = pyqtgraph.PlotDataItem(line.x, line.y, pen=pen, connect="finite")
            if len(line.x) <= MOST_MARKED and not line.dashed:
                item.setSymbol("o")
                item.setSymbolSize(DOT - 1)
                item.setSymbolBrush(colour)
                item.setSymbolPen(None)
            self.item.addItem(item)
        dashed = any(line.dashed for line in self.lines)
        self.say([(colours.MUTED, "—  y"), (colours.MUTED, "- -  target")] if dashed else [])

    def rows(self) -> Rows:
        rows = [
            (line.sample, "target" if line.dashed else "y", x, y)
            for line in self.lines
            for x, y in zip(line.x.tolist(), line.y.tolist(), strict=True)
        ]
        return ("sample", "line", "x", "value"), rows


def colour_of(place: int, count: int) -> str:
    """A colour for one of so many classes: those of the runs, or as many hues as it takes."""
    if count <= len(colours.RUNS):
        return colours.RUNS[place % len(colours.RUNS)]
    return str(QColor.fromHsv(360 * (place % count) // count, 170, 235).name())


class HistogramView(PlotView):
    """How many values lie in each step."""

    def __init__(self) -> None:
        super().__init__()
        self.curve = pyqtgraph.PlotDataItem(
            pen=pyqtgraph.mkPen(colours.ACCENT), fillLevel=0, brush=QColor(90, 169, 230, 90)
        )
        self.item.addItem(self.curve)

    def show_parts(self, parts: Parts, options: Options) -> None:
        self.counts, self.edges = probe_values.bars(parts)
        self.curve.setData(self.edges, self.counts, stepMode="center")
        total = f"{int(self.counts.sum()):,} values"
        ends = f"{number(self.edges[0])} to {number(self.edges[-1])}"
        self.say([(colours.MUTED, f"{total}, {ends}")])

    def rows(self) -> Rows:
        table = zip(self.edges[:-1].tolist(), self.edges[1:].tolist(), self.counts, strict=True)
        return ("from", "to", "count"), [(low, high, int(count)) for low, high, count in table]


class ScatterView(PlotView):
    """A dot for each sample, in the colour of its class."""

    def __init__(self) -> None:
        super().__init__()
        self.dots = pyqtgraph.ScatterPlotItem(size=DOT, pen=None)
        self.item.addItem(self.dots)

    def show_parts(self, parts: Parts, options: Options) -> None:
        self.points, self.label = probe_values.dots(parts)
        fine = np.isfinite(self.points).all(1)
        classes = [] if self.label is None else sorted(set(self.label.tolist()))
        colours = {label: colour_of(place, len(classes)) for place, label in enumerate(classes)}
        drawn = [colours.ACCENT] if self.label is None else map(colours.get, self.label.tolist())
        brushes = [pyqtgraph.mkBrush(colour) for colour in drawn]
        if len(brushes) == len(fine):
            brushes = [brush for brush, keep in zip(brushes, fine, strict=True) if keep]
        self.dots.setData(
            pos=self.points[fine], brush=brushes if self.label is not None else brushes[0]
        )
        names = probe_values.class_names(options, max(classes, default=0) + 1)
        known = {label: names[label] if label >= 0 else str(label) for label in classes}
        self.say([(colours[label], f"●  {known[label]}") for label in classes])

    def rows(self) -> Rows:
        label = self.label if self.label is not None else [""] * len(self.points)
        rows = [(x, y, str(c)) for (x, y), c in zip(self.points.tolist(), label, strict=True)]
        return ("x", "y", "class"), rows


class TextView(ProbeView):
    """Sequences of tokens as text, one after another."""

    forms = ("TXT",)

    def __init__(self) -> None:
        super().__init__()
        self.area = QPlainTextEdit(readOnly=True, objectName="text")
        self.area.setSizePolicy(*FREE)
        self.column.addWidget(self.area)

    def show_parts(self, parts: Parts, options: Options) -> None:
        texts = probe_values.texts(parts, options)
        text = "\n\n".join(f"{place}.  {text}" for place, text in enumerate(texts, 1))
        if text != self.area.toPlainText():
            bar = self.area.verticalScrollBar()
            at = bar.value()
            self.area.setPlainText(text)
            bar.setValue(at)

    def content(self, form: str) -> bytes:
        return self.area.toPlainText().encode()


class TableView(ProbeView):
    """Numbers of single samples, a row each."""

    forms = ("CSV",)

    def __init__(self) -> None:
        super().__init__()
        self.table = QTableWidget()
        self.table.setSizePolicy(*FREE)
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.column.addWidget(self.table)

    def show_parts(self, parts: Parts, options: Options) -> None:
        self.heads, self.numbers = probe_values.columns(parts, options)
        shape = (len(self.numbers), len(self.heads))
        if shape != (self.table.rowCount(), self.table.columnCount()):
            self.table.setRowCount(shape[0])
            self.table.setColumnCount(shape[1])
        self.table.setHorizontalHeaderLabels(self.heads)
        for row, values in enumerate(self.numbers):
            for column, value in enumerate(values):
                self._cell(row, column).setText(number(value))
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)

    def _cell(self, row: int, column: int) -> QTableWidgetItem:
        item = self.table.item(row, column)
        if item is None:
            item = QTableWidgetItem()
            item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.table.setItem(row, column, item)
        return item

    def rows(self) -> Rows:
        return self.heads, self.numbers


class SoundView(PlotView):
    """A sound as a wave, above its spectrogram."""

    forms = ("WAV", "PNG", "CSV")
    height = 320

    def __init__(self) -> None:
        super().__init__()
        self.place = 0
        self.wave = pyqtgraph.PlotDataItem(pen=pyqtgraph.mkPen(colours.ACCENT))
        self.item.addItem(self.wave)
        self.wave.setDownsampling(auto=True, method="peak")
        self.wave.setClipToView(True)
        self.lower = pyqtgraph.PlotWidget(
            axisItems={side: NumberAxis(side) for side in ("left", "bottom")}
        )
        lower = self.lower.getPlotItem()
        lower.setMenuEnabled(False)
        lower.hideButtons()
        lower.setXLink(self.item)
        lower.getAxis("bottom").setLabel("seconds")
        lower.getAxis("left").setLabel("kHz")
        self.image = pyqtgraph.ImageItem(
            axisOrder="row-major", colorMap=pyqtgraph.colormap.get("inferno")
        )
        lower.addItem(self.image)
        self.lower.setSizePolicy(*FREE)
        self.column.addWidget(self.lower, 1)
        self.words.linkActivated.connect(self._choose)

    def show_parts(self, parts: Parts, options: Options) -> None:
        self.sounds, self.rate = probe_values.sounds(parts), probe_values.sample_rate(options)
        self._draw()

    @property
    def sound(self) -> probe_values.Floats:
        """The one that was chosen."""
        return self.sounds[min(self.place, len(self.sounds) - 1)]

    def _choose(self, place: str) -> None:
        self.place = int(place)
        self._draw()

    def _draw(self) -> None:
        sound, seconds = self.sound, len(self.sound) / self.rate
        self.wave.setData(np.arange(len(sound)) / self.rate, sound)
        self.image.setImage(probe_values.spectrogram(sound), autoLevels=False, levels=(-80, 0))
        self.image.setRect(QRectF(0, 0, seconds, self.rate / 2000))
        texts = [self._link(place) for place in range(len(self.sounds))]
        self.words.setText(f"{seconds:.2f} s at {self.rate:,} Hz &nbsp;&nbsp; {'  '.join(texts)}")
        self.words.setVisible(True)

    def _link(self, place: int) -> str:
        """A number that a click chooses; the chosen one is no link."""
        if len(self.sounds) == 1:
            return ""
        if self.sound is self.sounds[place] or place == self.place:
            return f"<b>{place + 1}</b>"
        return f'<a href="{place}" style="color:{colours.ACCENT}">{place + 1}</a>'

    def follow(self) -> None:
        super().follow()
        self.lower.getPlotItem().getViewBox().enableAutoRange()

    def rows(self) -> Rows:
        rows = list(enumerate(self.sound.tolist()))
        return ("seconds", "value"), [(place / self.rate, value) for place, value in rows]

    def content(self, form: str) -> bytes:
        return probe_values.wav(self.sound, self.rate) if form == "WAV" else super().content(form)
