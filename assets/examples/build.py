"""Makes the files of the examples `image_folder`, `audio_classes` and `text_lm` anew: drawn shapes,
struck and plucked sounds, and the project's own words as a text.
"""

import sys
from pathlib import Path

import numpy as np
import soundfile
from PIL import Image, ImageDraw

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))
SIZE, BIG = 24, 4
RATE, LENGTH = 4000, 1200


def shapes(count: int = 100) -> None:
    """Circles, squares and triangles of any size, place and angle, on noisy paper."""
    draw = np.random.default_rng(0)
    for name, corners in (("circle", 40), ("square", 4), ("triangle", 3)):
        folder = HERE / "shapes" / name
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(count):
            shape(corners, draw).save(folder / f"{number:02d}.png", optimize=True)


def shape(corners: int, draw: np.random.Generator) -> Image.Image:
    """A regular polygon in grey, drawn large and made small so that its edges are smooth."""
    radius = draw.uniform(7, 10) * BIG
    x, y = (SIZE * BIG / 2 + draw.uniform(-1, 1) * BIG for _ in range(2))
    angles = draw.uniform(0, 2 * np.pi) + 2 * np.pi * np.arange(corners) / corners
    points = [(x + radius * np.cos(a), y + radius * np.sin(a)) for a in angles]
    picture = Image.new("L", (SIZE * BIG, SIZE * BIG), int(draw.integers(0, 24)))
    ImageDraw.Draw(picture).polygon(points, fill=int(draw.integers(140, 256)))
    grey = np.asarray(picture.resize((SIZE, SIZE), Image.Resampling.BOX), float)
    noisy = (grey + draw.normal(0, 5, grey.shape)).clip(0, 255)
    return Image.fromarray((noisy // 8 * 8).astype(np.uint8))


def sounds(count: int = 16) -> None:
    """Bells, drums and plucked strings, 0.3 s each."""
    from graphs.runtime.data_synthetic.plucked_strings import pluck

    draw = np.random.default_rng(0)
    time = np.arange(LENGTH) / RATE
    for number in range(count):
        pitch = draw.uniform(200, 450)
        index = 2.5 * np.exp(-8 * time) * np.sin(2 * np.pi * 1.4 * pitch * time)
        bell = np.exp(-4 * time) * np.sin(2 * np.pi * pitch * time + index)
        fall = draw.uniform(60, 120) * (1 - np.exp(-20 * time)) / 20
        drum = np.exp(-9 * time) * np.sin(2 * np.pi * (60 * time + fall))
        drum += 0.5 * np.exp(-30 * time) * draw.normal(0, 1, LENGTH)
        string = pluck(int(draw.integers(9, 20)), LENGTH, draw)
        for name, wave in (("bell", bell), ("drum", drum), ("string", string)):
            folder = HERE / "sounds" / name
            folder.mkdir(parents=True, exist_ok=True)
            loud = draw.uniform(0.3, 0.9) * wave / np.abs(wave).max()
            heard = loud + draw.normal(0, 0.01, LENGTH)
            soundfile.write(folder / f"{number:02d}.wav", heard, RATE, "PCM_16")


def text() -> None:
    """What Patchbay says of itself: its README, its decision records, the help of its nodes."""
    import nodes.library  # noqa: F401  registers the node types
    from graphs.nodetypes.node_type import node_types

    records = sorted((ROOT / "docs/decisions").glob("*.md"))[:8]
    parts = [path.read_text(encoding="utf-8") for path in (ROOT / "README.md", *records)]
    parts += [f"{name}\n{type_.help()}\n" for name, type_ in sorted(node_types().items())]
    (HERE / "patchbay.txt").write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    shapes()
    sounds()
    text()
