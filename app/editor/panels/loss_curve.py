"""A small picture of how the loss falls: training as a line, validation over it."""

from __future__ import annotations

from collections.abc import Callable

import dearpygui.dearpygui as dpg

from app.editor.canvas.geometry import Point
from app.editor.theme import style
from app.editor.theme.style import Colour, faded, scale
from app.editor.theme.text_width import width
from app.editor.theme.widgets import Item
from app.runs.run_follower import RunFollower
from app.runs.series import Key, Series

HEIGHT = 118
LEFT, BOTTOM, TOP = 44, 18, 8
SIZE = 13
TRAIN = faded(style.ACCENT, 190)
Place = Callable[[float, float], Point]
POINTS = 800
"""A line is drawn with at most so many points."""
VALIDATION = style.hexed("#f2a03d")


class CurveView:
    """Draws curves into a draw list."""

    def __init__(self, parent: Item, tag: str) -> None:
        self.height = scale(HEIGHT)
        self.train: list[Point] = []
        self.validation: list[Point] = []
        self._width = 100
        self._list = dpg.add_drawlist(self._width, self.height, parent=parent, tag=tag)

    def resize(self, width_: int) -> None:
        """Take so many pixels of width."""
        self._width = max(width_, 60)
        dpg.configure_item(self._list, width=self._width)

    def show(self, run: RunFollower[Series] | None) -> None:
        """Draw the first loss of a run anew."""
        name = run.first_loss if run else ""
        self.train, self.validation = _points(run, name, "train"), _points(run, name, "validation")
        dpg.delete_item(self._list, children_only=True)
        box = (scale(LEFT), scale(TOP)), (self._width - 2, self.height - scale(BOTTOM))
        fill = style.hexed("#1d2128")
        dpg.draw_rectangle(*box, color=(0, 0, 0, 0), fill=fill, rounding=4, parent=self._list)
        ys = sorted(y for _, y in (*self.train, *self.validation))
        if not ys:
            self._text((self._width / 2 - scale(40), self.height / 2 - scale(12)), "no loss yet")
            return
        low, high = _range(ys)
        right = max([1.0, *(x for x, _ in (*self.train[-1:], *self.validation[-1:]))])
        self._axes(low, high, right)

        def place(x: float, y: float) -> Point:
            return self._place(x / right, (y - low) / (high - low))

        self._line(self.train, place, TRAIN, 1.5)
        self._line(self.validation, place, VALIDATION, 2.0)
        if self.validation:
            last = place(*self.validation[-1])
            dpg.draw_circle(last, 3, color=VALIDATION, fill=VALIDATION, parent=self._list)
        self._legend(name)

    def _place(self, x: float, y: float) -> Point:
        left, top = scale(LEFT), scale(TOP)
        w, h = self._width - left - 4, self.height - top - scale(BOTTOM)
        return left + 2 + x * w, top + h * (1 - min(max(y, 0.0), 1.0))

    def _line(self, curve: list[Point], place: Place, colour: Colour, thickness: float) -> None:
        points = [place(x, y) for x, y in curve]
        if len(points) > 1:
            dpg.draw_polyline(points, color=colour, thickness=thickness, parent=self._list)

    def _axes(self, low: float, high: float, right: float) -> None:
        size = scale(SIZE)
        for value, y in ((high, scale(TOP)), (low, self.height - scale(BOTTOM) - size)):
            text = f"{value:.2g}"
            self._text((scale(LEFT) - width(text, size) - scale(6), y), text)
        below = self.height - scale(BOTTOM) + 2
        self._text((scale(LEFT), below), "0")
        text = f"epoch {right:.3g}"
        self._text((self._width - width(text, size) - 4, below), text)

    def _legend(self, name: str) -> None:
        size, y = scale(SIZE), scale(TOP) + 3
        x = float(self._width - scale(8))
        for text, colour in (("validation", VALIDATION), (f"{name} training", TRAIN)):
            x -= width(text, size)
            self._text((x, y), text, colour)
            x -= scale(12)

    def _text(self, place: Point, text: str, colour: Colour = style.MUTED) -> None:
        dpg.draw_text(place, text, size=scale(SIZE), color=colour, parent=self._list)


def _points(run: RunFollower[Series] | None, name: str, split: str) -> list[Point]:
    """A series as it is drawn: epochs and values."""
    series = run.series.get(Key(name, split)) if run else None
    return series.thinned("epoch", POINTS) if series else []


def _range(ys: list[float]) -> tuple[float, float]:
    """From the lowest value to one that a few stray peaks do not decide."""
    low, high = ys[0], ys[min(len(ys) - 1, int(len(ys) * 0.995))]
    return (low, high) if high > low else (low - 0.5, low + 0.5)
