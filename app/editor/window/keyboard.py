"""Key presses become commands, unless a field is being typed into."""

from __future__ import annotations

import time
from collections.abc import Callable

import dearpygui.dearpygui as dpg

from app.editor.commands.table import command_for
from app.editor.theme.widgets import is_typing
from app.editor.window.shell import WindowShell

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
REPEATING = frozenset("ZY+-") | {"Up", "Down"}
"""Keys that do their work again while they are held."""

HOLD = 0.6
"""For how many seconds a key is held before it repeats."""


class Keyboard:
    """Turns key presses into commands, for whatever is in front. `enter` is what Enter does when
    that is the window.
    """

    def __init__(self, shell: WindowShell, enter: Callable[[], object]) -> None:
        self._shell, self._enter = shell, enter
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
        if self._shell.dialogs.is_open:
            self._in_dialog(name)
        elif self._shell.search.is_open:
            self._in_search(name)
        elif self._shell.menu.is_open:
            self._in_menu(name)
        else:
            self._in_window(name)

    def _in_dialog(self, name: str) -> None:
        if name == "Enter":
            self._shell.dialogs.enter()
        elif name == "Escape":
            self._shell.dialogs.cancel()

    def _in_menu(self, name: str) -> None:
        if name == "Escape":
            self._shell.menu.close()

    def _in_search(self, name: str) -> None:
        search = self._shell.search
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
            self._enter()
        elif command and (command.while_typing or not is_typing()):
            self._shell.commands.run(command.id)
