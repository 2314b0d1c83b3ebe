"""Draws one node into a draw node of its own; its size follows the camera, its place is a
transform.
"""

from __future__ import annotations

import dearpygui.dearpygui as dpg

from app.editor.canvas.canvas_model import NodeLook, PortLook
from app.editor.canvas.geometry import Point
from app.editor.canvas.scene import HEADER, PORT_RADIUS, ROW, SIDE, SMALL_SIZE, SUBTITLE, TITLE_SIZE
from app.editor.theme import style
from app.editor.theme.style import Colour, faded
from app.editor.theme.text_width import width
from app.editor.theme.theme import Fonts

ROUNDING = 7.0
SMALLEST_TEXT = 6.0
"""Text of fewer pixels than this is left out."""
HALO = 9.0
SMALLEST_RADIUS = 3.0
DETAILED = 0.25
"""At smaller zooms ports and shadows are left out."""


class NodeView:
    """The draw items of a node. Sizes that a transform leaves alone are kept, to be set anew for
    each zoom.
    """

    def __init__(self, parent: int | str, look: NodeLook, place: Point, zoom: float, fonts: Fonts):
        self._fonts = fonts
        self._zoom = zoom
        self._root = dpg.add_draw_node(parent=parent)
        self._sized: list[tuple[int | str, str, float]] = []
        self._texts: dict[float, list[int | str]] = {}
        self._details: list[int | str] = []
        self._was_detailed = self._is_detailed
        self.look = look
        self.place = place
        self._draw()
        self.move(place)

    def move(self, place: Point) -> None:
        """Put the node elsewhere."""
        self.place = place
        dpg.apply_transform(self._root, dpg.create_translation_matrix(place))

    def show(self, look: NodeLook) -> None:
        """Draw the node anew when it looks different."""
        if look is not self.look and look != self.look:
            self.look = look
            dpg.delete_item(self._root, children_only=True)
            self._sized, self._texts, self._details = [], {}, []
            self._draw()

    def rescale(self, zoom: float) -> None:
        """Set what a transform does not scale."""
        self._zoom = zoom
        for item, option, size in self._sized:
            least = SMALLEST_RADIUS if option == "radius" else 0.0
            dpg.configure_item(item, **{option: max(size * zoom, least)})
        for size, texts in self._texts.items():
            self._rescale_texts(texts, size * zoom)
        if self._is_detailed != self._was_detailed:
            self._was_detailed = self._is_detailed
            for item in self._details:
                dpg.configure_item(item, show=self._is_detailed)

    def _rescale_texts(self, texts: list[int | str], pixels: float) -> None:
        shown = pixels >= SMALLEST_TEXT
        if shown or dpg.is_item_shown(texts[0]):
            for item in texts:
                dpg.configure_item(item, size=pixels, show=shown)

    @property
    def _is_detailed(self) -> bool:
        return self._zoom >= DETAILED

    def remove(self) -> None:
        dpg.delete_item(self._root)

    def _draw(self) -> None:
        self._draw_body()
        self._draw_header()
        self._draw_outline()
        for index, port in enumerate(self.look.inputs):
            self._draw_port(port, index, is_input=True)
        for index, port in enumerate(self.look.outputs):
            self._draw_port(port, index, is_input=False)
        if self.look.problem:
            self._draw_badge()
        if self.look.dim:
            self._draw_veil()

    def _draw_veil(self) -> None:
        """Let the background through, over all of the node and its ports."""
        shape, veil = self.look.shape, faded(style.BACKGROUND, 175)
        left, right = (-PORT_RADIUS - 2, -2), (shape.width + PORT_RADIUS + 2, shape.height + 5)
        self._rectangle(left, right, fill=veil, color=(0, 0, 0, 0))

    def _draw_body(self) -> None:
        shape, header = self.look.shape, self._header_colour
        shadow = (0, 3), (shape.width, shape.height + 4)
        self._detail(self._rectangle(*shadow, fill=(0, 0, 0, 60), color=(0, 0, 0, 0)))
        top = (0, 0), (shape.width, HEADER + 2 * ROUNDING)
        self._rectangle(*top, fill=header, color=header)
        body = (0, HEADER), (shape.width, shape.height)
        self._rectangle(*body, fill=style.BODY, color=style.BODY)
        strip = (0, HEADER), (shape.width, HEADER + ROUNDING)
        strip_item = dpg.draw_rectangle(
            *strip, fill=style.BODY, color=style.BODY, parent=self._root
        )
        self._detail(strip_item)

    @property
    def _header_colour(self) -> Colour:
        return self.look.header if self.look.known else faded(style.ERROR, 90)

    def _draw_header(self) -> None:
        shape = self.look.shape
        middle = (HEADER - TITLE_SIZE) / 2
        title = self._text((SIDE, middle), shape.fitted_title, style.WHITE, TITLE_SIZE)
        dpg.bind_item_font(title, self._fonts.bold)
        if shape.subtitle:
            top = HEADER + (SUBTITLE - SMALL_SIZE) / 2 + 1
            self._text((SIDE, top), shape.subtitle, style.MUTED, SMALL_SIZE)

    def _draw_outline(self) -> None:
        shape, look = self.look.shape, self.look
        colour = style.ERROR if look.problem else style.ACCENT if look.selected else style.BLACK
        thickness = 2.0 if look.selected or look.problem else 1.0
        self._rectangle((0, 0), (shape.width, shape.height), color=colour, thickness=thickness)
        if look.selected and look.problem:
            outer = (-4, -4), (shape.width + 4, shape.height + 4)
            self._rectangle(*outer, color=style.ACCENT, thickness=2.0)

    def _draw_port(self, port: PortLook, index: int, is_input: bool) -> None:
        shape = self.look.shape
        centre = shape.port(port.name, is_input)
        dim = port.state == "dim"
        colour = faded(port.colour, 70) if dim else port.colour
        if port.state == "lit":
            self._detail(self._circle(centre, HALO, fill=faded(port.colour, 90), color=style.WHITE))
        fill = colour if port.wired else style.BACKGROUND
        self._detail(self._circle(centre, PORT_RADIUS, fill=fill, color=colour, thickness=2.0))
        x = SIDE if is_input else shape.width - SIDE - width(port.name, SMALL_SIZE)
        top = shape.rows_top + ROW * index + (ROW - SMALL_SIZE) / 2
        shade = faded(style.TEXT, 80) if dim else style.TEXT
        self._text((x, top), port.name, shade, SMALL_SIZE)

    def _draw_badge(self) -> None:
        centre = (self.look.shape.width - 3, 3)
        self._circle(centre, 9, fill=style.ERROR, color=style.BLACK)
        x, size = centre[0] - width("!", TITLE_SIZE, bold=True) / 2, TITLE_SIZE
        mark = self._text((x, centre[1] - size / 2), "!", style.WHITE, size)
        dpg.bind_item_font(mark, self._fonts.bold)

    def _detail(self, item: int | str) -> None:
        """Show an item only where it would be large enough to see."""
        self._details.append(item)
        dpg.configure_item(item, show=self._is_detailed)

    def _rectangle(self, a: Point, b: Point, **options: object) -> int | str:
        thickness = float(options.pop("thickness", 1.0))  # type: ignore[arg-type]
        item: int | str = dpg.draw_rectangle(
            a,
            b,
            parent=self._root,
            rounding=ROUNDING * self._zoom,
            thickness=thickness * max(self._zoom, 0.7),
            **options,
        )
        self._sized.append((item, "rounding", ROUNDING))
        return item

    def _circle(self, centre: Point, radius: float, **options: object) -> int | str:
        item: int | str = dpg.draw_circle(
            centre, max(radius * self._zoom, SMALLEST_RADIUS), parent=self._root, **options
        )
        self._sized.append((item, "radius", radius))
        return item

    def _text(self, place: Point, text: str, colour: Colour, size: float) -> int | str:
        pixels = size * self._zoom
        item: int | str = dpg.draw_text(
            place, text, color=colour, size=pixels, parent=self._root, show=pixels >= SMALLEST_TEXT
        )
        self._texts.setdefault(size, []).append(item)
        return item
