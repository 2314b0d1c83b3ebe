"""Shows what an example makes: trains it, and draws its probes as the monitor does.

    .venv/bin/python scripts/show_made.py NAME[:EPOCHS] [PROBE...]

The cards, all or those of the named probes, stand side by side in assets/pictures/NAME_made.png.
"""

from __future__ import annotations

import os
import sys
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PIL import Image  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402
from torch import Tensor  # noqa: E402

from app.examples_check.trained import trained  # noqa: E402
from app.monitor import theme  # noqa: E402
from app.monitor.probes.probe_card import ProbeCard  # noqa: E402
from app.monitor.probes.probe_views import png  # noqa: E402
from app.runs.probe_snapshots import Look  # noqa: E402
from app.runs.records import Probe  # noqa: E402
from graphs.compiler import check, compile  # noqa: E402
from graphs.document.document_io import SUFFIX, read  # noqa: E402
from graphs.program.interface import Shown  # noqa: E402

EXAMPLES = ROOT / "assets" / "examples"
PICTURES = ROOT / "assets" / "pictures"
WIDTH, HEIGHT = 460, 400
COLOURS = 256


def main(name: str, wanted: list[str]) -> None:
    name, _, epochs = name.partition(":")
    document = read(EXAMPLES / f"{name}{SUFFIX}")
    example = trained(document, EXAMPLES, 0, int(epochs) if epochs else None)
    application = QApplication.instance() or QApplication([])
    theme.apply(application)
    probes = compile(check(example.document, example.folder)).interface.probes
    values = example.module.probed(example.program, example.data)
    cards = [card_of(label, probes[label], values) for label in wanted or probes]
    picture = Image.new("RGB", (WIDTH * len(cards), HEIGHT))
    for place, card in enumerate(cards):
        picture.paste(card, (place * WIDTH, 0))
    small = picture.quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE)  # rare colours stay
    small.save(PICTURES / f"{name}_made.png", optimize=True)
    print(f"{name}: {example.lines[-1]}")


def card_of(label: str, shown: Shown, values: dict[str, Tensor]) -> Image.Image:
    """What a probe shows of the trained program, as its card in the monitor."""
    parts = {key.partition(".")[2]: v.numpy() for key, v in values.items() if _is_of(key, label)}
    card = ProbeCard(label, Probe(node=shown.node, picture=shown.picture, options=shown.options))
    card.show_look(Look(0, {label: parts}))
    card.save.hide()
    card.resize(WIDTH, HEIGHT)
    card.show()
    QApplication.processEvents()
    return Image.open(BytesIO(png(card.grab().toImage())))


def _is_of(key: str, label: str) -> bool:
    return key.partition(".")[0] == label


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
