"""What the mouse does on the canvas: begins gestures, moves them, ends them in one step of undo."""

from __future__ import annotations

import time
from typing import Protocol

import dearpygui.dearpygui as dpg

from app.editor.canvas.canvas import Canvas
from app.editor.canvas.geometry import Point
from app.editor.canvas.gestures import Board, BoxSelect, DragWire, DropNode, Gesture, MoveNodes, Pan
from app.editor.canvas.scene import Hit, Port
from app.editor.session.editing_session import EditorModel
from app.editor.theme import style
from app.editor.theme.style import scale
from graphs.document.edits import Edit

REACH = 9.0
"""From how far, in pixels, a port or wire is hit."""
SNAP = 26.0
"""From how far, in pixels, a port catches a wire's end."""
WHEEL_STEP = 1.15
CLICK = 4.0
"""A press that moves less than this many pixels is a click."""


class Desk(Protocol):
    """What the hand needs of the editor."""

    model: EditorModel
    canvas: Canvas

    @property
    def board(self) -> Board: ...

    def do(self, *edits: Edit, title: str) -> bool: ...

    def open_search(self, at: Point, wire_from: Port | None = None) -> None: ...

    def open_menu(self, id: str) -> None: ...


class Hand:
    """The gesture that goes on, if any, and what the mouse is over."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.gesture: Gesture | None = None
        self._button = 0
        self._pressed_at: Point = (0.0, 0.0)
        self._still_since = time.monotonic()
        self._last_mouse: Point = (-1.0, -1.0)

    @property
    def is_busy(self) -> bool:
        """A gesture goes on."""
        return self.gesture is not None

    @property
    def dragged_wire(self) -> DragWire | None:
        return self.gesture if isinstance(self.gesture, DragWire) else None

    @property
    def preview(self) -> tuple[Edit, ...]:
        """What is to be shown as if it were done."""
        if isinstance(self.gesture, MoveNodes):
            return self.gesture.edits
        if isinstance(self.gesture, DragWire):
            return self.gesture.without_picked
        return ()

    def rested(self) -> float:
        """For how many seconds the mouse has rested on the canvas with nothing in hand."""
        mouse = self._desk.canvas.mouse
        if mouse != self._last_mouse or self.gesture or not self._desk.canvas.is_hovered:
            self._last_mouse, self._still_since = mouse, time.monotonic()
        return time.monotonic() - self._still_since

    def under_mouse(self) -> Hit:
        """What is under the mouse."""
        return self._hit()

    def press(self, button: int) -> None:
        """A mouse button went down, anywhere in the window."""
        canvas = self._desk.canvas
        if self.gesture or not canvas.is_hovered:
            return
        self._pressed_at = canvas.mouse
        if button != dpg.mvMouseButton_Left or dpg.is_key_down(dpg.mvKey_Spacebar):
            self._begin(Pan(canvas.camera, canvas.mouse), button)
        else:
            self._press_left(self._hit())

    def double_click(self) -> str | None:
        """A double click over the canvas: the node under the mouse, if there is one."""
        if not self._desk.canvas.is_hovered:
            return None
        hit = self._hit()
        return hit.node if hit.port is None else None

    def begin_drop(self, gesture: DropNode) -> None:
        """A node is carried in from the palette."""
        self._begin(gesture, dpg.mvMouseButton_Left)

    def move(self) -> None:
        """The mouse moved."""
        canvas, gesture = self._desk.canvas, self.gesture
        if isinstance(gesture, DropNode) and not canvas.is_mouse_inside:
            gesture.leave()
        elif gesture:
            gesture.move(self._point(gesture))
            self._show_now(gesture)

    def release(self, button: int) -> None:
        """A mouse button went up."""
        if self.gesture is None or button != self._button:
            return
        self.move()
        gesture, self.gesture = self.gesture, None
        if isinstance(gesture, DropNode):
            self._drop(gesture)
        elif gesture.edits:
            self._desk.do(*gesture.edits, title=gesture.title)
        else:
            self._after_nothing(gesture)

    def cancel(self) -> bool:
        """Escape was pressed; False when nothing was going on."""
        if self.gesture is None:
            return False
        self.gesture.cancel()
        self._show_now(self.gesture)
        self.gesture = None
        return True

    def turn_wheel(self, notches: float) -> None:
        """The wheel zooms to the mouse."""
        canvas = self._desk.canvas
        if canvas.is_hovered and not isinstance(self.gesture, Pan):
            canvas.look_from(canvas.camera.zoomed(canvas.mouse, WHEEL_STEP**notches))

    def _hit(self) -> Hit:
        canvas = self._desk.canvas
        return canvas.picture.scene.hit(canvas.mouse_on_canvas, scale(REACH) / canvas.camera.zoom)

    def _begin(self, gesture: Gesture, button: int) -> None:
        self.gesture, self._button = gesture, button
        self._desk.model.stop_merging()

    def _press_left(self, hit: Hit) -> None:
        at = self._desk.canvas.mouse_on_canvas
        if hit.port:
            wire = DragWire(self._desk.board, hit.port, at)
            wire.reach_for(scale(SNAP) / self._desk.canvas.camera.zoom)
            self._begin(wire, dpg.mvMouseButton_Left)
        elif hit.node:
            self._press_node(hit.node, at)
        else:
            self._press_empty(hit, at)

    def _press_node(self, id: str, at: Point) -> None:
        model = self._desk.model
        chosen = model.selection
        if adding():
            model.select(chosen ^ {id})
        elif id not in chosen:
            model.select(frozenset({id}))
        if id in model.selection:
            move = MoveNodes(self._desk.board, id, model.selection, at)
            self._begin(move, dpg.mvMouseButton_Left)

    def _press_empty(self, hit: Hit, at: Point) -> None:
        model = self._desk.model
        kept = model.selection if adding() else frozenset()
        model.select(kept, hit.wire)
        if not hit.wire:
            self._begin(BoxSelect(self._desk.board, at, kept), dpg.mvMouseButton_Left)

    def _point(self, gesture: Gesture) -> Point:
        canvas = self._desk.canvas
        return canvas.mouse if isinstance(gesture, Pan) else canvas.mouse_on_canvas

    def _show_now(self, gesture: Gesture) -> None:
        if isinstance(gesture, Pan):
            self._desk.canvas.look_from(gesture.camera)
        elif isinstance(gesture, BoxSelect):
            self._desk.model.select(gesture.selection)

    def _drop(self, gesture: DropNode) -> None:
        if gesture.edits and self._desk.do(*gesture.edits, title=gesture.title):
            self._desk.model.select(frozenset({gesture.edits[0].id}))  # type: ignore[union-attr]

    def _after_nothing(self, gesture: Gesture) -> None:
        """A release that edits nothing: a click, or a wire let go over the empty canvas."""
        canvas = self._desk.canvas
        x, y = canvas.mouse
        is_click = abs(x - self._pressed_at[0]) + abs(y - self._pressed_at[1]) < CLICK
        if isinstance(gesture, Pan) and self._button == dpg.mvMouseButton_Right and is_click:
            hit = self._hit()
            if hit.node and not hit.port:
                self._desk.open_menu(hit.node)
            else:
                self._desk.open_search(canvas.mouse_on_canvas)
        elif isinstance(gesture, DragWire) and not (
            gesture.picked or is_click or self._hit() != Hit()
        ):
            self._desk.open_search(canvas.mouse_on_canvas, gesture.fixed)

    def draw(self) -> None:
        """Draw what belongs to the gesture over the canvas."""
        canvas, gesture = self._desk.canvas, self.gesture
        if isinstance(gesture, BoxSelect):
            canvas.draw_band(gesture.box)
        elif isinstance(gesture, DragWire):
            self._draw_wire(gesture)
        elif isinstance(gesture, DropNode) and gesture.place:
            canvas.draw_ghost(gesture.place, gesture.shape)

    def _draw_wire(self, gesture: DragWire) -> None:
        scene = self._desk.canvas.picture.scene
        fixed = scene.at(gesture.fixed.end, gesture.fixed.is_input)
        target = gesture.target
        loose = scene.at(target.end, target.is_input) if target else gesture.loose
        colour = style.WHITE
        if target:
            colour = style.ACCENT if gesture.fits(target) else style.WARNING
        ends = (loose, fixed) if gesture.fixed.is_input else (fixed, loose)
        self._desk.canvas.draw_loose_wire(*ends, colour)


def adding() -> bool:
    """Shift or Ctrl is held: a click adds to what is selected."""
    return bool(dpg.is_key_down(dpg.mvKey_ModShift) or dpg.is_key_down(dpg.mvKey_ModCtrl))
