"""Plane geometry of the canvas: boxes, the camera, the curves of wires. Plain Python, no GUI.

Two planes: the *canvas*, on which nodes have their positions, and the *screen* in pixels from the
canvas widget's corner.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

Point = tuple[float, float]

SMALLEST_ZOOM = 0.05
LARGEST_ZOOM = 3.0
SEGMENTS = 24
"""Into how many straight pieces a wire is cut to measure distances."""


@dataclass(frozen=True)
class Box:
    """A rectangle with its sides along the axes; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def around(cls, *points: Point) -> Box:
        """The smallest box that holds the points."""
        xs, ys = zip(*points, strict=True)
        return cls(min(xs), min(ys), max(xs), max(ys))

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def centre(self) -> Point:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def contains(self, point: Point) -> bool:
        """The point lies in the box or on its border."""
        return self.left <= point[0] <= self.right and self.top <= point[1] <= self.bottom

    def overlaps(self, other: Box) -> bool:
        """The boxes share a point."""
        return (
            self.left <= other.right
            and other.left <= self.right
            and self.top <= other.bottom
            and other.top <= self.bottom
        )

    def grown(self, margin: float) -> Box:
        """The box with a margin on each side."""
        return Box(self.left - margin, self.top - margin, self.right + margin, self.bottom + margin)


def union(boxes: Iterable[Box]) -> Box | None:
    """The smallest box that holds all boxes; None for none."""
    corners = [point for b in boxes for point in ((b.left, b.top), (b.right, b.bottom))]
    return Box.around(*corners) if corners else None


@dataclass(frozen=True)
class Camera:
    """Where the canvas is seen from: screen = canvas * zoom + (x, y)."""

    x: float = 0.0
    y: float = 0.0
    zoom: float = 1.0

    def to_screen(self, point: Point) -> Point:
        return point[0] * self.zoom + self.x, point[1] * self.zoom + self.y

    def to_canvas(self, point: Point) -> Point:
        return (point[0] - self.x) / self.zoom, (point[1] - self.y) / self.zoom

    def view(self, size: Point) -> Box:
        """The part of the canvas that a screen of this size shows."""
        return Box(*self.to_canvas((0.0, 0.0)), *self.to_canvas(size))

    def panned(self, dx: float, dy: float) -> Camera:
        """The camera after the canvas was pushed by so many pixels."""
        return replace(self, x=self.x + dx, y=self.y + dy)

    def zoomed(self, at: Point, factor: float) -> Camera:
        """The camera after zooming; what is at the screen's point stays there."""
        zoom = min(LARGEST_ZOOM, max(SMALLEST_ZOOM, self.zoom * factor))
        ratio = zoom / self.zoom
        return Camera(at[0] - (at[0] - self.x) * ratio, at[1] - (at[1] - self.y) * ratio, zoom)

    def centred(self, point: Point, size: Point) -> Camera:
        """The camera with a point of the canvas in the middle of a screen of this size."""
        return replace(
            self, x=size[0] / 2 - point[0] * self.zoom, y=size[1] / 2 - point[1] * self.zoom
        )


def framing(box: Box, size: Point, margin: float = 36.0, largest: float = 1.0) -> Camera:
    """The camera that shows a whole box, no larger than `largest`, on a screen of this size."""
    room = max(size[0] - 2 * margin, 1.0), max(size[1] - 2 * margin, 1.0)
    fit = min(room[0] / max(box.width, 1.0), room[1] / max(box.height, 1.0), largest)
    return Camera(zoom=max(fit, SMALLEST_ZOOM)).centred(box.centre, size)


Curve = tuple[Point, Point, Point, Point]
"""The four points of a cubic Bézier curve."""


def wire_curve(start: Point, end: Point) -> Curve:
    """The curve of a wire: it leaves to the right and arrives from the left."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    reach = dx / 2 if dx > 0 else -dx * 0.6 + 30
    reach = max(reach, min(60.0, math.hypot(dx, dy) / 2))
    return start, (start[0] + reach, start[1]), (end[0] - reach, end[1]), end


def along(curve: Curve, t: float) -> Point:
    """The point of a curve at t, from 0 at its start to 1 at its end."""
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
    return (
        sum(w * p[0] for w, p in zip(weights, curve, strict=True)),
        sum(w * p[1] for w, p in zip(weights, curve, strict=True)),
    )


def distance_to_curve(point: Point, curve: Curve) -> float:
    """How far a point is from a curve."""
    points = [along(curve, i / SEGMENTS) for i in range(SEGMENTS + 1)]
    return min(distance_to_segment(point, a, b) for a, b in pairwise(points))


def distance_to_segment(point: Point, a: Point, b: Point) -> float:
    """How far a point is from the straight line between two others."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = dx * dx + dy * dy
    along_it = ((point[0] - a[0]) * dx + (point[1] - a[1]) * dy) / length if length else 0.0
    t = min(1.0, max(0.0, along_it))
    return math.dist(point, (a[0] + t * dx, a[1] + t * dy))
