"""What the mouse does on the canvas: begins gestures, moves them, ends them in one step of undo."""

from __future__ import annotations

import time
from typing import Protocol

import dearpygui.dearpygui as dpg

from app.editor.canvas.canvas import Canvas
from app.editor.canvas.drawing import Drawing
from app.editor.canvas.geometry import Point
from app.editor.canvas.gestures import BoxSelect, DragWire, DropNode, Gesture, MoveNodes, Pan
from app.editor.canvas.scene import Hit
from app.editor.session.session import Session
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


class Doer(Protocol):
    """Where gestures end: in edits, or in a command."""

    def do(self, *edits: Edit, title: str) -> bool:
        """Apply edits as one step of undo; False when they do not fit."""

    def run(self, name: str, *given: object) -> object:
        """Do what a command says."""


class Pointer:
    """The gesture that goes on, if any, and what the mouse is over."""

    def __init__(self, session: Session, canvas: Canvas, drawing: Drawing, doer: Doer) -> None:
        self._session, self._canvas = session, canvas
        self._drawing, self._doer = drawing, doer
        self.gesture: Gesture | None = None
        self._button = 0
        self._pressed_at: Point = (0.0, 0.0)
        self._still_since = time.monotonic()
        self._last_mouse: Point = (-1.0, -1.0)

    @property
    def dragged_wire(self) -> DragWire | None:
        """The wire that is in the hand."""
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
        mouse = self._canvas.mouse
        if mouse != self._last_mouse or self.gesture or not self._canvas.is_hovered:
            self._last_mouse, self._still_since = mouse, time.monotonic()
        return time.monotonic() - self._still_since

    def press(self, button: int) -> None:
        """A mouse button went down, anywhere in the window."""
        canvas = self._canvas
        if self.gesture or not canvas.is_hovered:
            return
        self._pressed_at = canvas.mouse
        if button != dpg.mvMouseButton_Left or dpg.is_key_down(dpg.mvKey_Spacebar):
            self._begin(Pan(canvas.camera, canvas.mouse), button)
        else:
            self._press_left(self.under_mouse())

    def double_click(self) -> str | None:
        """A double click over the canvas: the node under the mouse, if there is one."""
        if not self._canvas.is_hovered:
            return None
        hit = self.under_mouse()
        return hit.node if hit.port is None else None

    def begin_drop(self, gesture: DropNode) -> None:
        """A node is carried in from the palette."""
        self._begin(gesture, dpg.mvMouseButton_Left)

    def move(self) -> None:
        """The mouse moved."""
        canvas, gesture = self._canvas, self.gesture
        if gesture is None:
            return
        if isinstance(gesture, DropNode) and not canvas.is_mouse_inside:
            gesture.leave()
        else:
            gesture.move(self._point(gesture))
            self._show_now(gesture)
        self._session.show_gesture(self.preview)

    def release(self, button: int) -> None:
        """A mouse button went up."""
        if self.gesture is None or button != self._button:
            return
        self.move()
        gesture, self.gesture = self.gesture, None
        self._session.end_gesture()
        if isinstance(gesture, DropNode):
            self._drop(gesture)
        elif gesture.edits:
            self._doer.do(*gesture.edits, title=gesture.title)
        else:
            self._after_nothing(gesture)

    def cancel(self) -> bool:
        """Escape was pressed; False when nothing was going on."""
        if self.gesture is None:
            return False
        self.gesture.cancel()
        self._show_now(self.gesture)
        self.gesture = None
        self._session.end_gesture()
        return True

    def turn_wheel(self, notches: float) -> None:
        """The wheel zooms to the mouse."""
        canvas = self._canvas
        if canvas.is_hovered and not isinstance(self.gesture, Pan):
            canvas.look_from(canvas.camera.zoomed(canvas.mouse, WHEEL_STEP**notches))

    def under_mouse(self) -> Hit:
        """What is under the mouse."""
        canvas = self._canvas
        return canvas.picture.scene.hit(canvas.mouse_on_canvas, scale(REACH) / canvas.camera.zoom)

    def _begin(self, gesture: Gesture, button: int) -> None:
        self.gesture, self._button = gesture, button
        self._session.stop_merging()
        self._session.show_gesture()

    def _press_left(self, hit: Hit) -> None:
        at = self._canvas.mouse_on_canvas
        if hit.port:
            wire = DragWire(self._drawing.board, hit.port, at)
            wire.reach_for(scale(SNAP) / self._canvas.camera.zoom)
            self._begin(wire, dpg.mvMouseButton_Left)
        elif hit.node:
            self._press_node(hit.node, at)
        else:
            self._press_empty(hit, at)

    def _press_node(self, id: str, at: Point) -> None:
        session = self._session
        chosen = session.selection
        if adding():
            session.select(chosen ^ {id})
        elif id not in chosen:
            session.select(frozenset({id}))
        if id in session.selection:
            move = MoveNodes(self._drawing.board, id, session.selection, at)
            self._begin(move, dpg.mvMouseButton_Left)

    def _press_empty(self, hit: Hit, at: Point) -> None:
        session = self._session
        kept = session.selection if adding() else frozenset()
        session.select(kept, hit.wire)
        if not hit.wire:
            self._begin(BoxSelect(self._drawing.board, at, kept), dpg.mvMouseButton_Left)

    def _point(self, gesture: Gesture) -> Point:
        canvas = self._canvas
        return canvas.mouse if isinstance(gesture, Pan) else canvas.mouse_on_canvas

    def _show_now(self, gesture: Gesture) -> None:
        if isinstance(gesture, Pan):
            self._canvas.look_from(gesture.camera)
        elif isinstance(gesture, BoxSelect):
            self._session.select(gesture.selection)

    def _drop(self, gesture: DropNode) -> None:
        if gesture.edits and self._doer.do(*gesture.edits, title=gesture.title):
            self._session.select(frozenset({gesture.edits[0].id}))  # type: ignore[union-attr]

    def _after_nothing(self, gesture: Gesture) -> None:
        """A release that edits nothing: a click, or a wire let go over the empty canvas."""
        canvas = self._canvas
        x, y = canvas.mouse
        is_click = abs(x - self._pressed_at[0]) + abs(y - self._pressed_at[1]) < CLICK
        if isinstance(gesture, Pan) and self._button == dpg.mvMouseButton_Right and is_click:
            hit = self.under_mouse()
            if hit.node and not hit.port:
                self._doer.run("menu_of_node", hit.node)
            else:
                self._doer.run("search", canvas.mouse_on_canvas)
        elif isinstance(gesture, DragWire) and not (
            gesture.picked or is_click or self.under_mouse() != Hit()
        ):
            self._doer.run("search", canvas.mouse_on_canvas, gesture.fixed)

    def draw(self) -> None:
        """Draw what belongs to the gesture over the canvas."""
        canvas, gesture = self._canvas, self.gesture
        if isinstance(gesture, BoxSelect):
            canvas.draw_band(gesture.box)
        elif isinstance(gesture, DragWire):
            self._draw_wire(gesture)
        elif isinstance(gesture, DropNode) and gesture.place:
            canvas.draw_ghost(gesture.place, gesture.shape)

    def _draw_wire(self, gesture: DragWire) -> None:
        scene = self._canvas.picture.scene
        fixed = scene.at(gesture.fixed.end, gesture.fixed.is_input)
        target = gesture.target
        loose = scene.at(target.end, target.is_input) if target else gesture.loose
        colour = style.WHITE
        if target:
            colour = style.ACCENT if gesture.fits(target) else style.WARNING
        ends = (loose, fixed) if gesture.fixed.is_input else (fixed, loose)
        self._canvas.draw_loose_wire(*ends, colour)


def adding() -> bool:
    """Shift or Ctrl is held: a click adds to what is selected."""
    return bool(dpg.is_key_down(dpg.mvKey_ModShift) or dpg.is_key_down(dpg.mvKey_ModCtrl))
