"""Draws the program's icon, patchbay.png and patchbay.ico: `python assets/icons/build.py`.

Four sockets of a patch bay, two of them joined by a cable. Drawn large and reduced, since Pillow
does not smooth its edges.
"""

from pathlib import Path

from PIL import Image, ImageDraw

HERE = Path(__file__).parent
SIDE, SCALE = 256, 4
GROUND, SOCKET, HOLE, CABLE = "#1e222b", "#8b95a7", "#12151b", "#4cb3ff"


def disc(draw: ImageDraw.ImageDraw, place: tuple[float, float], radius: float, fill: str) -> None:
    x, y = (SCALE * value for value in place)
    radius *= SCALE
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill)


def cable(start: tuple[int, int], end: tuple[int, int], pull: int) -> list[tuple[float, float]]:
    """Points of the curve that leaves to the right and arrives from the left, like a wire."""
    (x0, y0), (x3, y3) = start, end
    points = []
    for step in range(201):
        t = step / 200
        a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
        points.append(
            (a * x0 + b * (x0 + pull) + c * (x3 - pull) + d * x3, (a + b) * y0 + (c + d) * y3)
        )
    return points


def main() -> None:
    picture = Image.new("RGBA", (SIDE * SCALE, SIDE * SCALE))
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((0, 0, SIDE * SCALE - 1, SIDE * SCALE - 1), 56 * SCALE, GROUND)
    near, far = 76, SIDE - 76
    for place in [(near, near), (far, near), (near, far), (far, far)]:
        disc(draw, place, 36, SOCKET)
        disc(draw, place, 22, HOLE)
    for point in cable((near, near), (far, far), 90):
        disc(draw, point, 13, CABLE)
    for place in [(near, near), (far, far)]:
        disc(draw, place, 22, CABLE)
    picture = picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    picture.save(HERE / "patchbay.png", optimize=True)
    picture.save(HERE / "patchbay.ico", sizes=[(16, 16), (32, 32), (48, 48), (256, 256)])


if __name__ == "__main__":
    main()
