"""Where something lies in the window. No GUI."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Area:
    """A rectangle of the window, in pixels."""

    x: int
    y: int
    width: int
    height: int
