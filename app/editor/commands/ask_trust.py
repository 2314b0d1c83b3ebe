"""Trust in a Python file that the document names: a look at its source, and what trust means."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import dearpygui.dearpygui as dpg

from app.editor.canvas.hover import sentence
from app.editor.commands.add_nodes import apply_edits
from app.editor.theme import style
from app.editor.theme.style import scale
from app.editor.theme.widgets import Item, words

if TYPE_CHECKING:
    from app.editor.session.editing_session import EditorModel
    from app.editor.window.window import Editor
    from graphs.custom.python_files import PythonFile
    from graphs.document.problems import Fix

WIDTH = 860
HEIGHT = 430
MEANING = (
    "This file is a program. Once you trust it, it can do all that you can do on this computer: "
    "read and change your files, use the network. Nothing in it has run so far. Trust it if you "
    "wrote it, or if you have read it and know who did. That is remembered on this computer for "
    "exactly this text: when the file changes, you are asked again."
)


def ask_for_trust(editor: Editor, fix: Fix) -> None:
    """Show a file that a fix trusts; when the user trusts it, do the fix."""
    from graphs.custom.python_files import read_python
    from graphs.nodetypes.node_type import Misfit

    try:
        file = read_python(editor.model.folder, fix.trusts)
    except Misfit as misfit:
        editor.dialogs.tell("That cannot be looked at", sentence(str(misfit)))
        return
    editor.dialogs.choose(
        f"Trust {file.name}?",
        lambda window: _fill(window, editor, file),
        [("Trust this file", lambda: _trust(editor, fix, file)), ("Cancel", lambda: None)],
        WIDTH,
    )


def _fill(window: Item, editor: Editor, file: PythonFile) -> None:
    words(MEANING, parent=window, wrap=scale(WIDTH - 30))
    dpg.add_spacer(height=scale(6), parent=window)
    pane = dpg.add_child_window(
        parent=window, width=scale(WIDTH - 24), height=scale(HEIGHT), horizontal_scrollbar=True
    )
    source = dpg.add_text(file.text, parent=pane, tag="trust/source")
    dpg.bind_item_font(source, editor.fonts.mono)
    words(f"SHA-256 {file.digest}", style.MUTED, parent=window)


def _trust(editor: Editor, fix: Fix, file: PythonFile) -> None:
    """Remember it, for the text that was shown."""
    from graphs.custom.trust import trust

    try:
        trust(file.digest, file.name)
    except OSError as error:
        editor.say(f"That cannot be remembered: {error.strerror or error}.", style.ERROR)
        return
    apply_edits(editor, fix)
    editor.check_again()


class Watched:
    """The Python files of the document, as they stand on the disk."""

    def __init__(self) -> None:
        self._checked: object = None
        self._names: tuple[str, ...] = ()

    def stamps(self, model: EditorModel) -> tuple[tuple[int, int], ...]:
        """Something that differs when one of them has changed."""
        if model.checked is not self._checked:
            self._checked = model.checked
            graphs = model.checked.graphs.values() if model.checked else ()
            types = (type_ for graph in graphs for type_ in graph.types.values())
            self._names = tuple({name: None for type_ in types for name in type_.python_files})
        folder = model.folder
        return tuple(_stamp(folder / name) for name in self._names) if folder else ()


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size
