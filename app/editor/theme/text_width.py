"""How wide text is, without a screen: the advances of Inter (assets/fonts), the font of the
interface.
"""

from __future__ import annotations

from functools import lru_cache

REGULAR = (
    281, 278, 403, 631, 638, 812, 639, 222, 362, 362, 500, 659, 280, 460, 276, 357, 648, 648,
    648, 648, 648, 648, 648, 648, 648, 648, 276, 280, 659, 659, 659, 507, 936, 676, 651, 727,
    719, 598, 587, 743, 740, 264, 543, 652, 562, 889, 753, 761, 635, 761, 639, 638, 642, 741,
    676, 949, 642, 665, 625, 362, 357, 362, 469, 452, 497, 564, 621, 558, 621, 582, 361, 609,
    591, 237, 237, 544, 237, 869, 585, 597, 609, 609, 372, 523, 364, 581, 557, 812, 540, 557,
    541, 362, 327, 362, 659,
)  # fmt: skip
"""Advance of each character from space to tilde, in thousandths of an em."""
SEMIBOLD = (
    248, 309, 396, 643, 649, 844, 663, 213, 393, 393, 543, 673, 295, 466, 290, 379, 670, 670,
    670, 670, 669, 670, 670, 670, 670, 670, 290, 295, 673, 673, 673, 544, 999, 724, 657, 744,
    724, 608, 586, 755, 744, 275, 561, 677, 566, 906, 741, 775, 643, 776, 651, 649, 660, 734,
    724, 1007, 690, 705, 653, 393, 379, 393, 481, 468, 497, 575, 630, 577, 630, 593, 377, 625,
    613, 261, 261, 569, 261, 898, 610, 608, 625, 625, 397, 549, 380, 608, 576, 837, 562, 576,
    562, 393, 358, 393, 673,
)  # fmt: skip
LINE_PER_EM = 1.2102
"""A font's size is the height of its line, as Dear PyGui counts; this is how many ems of Inter
that is.
"""
OTHER = 650
ELLIPSIS = "…"


@lru_cache(maxsize=20_000)
def width(text: str, size: float, bold: bool = False) -> float:
    """How wide a line of text is in pixels, at a font size in pixels."""
    advances = SEMIBOLD if bold else REGULAR
    thousandths = sum(_advance(advances, character) for character in text)
    return thousandths * size / (1000 * LINE_PER_EM)


def shortened(text: str, size: float, room: float, bold: bool = False) -> str:
    """The text, cut with an ellipsis where it would be wider than the room."""
    if width(text, size, bold) <= room:
        return text
    while text and width(text + ELLIPSIS, size, bold) > room:
        text = text[:-1]
    return text.rstrip() + ELLIPSIS


def wrapped(text: str, size: float, room: float) -> list[str]:
    """The text as lines of words that fit the room."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(longer, size) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _advance(advances: tuple[int, ...], character: str) -> int:
    index = ord(character) - 32
    return advances[index] if 0 <= index < len(advances) else OTHER
