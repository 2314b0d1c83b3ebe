"""The canvas as a panel: shows the session's graph, lets the mouse work on it, explains what the
mouse rests on.
"""

from __future__ import annotations

from collections.abc import Collection

from app.editor.canvas.canvas import Canvas
from app.editor.canvas.canvas_model import problems_of
from app.editor.canvas.drawing import Drawing, captions_of
from app.editor.canvas.geometry import Point
from app.editor.canvas.gestures import DropNode
from app.editor.canvas.hover import Hover
from app.editor.canvas.pointer import Pointer
from app.editor.canvas.scene import Hit
from app.editor.canvas.wiring_rules import shape_of_new
from app.editor.panels.panel import Panel
from app.editor.session.session import Part
from app.editor.session.wording import title_of
from app.editor.theme import style
from app.editor.theme.area import Area
from app.editor.theme.widgets import Item
from graphs.document.document import Node

TOOLTIP_DELAY = 0.45
"""Seconds; a sound node explains itself only to a mouse that rests twice as long."""
WELCOME = (
    ("Drag a node from the palette, or press Tab", style.TEXT),
    ("Start with data; end with a loss and an optimizer", style.MUTED),
)
"""What an empty canvas says."""


class CanvasPanel(Panel):
    """The graph that is shown."""

    listens = frozenset(
        {"document", "graph", "selection", "gesture", "camera", "analysis", "library"}
    )

    def _make_root(self, slot: Item) -> Item:
        self.canvas = Canvas(slot)
        return self.canvas.window

    def build(self) -> None:
        self._drawing = Drawing(self._session)
        self._pointer = Pointer(self._session, self.canvas, self._drawing, self._commands)
        self._wish: Collection[str] | None = None
        self._wishes_all = False
        self._rest: tuple[int, Point] | None = None
        self._explains = False

    def place(self, area: Area) -> None:
        self.area = area
        self.canvas.place(area.x, area.y, (area.width, area.height))
        self._looked()

    def refresh(self, parts: frozenset[Part]) -> None:
        picture = self._drawing.picture(self._pointer.dragged_wire)
        if picture is not self.canvas.picture:
            self.canvas.show(picture)
        if parts & {"analysis", "library"} and not self._session.history.past:
            self.canvas.frame_again()  # what was checked shows more, and needs more room
        self._fulfil_wish()
        self._draw_overlay()
        if parts - {"gesture"}:
            self._rest = None

    def frame(self, ids: Collection[str] | None = None) -> None:
        """Show all nodes, or some, once the picture is that of the session."""
        self._wish, self._wishes_all = ids, ids is None
        self._looked()

    def _fulfil_wish(self) -> None:
        if self._wishes_all or self._wish:
            self.canvas.frame(self._wish)
            self._wish, self._wishes_all = None, False
            self._looked()

    def _looked(self) -> None:
        self._session.show_camera(self.canvas.camera.zoom)

    def _draw_overlay(self) -> None:
        self.canvas.clear_overlay()
        if not self._session.graph.nodes and not self._session.is_busy:
            self.canvas.draw_hint(list(WELCOME))
        self._pointer.draw()

    @property
    def middle(self) -> Point:
        """The middle of what is in sight."""
        return self.canvas.camera.view(self.canvas.size).centre

    def place_of_mouse(self) -> Point:
        """Where the mouse is on the canvas; its middle where it is elsewhere."""
        return self.canvas.mouse_on_canvas if self.canvas.is_mouse_inside else self.middle

    def zoom(self, factor: float) -> None:
        """Show the graph larger, or smaller, around the mouse."""
        canvas = self.canvas
        at = canvas.mouse if canvas.is_hovered else (canvas.size[0] / 2, canvas.size[1] / 2)
        canvas.look_from(canvas.camera.zoomed(at, factor))
        self._looked()

    def carry(self, node: Node) -> None:
        """Let the mouse carry a new node."""
        session = self._session
        shape, title = shape_of_new(session.library, node), f"Add {title_of(node)}"
        drop = DropNode(session.graph_name, session.graph, node, shape, title)
        self._pointer.begin_drop(drop)

    def cancel(self) -> bool:
        """Let go of what the mouse holds; False when it holds nothing."""
        return self._pointer.cancel()

    def press(self, button: int) -> None:
        self._pointer.press(button)

    def move(self) -> None:
        self._pointer.move()

    def release(self, button: int) -> None:
        self._pointer.release(button)

    def double_click(self) -> None:
        if id := self._pointer.double_click():
            self._commands.run("open_node", id)

    def turn_wheel(self, notches: float) -> None:
        self._pointer.turn_wheel(notches)
        self._looked()

    def poll(self) -> None:
        """Explain what the mouse has rested on for long enough; once for each rest."""
        rested = self._pointer.rested()
        rest = min(int(rested / TOOLTIP_DELAY), 2), self.canvas.mouse
        if rest != self._rest:
            self._rest = rest
            self._explain(self._explained(rest[0]))

    def _explained(self, delays: int) -> Hit:
        if not delays:
            return Hit()
        hit = self._pointer.under_mouse()
        problems = problems_of(self._session.checked, self._session.graph_name)
        is_sound = hit.node is not None and hit.port is None and hit.node not in problems
        return Hit() if is_sound and delays < 2 else hit

    def _explain(self, hit: Hit) -> None:
        if hit != Hit() or self._explains:
            hover = Hover(self._session, captions_of(self._session))
            self.canvas.show_tooltip(hover.paragraphs(hit))
            self._explains = hit != Hit()
