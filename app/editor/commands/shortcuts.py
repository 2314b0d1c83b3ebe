"""The keyboard: which keys do what, for the window, its help and its tooltips. No GUI."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Shortcut:
    """Keys that do something. The first of `keys` is the one that tooltips show."""

    command: str
    keys: tuple[str, ...]
    text: str


SHORTCUTS = (
    Shortcut("new", ("Ctrl+N",), "New document"),
    Shortcut("open", ("Ctrl+O",), "Open a document"),
    Shortcut("save", ("Ctrl+S",), "Save"),
    Shortcut("save_as", ("Ctrl+Shift+S",), "Save under another name"),
    Shortcut("export", ("Ctrl+E",), "Export as a Python file"),
    Shortcut("undo", ("Ctrl+Z",), "Undo"),
    Shortcut("redo", ("Ctrl+Shift+Z", "Ctrl+Y"), "Redo"),
    Shortcut("cut", ("Ctrl+X",), "Cut"),
    Shortcut("copy", ("Ctrl+C",), "Copy"),
    Shortcut("paste", ("Ctrl+V",), "Paste"),
    Shortcut("duplicate", ("Ctrl+D",), "Duplicate"),
    Shortcut("select_all", ("Ctrl+A",), "Select all"),
    Shortcut("make_block", ("Ctrl+B",), "Make a block of what is selected"),
    Shortcut("unmake_block", ("Ctrl+Shift+B",), "Take the selected block apart"),
    Shortcut("leave", ("U",), "Leave the block: show the graph around it"),
    Shortcut("remove", ("Delete", "Backspace"), "Remove what is selected"),
    Shortcut("search", ("Tab",), "Add a node at the mouse (also a right click on the canvas)"),
    Shortcut("arrange", ("L",), "Lay the graph out from left to right"),
    Shortcut("frame", ("F",), "Show the whole graph"),
    Shortcut("zoom_in", ("+",), "Zoom in (also the wheel)"),
    Shortcut("zoom_out", ("-",), "Zoom out"),
    Shortcut("escape", ("Escape",), "Let go, or select nothing"),
    Shortcut("help", ("F1",), "This list"),
)

MOUSE = (
    ("Drag from the palette", "Add a node"),
    ("Drag from port to port", "Lay a wire; let go over the canvas to choose what to add"),
    ("Drag a wire off its input", "Plug it in elsewhere, or take it away"),
    ("Double click on a block", "Open it; the path at the top leads back"),
    ("Right click on a node", "What can be done with it"),
    ("Click on an optimizer", "Light up what its gradient reaches"),
    ("Drag over the canvas", "Select with a box; Shift or Ctrl adds"),
    ("Middle or right drag, Space and drag", "Push the canvas"),
    ("Wheel", "Zoom to the mouse"),
)


def command_for(key: str, ctrl: bool, shift: bool) -> str | None:
    """What a key does with these modifiers held; None when nothing."""
    pressed = "+".join([*["Ctrl"] * ctrl, *["Shift"] * shift, key])
    plain = "+".join([*["Ctrl"] * ctrl, key])
    for wanted in (pressed, plain) if key in "+-" else (pressed,):
        for shortcut in SHORTCUTS:
            if wanted in shortcut.keys:
                return shortcut.command
    return None


def hint(command: str) -> str:
    """What a tooltip says of a command: `Undo (Ctrl+Z)`."""
    shortcut = next(s for s in SHORTCUTS if s.command == command)
    return f"{shortcut.text} ({shortcut.keys[0]})"
