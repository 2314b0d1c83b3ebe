"""Takes the pictures of the examples' graphs, from the real editor on a virtual screen.

    .venv/bin/python scripts/take_pictures.py [NAME...] [NAME/USE/USE...]

Each is as large as its graph at 100 %, in 64 colours, in assets/pictures. `char_lm/prediction` is
the block that the node `prediction` uses, as a double click opens it, and is saved as
`char_lm_prediction.png`. Needs Xvfb and xdotool.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from PIL import Image  # noqa: E402

from graphs.document.document import Document  # noqa: E402
from graphs.document.document_io import SUFFIX, read  # noqa: E402
from tests.gui.editor_window import EditorWindow  # noqa: E402
from tests.gui.screen import Screen  # noqa: E402

EXAMPLES = ROOT / "assets" / "examples"
PICTURES = ROOT / "assets" / "pictures"
SIZE = (2400, 1500)
"""The screen's least size; a large graph has a larger one, so that it is seen at 100 %."""
AROUND = (1000, 500)
"""What the editor's panels, and the last nodes themselves, need beside the nodes' positions."""
MARGIN = 24
COLOURS = 64


def main(names: list[str]) -> None:
    PICTURES.mkdir(exist_ok=True)
    every = (path.name.removesuffix(SUFFIX) for path in sorted(EXAMPLES.glob(f"*{SUFFIX}")))
    for name, *uses in (given.split("/") for given in names or every):
        path = EXAMPLES / f"{name}{SUFFIX}"
        picture = picture_of(path, read(path), uses)
        small = picture.convert("P", palette=Image.Palette.ADAPTIVE, colors=COLOURS)
        target = PICTURES / f"{'_'.join([name, *uses[-1:]])}.png"
        small.save(target, optimize=True)
        print(f"{target.stem}: {picture.width}x{picture.height}")


def picture_of(path: Path, document: Document, uses: list[str]) -> Image.Image:
    """The canvas around all nodes of main, or of the block that uses lead to, once everything is
    checked.
    """
    graph = document.main
    size = size_for(document)
    with tempfile.TemporaryDirectory() as place, Screen(*size) as screen:
        window = EditorWindow(screen, Path(place), "edit", str(path))
        screen.wait_until(lambda: is_large(screen, window, size), timeout=60)
        window.wait_for("checked", timeout=300)
        for use in uses:
            screen.key("f")
            window.two_frames()
            window.open_block(use, timeout=300)
            graph = document.graphs[str(graph.nodes[use].parameters["block"])]
        screen.key("f")
        window.two_frames()
        boxes = [window.ask("node", id) for id in graph.nodes]
        screen.move(size[0] - 5, 5)
        window.two_frames()
        canvas = window.ask("canvas")
        return screen.picture().crop(around(boxes, canvas))


def size_for(document: Document) -> tuple[int, int]:
    """How large the screen has to be for all nodes of main at 100 %."""
    across, down = zip(*(node.position for node in document.main.nodes.values()), strict=True)
    extent = (max(across) - min(across), max(down) - min(down))
    wide, high = (round(e + a) for e, a in zip(extent, AROUND, strict=True))
    return max(SIZE[0], wide), max(SIZE[1], high)


def is_large(screen: Screen, window: EditorWindow, size: tuple[int, int]) -> bool:
    """Make the window as large as the screen; whether it is."""
    sides = [str(side) for side in size]
    search = ["xdotool", "search", "--name", "Patchbay", "windowsize", *sides]
    subprocess.run(search, env=screen.env, check=False)
    window.two_frames()
    return bool(window.ask("canvas")[2] > size[0] / 2)


def around(boxes: list[list[float]], canvas: list[float]) -> tuple[int, int, int, int]:
    """The nodes' rectangles together, with a margin, inside the canvas."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return (
        round(max(min(lefts) - MARGIN, canvas[0])),
        round(max(min(tops) - MARGIN, canvas[1])),
        round(min(max(rights) + MARGIN, canvas[2])),
        round(min(max(bottoms) + MARGIN, canvas[3])),
    )


if __name__ == "__main__":
    main(sys.argv[1:])
