"""Key presses become commands, unless a field is being typed into."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import dearpygui.dearpygui as dpg

from app.editor.commands.shortcuts import command_for
from app.editor.theme.widgets import is_typing

if TYPE_CHECKING:
    from app.editor.window.window import Editor

NAMES = {
    **{getattr(dpg, f"mvKey_{letter}"): letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
    dpg.mvKey_Delete: "Delete",
    dpg.mvKey_Back: "Backspace",
    dpg.mvKey_Tab: "Tab",
    dpg.mvKey_Escape: "Escape",
    dpg.mvKey_Return: "Enter",
    dpg.mvKey_Plus: "+",
    dpg.mvKey_Add: "+",
    dpg.mvKey_Minus: "-",
    dpg.mvKey_Subtract: "-",
    dpg.mvKey_F1: "F1",
    dpg.mvKey_Up: "Up",
    dpg.mvKey_Down: "Down",
}
"""What the keys are called."""
WHILE_TYPING = frozenset({"new", "open", "save", "save_as", "export", "help"})
"""Commands that work from within a field, too: no field has a use for their keys."""

REPEATING = frozenset("ZY+-") | {"Up", "Down"}
"""Keys that do their work again while they are held."""

HOLD = 0.6
"""For how many seconds a key is held before it repeats."""


class Keyboard:
    """Turns key presses into commands, for whatever is in front."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self._held: dict[int, float] = {}

    def release(self, key: int) -> None:
        """A key went up."""
        self._held.pop(key, None)

    def press(self, key: int) -> None:
        """A key went down, or is held and repeats."""
        name, now = NAMES.get(key), time.monotonic()
        is_first = key not in self._held
        since = self._held.setdefault(key, now)
        if name and (is_first or (name in REPEATING and now - since > HOLD)):
            self._do(name)

    def _do(self, name: str) -> None:
        if self._editor.dialogs.is_open:
            self._in_dialog(name)
        elif self._editor.quick_search.is_open:
            self._in_search(name)
        elif self._editor.menu.is_open:
            self._in_menu(name)
        else:
            self._in_window(name)

    def _in_dialog(self, name: str) -> None:
        if name == "Enter":
            self._editor.dialogs.enter()
        elif name == "Escape":
            self._editor.dialogs.cancel()

    def _in_menu(self, name: str) -> None:
        if name == "Escape":
            self._editor.menu.close()

    def _in_search(self, name: str) -> None:
        search = self._editor.quick_search
        actions = {"Enter": search.enter, "Escape": search.close}
        steps = {"Down": 1, "Up": -1}
        if name in actions:
            actions[name]()
        elif name in steps:
            search.step(steps[name])

    def _in_window(self, name: str) -> None:
        ctrl = dpg.is_key_down(dpg.mvKey_ModCtrl)
        command = command_for(name, ctrl, dpg.is_key_down(dpg.mvKey_ModShift))
        if name == "Enter":
            self._editor.palette.enter()
        elif command and (command in WHILE_TYPING or not is_typing()):
            self._editor.actions.run(command)
