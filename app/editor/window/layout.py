"""Where the panels lie in the window. No GUI."""

from __future__ import annotations

from dataclasses import dataclass

from app.editor.theme.area import Area
from app.editor.theme.style import scale

BAR = 44
PALETTE = 250
SIDE = 350
BOTTOM = 230
FOOTER = 28
RUN = 440


@dataclass(frozen=True)
class Layout:
    """The areas of the panels in a window of a given size."""

    bar: Area
    palette: Area
    canvas: Area
    bottom: Area
    inspector: Area
    run: Area
    footer: Area


def lay_out(width: int, height: int, tabs: int | None = None) -> Layout:
    """Share the window among the panels; one pixel of background parts them.

    `tabs` is how high the tabs under the canvas would be, in pixels.
    """
    bar, footer = scale(BAR), scale(FOOTER)
    left, right = min(scale(PALETTE), width // 4), min(scale(SIDE), width // 3)
    top, low = bar + 1, height - footer - 1
    bottom = min(scale(BOTTOM) if tabs is None else tabs, (low - top) * 3 // 4)
    run = min(scale(RUN), (low - top) * 3 // 5)
    middle = max(width - left - right - 2, 1)
    return Layout(
        bar=Area(0, 0, width, bar),
        palette=Area(0, top, left, low - top),
        canvas=Area(left + 1, top, middle, low - top - bottom - 1),
        bottom=Area(left + 1, low - bottom, middle, bottom),
        inspector=Area(width - right, top, right, low - top - run - 1),
        run=Area(width - right, low - run, right, run),
        footer=Area(0, low + 1, width, footer),
    )
