"""The canvas: draws a picture on a draw list and keeps it so by reconciling the old picture with
the new one.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from typing import Protocol, TypeVar

import dearpygui.dearpygui as dpg

from app.editor.canvas.canvas_model import NodeLook, Picture
from app.editor.canvas.geometry import Box, Camera, Point, framing, wire_curve
from app.editor.canvas.node_view import NodeView
from app.editor.canvas.scene import SIDE, TITLE_SIZE, NodeShape
from app.editor.canvas.wire_view import WireView
from app.editor.theme import style
from app.editor.theme.style import Colour, faded, scale
from app.editor.theme.text_width import wrapped
from app.editor.theme.theme import SIZE, bare, fonts
from graphs.document.document import Wire

CULLING_MARGIN = 40.0
"""How far outside the screen things are still drawn, in pixels."""
GRID_STEP = 32.0
STRONG_EVERY = 4
TOOLTIP_ROOM = 360


class Canvas:
    """What shows the graph. `show` takes a picture, `look_from` a camera; the rest is drawn over
    them.
    """

    def __init__(self, parent: int | str) -> None:
        self._fonts = fonts()
        self.picture = Picture()
        self.camera = Camera()
        self._framed: Camera | None = None
        self.size: Point = (100.0, 100.0)
        self._nodes: dict[str, NodeView] = {}
        self._wires: dict[Wire, WireView] = {}
        self.window: int | str = dpg.add_child_window(
            parent=parent, border=False, no_scrollbar=True, no_scroll_with_mouse=True, tag="canvas"
        )
        dpg.bind_item_theme(self.window, bare())
        self.drawlist = dpg.add_drawlist(100, 100, parent=self.window, tag="canvas/drawlist")
        self._grid = dpg.add_draw_layer(parent=self.drawlist)
        self._space = dpg.add_draw_node(parent=self.drawlist)
        self._wire_layer = dpg.add_draw_node(parent=self._space)
        self._node_layer = dpg.add_draw_node(parent=self._space)
        self._overlay = dpg.add_draw_layer(parent=self.drawlist)
        self._tooltip = dpg.add_draw_layer(parent=self.drawlist)

    def place(self, x: float, y: float, size: Point) -> None:
        """Put the canvas into the window."""
        self.size = size
        dpg.configure_item(self.window, pos=(x, y), width=int(size[0]), height=int(size[1]))
        dpg.configure_item(self.drawlist, width=int(size[0]), height=int(size[1]))
        self._camera_moved(rescaled=False)

    @property
    def is_hovered(self) -> bool:
        """The mouse is over the canvas, and nothing lies between."""
        return bool(dpg.is_item_hovered(self.drawlist))

    @property
    def mouse(self) -> Point:
        """The mouse, in pixels from the canvas's corner."""
        x, y = dpg.get_mouse_pos(local=False)
        left, top = dpg.get_item_rect_min(self.drawlist)
        return x - left, y - top

    @property
    def mouse_on_canvas(self) -> Point:
        """The mouse, on the canvas."""
        return self.camera.to_canvas(self.mouse)

    def on_window(self, point: Point) -> Point:
        """A point of the canvas, in pixels from the window's corner."""
        x, y = self.camera.to_screen(point)
        left, top = dpg.get_item_rect_min(self.drawlist)
        return x + left, y + top

    @property
    def is_mouse_inside(self) -> bool:
        """The mouse is within the canvas's rectangle, whatever lies over it."""
        x, y = self.mouse
        return 0 <= x < self.size[0] and 0 <= y < self.size[1]

    def look_from(self, camera: Camera) -> None:
        """See the canvas from elsewhere."""
        if camera != self.camera:
            rescaled = camera.zoom != self.camera.zoom
            self.camera = camera
            self._camera_moved(rescaled)

    def frame(self, ids: Iterable[str] | None = None) -> None:
        """Show all nodes, or some, as large as they fit but not larger than life."""
        wanted = iter(ids) if ids is not None else None
        box = self.picture.scene.bounds(wanted)
        self.look_from(self._framing(box) if box else self._home)
        self._framed = self.camera if ids is None else None

    def frame_again(self) -> None:
        """Show all nodes, as they are now, unless one has looked elsewhere since."""
        if self._framed == self.camera:
            self.frame()

    @property
    def _home(self) -> Camera:
        return Camera(zoom=style.life_size()).centred((0, 0), self.size)

    def _framing(self, box: Box) -> Camera:
        return framing(box, self.size, largest=style.life_size())

    def show(self, picture: Picture) -> None:
        """Show another picture; what is the same in both is left as it is."""
        self.picture = picture
        self._reconcile()

    def _camera_moved(self, rescaled: bool) -> None:
        zoom = self.camera.zoom
        matrix = dpg.create_translation_matrix((self.camera.x, self.camera.y))
        dpg.apply_transform(self._space, matrix * dpg.create_scale_matrix((zoom, zoom)))
        self._reconcile()
        if rescaled:
            for node in self._nodes.values():
                node.rescale(zoom)
            for wire in self._wires.values():
                wire.rescale(zoom)
        self._draw_grid()

    def _reconcile(self) -> None:
        view = self.camera.view(self.size).grown(CULLING_MARGIN / self.camera.zoom)
        self._reconcile_nodes(view)
        self._reconcile_wires(view)

    def _reconcile_nodes(self, view: Box) -> None:
        picture = self.picture
        visible = {id: picture.nodes[id] for id in picture.scene.nodes_in(view)}
        remove_others(self._nodes, visible)
        for id, look in visible.items():
            self._show_node(id, look, picture.scene.graph.nodes[id].position)

    def _show_node(self, id: str, look: NodeLook, place: Point) -> None:
        if id not in self._nodes:
            self._nodes[id] = NodeView(self._node_layer, look, place, self.camera.zoom, self._fonts)
            return
        shown = self._nodes[id]
        shown.show(look)
        if shown.place != place:
            shown.move(place)

    def _reconcile_wires(self, view: Box) -> None:
        visible = {
            wire: look for wire, look in self.picture.wires.items() if look.box.overlaps(view)
        }
        remove_others(self._wires, visible)
        for wire, look in visible.items():
            if wire in self._wires:
                self._wires[wire].show(look)
            else:
                self._wires[wire] = WireView(self._wire_layer, look, self.camera.zoom)

    def _draw_grid(self) -> None:
        dpg.delete_item(self._grid, children_only=True)
        step = GRID_STEP * self.camera.zoom
        while step < 14:
            step *= STRONG_EVERY
        w, h = self.size
        for index in range(
            math.floor(-self.camera.x / step), math.ceil((w - self.camera.x) / step)
        ):
            x = self.camera.x + index * step
            self._grid_line((x, 0), (x, h), index)
        for index in range(
            math.floor(-self.camera.y / step), math.ceil((h - self.camera.y) / step)
        ):
            y = self.camera.y + index * step
            self._grid_line((0, y), (w, y), index)

    def _grid_line(self, a: Point, b: Point, index: int) -> None:
        colour = style.GRID_LINE if index % STRONG_EVERY else style.GRID_STRONG
        dpg.draw_line(a, b, color=colour, parent=self._grid)

    def clear_overlay(self) -> None:
        """Take away what was drawn over the picture."""
        dpg.delete_item(self._overlay, children_only=True)

    def draw_loose_wire(self, start: Point, end: Point, colour: Colour) -> None:
        """Draw a wire that is being dragged, between two points of the canvas."""
        curve = wire_curve(start, end)
        points = [self.camera.to_screen(point) for point in curve]
        dpg.draw_bezier_cubic(*points, color=colour, thickness=3, parent=self._overlay)
        dpg.draw_circle(points[3], 4, color=colour, fill=colour, parent=self._overlay)

    def draw_band(self, box: Box) -> None:
        """Draw the rectangle of a box selection."""
        a = self.camera.to_screen((box.left, box.top))
        b = self.camera.to_screen((box.right, box.bottom))
        fill = faded(style.ACCENT, 30)
        dpg.draw_rectangle(a, b, color=style.ACCENT, fill=fill, parent=self._overlay)

    def draw_ghost(self, place: Point, shape: NodeShape) -> None:
        """Draw where a carried node would come to lie."""
        a = self.camera.to_screen(place)
        b = self.camera.to_screen((place[0] + shape.width, place[1] + shape.height))
        fill = faded(style.ACCENT, 50)
        options = {"color": style.ACCENT, "fill": fill, "rounding": 7 * self.camera.zoom}
        dpg.draw_rectangle(a, b, thickness=2, parent=self._overlay, **options)
        title = (a[0] + SIDE * self.camera.zoom, a[1] + 5 * self.camera.zoom)
        size = TITLE_SIZE * self.camera.zoom
        text = dpg.draw_text(title, shape.title, size=size, parent=self._overlay)
        dpg.bind_item_font(text, self._fonts.bold)

    def draw_hint(self, lines: list[tuple[str, Colour]]) -> None:
        """Write lines into the middle of the canvas."""
        y = self.size[1] / 2 - len(lines) * scale(SIZE) * 0.8
        for text, colour in lines:
            w, h = dpg.get_text_size(text) or (len(text) * 8, SIZE)
            item = dpg.draw_text(
                ((self.size[0] - w) / 2, y),
                text,
                size=scale(SIZE),
                color=colour,
                parent=self._overlay,
            )
            dpg.bind_item_font(item, self._fonts.regular)
            y += h * 1.6

    def show_tooltip(self, paragraphs: list[tuple[str, Colour]]) -> None:
        """Write paragraphs beside the mouse; none takes the tooltip away."""
        dpg.delete_item(self._tooltip, children_only=True)
        size, room = scale(SIZE - 1), scale(TOOLTIP_ROOM)
        lines = [
            (line, colour) for text, colour in paragraphs for line in wrapped(text, size, room)
        ]
        if lines:
            self._draw_tooltip(lines, size)

    def _draw_tooltip(self, lines: list[tuple[str, Colour]], size: float) -> None:
        step = size * 1.25
        w = max(dpg.get_text_size(line)[0] for line, _ in lines) + scale(20)
        h = step * len(lines) + scale(14)
        x = min(self.mouse[0] + scale(14), self.size[0] - w - 4)
        y = min(self.mouse[1] + scale(18), self.size[1] - h - 4)
        dpg.draw_rectangle(
            (x, y),
            (x + w, y + h),
            fill=style.RAISED,
            color=style.BORDER,
            rounding=scale(5),
            parent=self._tooltip,
        )
        for index, (line, colour) in enumerate(lines):
            place = (x + scale(10), y + scale(7) + index * step)
            dpg.draw_text(place, line, color=colour, size=size, parent=self._tooltip)


class _Removable(Protocol):
    def remove(self) -> None: ...


V = TypeVar("V", bound=_Removable)
K = TypeVar("K", bound=Hashable)


def remove_others(views: dict[K, V], wanted: Mapping[K, object]) -> None:
    """Take the views away that are no longer wanted."""
    for key in [key for key in views if key not in wanted]:
        views.pop(key).remove()
