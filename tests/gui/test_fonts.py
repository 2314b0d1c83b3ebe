"""The fonts of assets/fonts hold every icon, and Dear PyGui draws each of them."""

import json
import sys
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from PIL import Image

from tests.gui.fonts_window import CELL, COLUMNS, TOP
from tests.gui.screen import Screen

FONTS = Path("assets/fonts").resolve()
ICONS: dict[str, int] = json.loads((FONTS / "icons.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("style", ["Regular", "SemiBold"])
def test_the_text_font_holds_every_icon(style: str) -> None:
    codes = TTFont(FONTS / f"Patchbay-{style}.ttf").getBestCmap()
    assert set(ICONS.values()) <= codes.keys()
    assert len(set(ICONS.values())) == len(ICONS) > 30
    assert all(ord(letter) in codes for letter in "aZ09ßéΩЖ×→≤…“”²")


def test_digits_are_of_one_width() -> None:
    font = TTFont(FONTS / "Patchbay-Regular.ttf")
    names = (font.getBestCmap()[ord(digit)] for digit in "0123456789")
    assert len({font["hmtx"][name][0] for name in names}) == 1


def test_every_icon_is_drawn_and_none_twice(screen: Screen) -> None:
    window = Path(__file__).with_name("fonts_window.py")
    screen.start(sys.executable, window, FONTS / "icons.json")
    screen.wait_until(lambda: len(set(cells(screen.picture()))) == len(ICONS))


def cells(picture: Image.Image) -> list[bytes]:
    """The part of the picture around each icon."""
    corners = [(i % COLUMNS * CELL, TOP + i // COLUMNS * CELL) for i in range(len(ICONS))]
    boxes = [(x + 8, y, x + 8 + CELL, y + CELL) for x, y in corners]
    return [picture.convert("L").crop(box).tobytes() for box in boxes]
