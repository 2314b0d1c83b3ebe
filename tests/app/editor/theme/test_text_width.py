"""How wide text is, without a screen."""

from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from app.editor.theme.text_width import REGULAR, SEMIBOLD, shortened, width, wrapped

ROOT = Path(__file__).resolve().parents[4]


@pytest.mark.parametrize(("name", "advances"), [("Regular", REGULAR), ("SemiBold", SEMIBOLD)])
def test_widths_are_those_of_the_font(name: str, advances: tuple[int, ...]) -> None:
    font = TTFont(ROOT / "assets" / "fonts" / f"Patchbay-{name}.ttf")
    codes, metrics, units = font.getBestCmap(), font["hmtx"], font["head"].unitsPerEm
    real = tuple(round(metrics[codes[code]][0] / units * 1000) for code in range(32, 127))
    assert real == advances


def test_text_is_cut_and_wrapped_to_its_room() -> None:
    assert shortened("short", 14, 200) == "short"
    cut = shortened("a very long name of a node", 14, 80)
    assert cut.endswith("…")
    assert width(cut, 14) <= 80
    lines = wrapped("several words that do not fit on one line", 14, 90)
    assert len(lines) > 2
    assert all(width(line, 14) <= 90 for line in lines)
