"""The icons that the fonts hold beside letters. No GUI."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

CODES = Path(__file__).resolve().parents[3] / "assets" / "fonts" / "icons.json"


@cache
def _codes() -> dict[str, int]:
    codes: dict[str, int] = json.loads(CODES.read_text(encoding="utf-8"))
    return codes


def icon(name: str) -> str:
    """The character of an icon (assets/fonts/icons.json)."""
    return chr(_codes()[name])
