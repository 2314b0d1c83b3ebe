"""Builds the fonts of this folder: `python assets/fonts/build.py INTER_FOLDER JETBRAINS PHOSPHOR`.

Dear PyGui cannot merge fonts while it runs, so the icons go into the text fonts here, once; the
results are committed. icons.json says which: Phosphor's name, and the code point that the program
uses. To add one, give it the next number there and build again.

Needed: fontTools, the folder with Inter-Regular.otf and Inter-SemiBold.otf (Debian's fonts-inter
3.19), JetBrainsMono-Regular.ttf (Debian's fonts-jetbrains-mono 2.242), and phosphor-1.3.0.ttf with
its charmap beside it (from the wheel of qtawesome 1.4.2).
"""

import json
import sys
from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.transformPen import TransformPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._g_l_y_f import Glyph

HERE = Path(__file__).parent
ICON_EM = 1.15
"""Side of an icon's square in ems of the text: a little larger than the capitals beside it."""

# Latin, Greek, Cyrillic, punctuation, super- and subscripts, currency, arrows, mathematics, shapes.
KEPT = [(0x20, 0x52F), (0x1E00, 0x1EFF), (0x2000, 0x22FF), (0x2300, 0x23FF), (0x2500, 0x27BF)]


def is_kept(code: int) -> bool:
    return any(first <= code <= last for first, last in KEPT)


def outline(font: TTFont, name: str, scale: float = 1.0, up: float = 0.0) -> tuple[Glyph, int]:
    """One glyph as quadratic curves, and how far it advances."""
    glyphs = font.getGlyphSet()
    pen = TTGlyphPen(None)
    # TrueType fills clockwise outlines, CFF and its cubic curves the other way round.
    quadratic = Cu2QuPen(pen, max_err=1.5, reverse_direction="CFF " in font)
    glyphs[name].draw(TransformPen(quadratic, (scale, 0, 0, scale, 0, up)))
    return pen.glyph(), round(glyphs[name].width * scale)


def tabular_digits(font: TTFont) -> dict[str, str]:
    """Digits of one width, so that a loss that changes on the screen does not jump about."""
    table = font["GSUB"].table
    record = next(r for r in table.FeatureList.FeatureRecord if r.FeatureTag == "tnum")
    swaps: dict[str, str] = {}
    for index in record.Feature.LookupListIndex:
        for subtable in table.LookupList.Lookup[index].SubTable:
            swaps |= getattr(subtable, "ExtSubTable", subtable).mapping
    digits = {font.getBestCmap()[ord(digit)] for digit in "0123456789"}
    return {plain: swap for plain, swap in swaps.items() if plain in digits}


def build_text(source: Path, icons: dict[int, str], phosphor: TTFont, style: str) -> None:
    """Write Patchbay-STYLE.ttf: the text font with every icon in the private use area."""
    inter = TTFont(source)
    em, swaps = inter["head"].unitsPerEm, tabular_digits(inter)
    glyphs = {".notdef": outline(inter, ".notdef")}
    codes = {}
    for code, name in inter.getBestCmap().items():
        if is_kept(code):
            codes[code] = f"uni{code:04X}"
            glyphs[codes[code]] = outline(inter, swaps.get(name, name))

    scale = ICON_EM * em / phosphor["head"].unitsPerEm
    middle = inter["OS/2"].sCapHeight / 2
    for code, name in icons.items():
        codes[code] = f"uni{code:04X}"
        glyphs[codes[code]] = outline(phosphor, name, scale, middle - ICON_EM * em / 2)

    font = FontBuilder(em, isTTF=True)
    font.setupGlyphOrder(list(glyphs))
    font.setupCharacterMap(codes)
    font.setupGlyf({name: glyph for name, (glyph, _) in glyphs.items()})
    left = font.font["glyf"]
    font.setupHorizontalMetrics(
        {name: (advance, getattr(left[name], "xMin", 0)) for name, (_, advance) in glyphs.items()}
    )
    ascent, descent = inter["hhea"].ascent, inter["hhea"].descent
    font.setupHorizontalHeader(ascent=ascent, descent=descent)
    font.setupNameTable(
        {
            "copyright": "Copyright 2020 The Inter Project Authors; "
            "icons copyright 2020-2021 Phosphor Icons (MIT)",
            "familyName": "Patchbay",
            "styleName": style,
            "licenseDescription": "SIL Open Font License 1.1, see Inter-LICENSE.txt",
        }
    )
    font.setupOS2(
        sTypoAscender=ascent, sTypoDescender=descent, usWinAscent=ascent, usWinDescent=-descent
    )
    font.setupPost(keepGlyphNames=False)
    font.save(HERE / f"Patchbay-{style}.ttf")


def build_mono(source: Path) -> None:
    """Write the mono font without the ligatures and scripts that the program cannot show."""
    font = TTFont(source)
    options = Options(layout_features=[], hinting=False, glyph_names=False, notdef_outline=True)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=[code for code in font.getBestCmap() if is_kept(code)])
    subsetter.subset(font)
    font.save(HERE / "JetBrainsMono-Regular.ttf")


def main(inter: Path, jetbrains: Path, phosphor: Path) -> None:
    charmap = json.loads(phosphor.with_name("phosphor-charmap-1.3.0.json").read_text())
    icon_font = TTFont(phosphor)
    names = icon_font.getBestCmap()
    wanted = json.loads((HERE / "icons.json").read_text(encoding="utf-8"))
    icons = {code: names[int(charmap[name], 16)] for name, code in wanted.items()}
    for style in ("Regular", "SemiBold"):
        build_text(inter / f"Inter-{style}.otf", icons, icon_font, style)
    build_mono(jetbrains)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
