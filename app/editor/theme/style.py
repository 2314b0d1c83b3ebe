"""Colours and sizes of the editor. No GUI, so that tests can look at them."""

from __future__ import annotations

import colorsys
import os
import zlib

from nodes import families

Colour = tuple[int, int, int, int]


def hexed(text: str, alpha: int = 255) -> Colour:
    """A colour from `#rrggbb`."""
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16), alpha


def faded(colour: Colour, alpha: int) -> Colour:
    """A colour, more transparent."""
    return (*colour[:3], alpha)


def lightened(colour: Colour, by: int = 75) -> Colour:
    """A colour, nearer to white; for words in the colour of an area."""
    r, g, b, alpha = colour
    return min(255, r + by), min(255, g + by), min(255, b + by), alpha


BACKGROUND = hexed("#1b1e24")
PANEL = hexed("#23272f")
RAISED = hexed("#2b303a")
BODY = hexed("#2d323c")
BORDER = hexed("#3a404c")
GRID_LINE = hexed("#22262e")
GRID_STRONG = hexed("#272c35")
TEXT = hexed("#d7dce4")
MUTED = hexed("#8b93a1")
ACCENT = hexed("#5aa9e6")
WARNING = hexed("#e6b05a")
ERROR = hexed("#e65a6b")
GOOD = hexed("#6bc46d")
BLACK = hexed("#14161a")
WHITE = hexed("#ffffff")

FAMILIES = {family.name: hexed(family.colour) for family in families.FAMILIES}
"""The header of a node by the family of its type."""
UNKNOWN_FAMILY = hexed(families.ELSEWHERE.colour)

KINDS = {
    "image": hexed("#56b4e9"),
    "volume": hexed("#0072b2"),
    "sequence": hexed("#2fbf95"),
    "vector": hexed("#e69f00"),
    "features": hexed("#e69f00"),
    "channels": hexed("#e69f00"),
    "signal": hexed("#7fd0dd"),
    "labels": hexed("#d58bb5"),
    "classes": hexed("#d58bb5"),
    "tokens": hexed("#f0e442"),
    "mask": hexed("#7ac943"),
    "node features": hexed("#e69f00"),
    "edge features": hexed("#7fd0dd"),
    "edge index": hexed("#56b4e9"),
    "graph index": hexed("#d58bb5"),
    "graph sizes": hexed("#d58bb5"),
    "scalar": hexed("#e8703a"),
    "tensor": hexed("#b6bfcd"),
    "numbers": hexed("#b6bfcd"),
    "weights": hexed("#9b8cf0"),
}
"""Ports and wires by kind: the colours of Okabe and Ito, which people with colour blindness can
tell apart.
"""
UNKNOWN_KIND = hexed("#767f8e")

_UI_SCALE = float(os.environ.get("PATCHBAY_SCALE") or 1.0)


def family_colour(family: str) -> Colour:
    """The colour of a family; one that has none of its own gets one by its name."""
    hue = zlib.crc32(family.encode()) % 360 / 360
    spare = tuple(round(255 * part) for part in colorsys.hls_to_rgb(hue, 0.38, 0.32))
    return FAMILIES.get(family) or (*spare[:3], 255)  # type: ignore[return-value]


def kind_colour(kind: str) -> Colour:
    """The colour of a kind of wire; one that has none of its own is drawn as a tensor."""
    return UNKNOWN_KIND if kind == "unknown" else KINDS.get(kind, KINDS["tensor"])


def life_size() -> float:
    """The zoom at which nodes are as large as the rest of the interface."""
    return _UI_SCALE


def scale(pixels: float) -> int:
    """A length of the interface in real pixels; all sizes pass through here ($PATCHBAY_SCALE, 1
    by default).
    """
    return round(pixels * _UI_SCALE)
