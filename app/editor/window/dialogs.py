"""Questions to the user: modal windows of our own, and the system's file dialog in a child
process.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import dearpygui.dearpygui as dpg

from app.editor.commands.shell import Answer, Wanted
from app.editor.theme import style, theme
from app.editor.theme.style import scale
from app.editor.theme.widgets import Item, button, text_field, words
from app.runs.processes import ROOT, environment, module_command
from graphs.system.json_child import ChildError, JsonChild

WIDTH = 460
SOURCE = 860, 430
"""Width of the window, and height of the pane, in which a program is shown."""
TABLE = 780
"""Width of the window in which a table is shown."""


class Dialogs:
    """At most one question at a time; while it is open the rest of the window waits."""

    def __init__(self) -> None:
        self._window: Item | None = None
        self._enter: Callable[[], object] | None = None
        self._child: JsonChild | None = None
        self._wanted: tuple[Wanted, Callable[[Path], object]] | None = None

    @property
    def is_open(self) -> bool:
        return self._window is not None

    def ask(self, title: str, text: str, answers: Sequence[Answer]) -> None:
        """A question with a button for each answer; the first is the usual one, Enter gives it."""
        window = self._open(title, lambda: None)
        words(text, parent=window, wrap=scale(WIDTH - 30))
        self._add_answers(window, answers)
        self._enter = lambda: self._answer(answers[0][1])

    def ask_about_source(
        self, title: str, text: str, source: str, note: str, answers: Sequence[Answer]
    ) -> None:
        """A question about a program, which is shown whole; Enter gives no answer."""
        wide, high = SOURCE
        window = self._open(title, lambda: None, wide)
        words(text, parent=window, wrap=scale(wide - 30))
        dpg.add_spacer(height=scale(6), parent=window)
        pane = dpg.add_child_window(
            parent=window, width=scale(wide - 24), height=scale(high), horizontal_scrollbar=True
        )
        shown = dpg.add_text(source, parent=pane, tag="trust/source")
        dpg.bind_item_font(shown, theme.fonts().mono)
        words(note, style.MUTED, parent=window)
        self._add_answers(window, answers)

    def _add_answers(self, window: Item, answers: Sequence[Answer]) -> None:
        dpg.add_spacer(height=scale(8), parent=window)
        with dpg.group(horizontal=True, parent=window):
            for index, (label, action) in enumerate(answers):
                answer = lambda action=action: self._answer(action)  # noqa: E731
                item = button(label, answer, tag=f"dialog/{index}")
                if index == 0:
                    dpg.bind_item_theme(item, theme.filled(style.ACCENT))

    def show_table(self, title: str, rows: Sequence[tuple[str, str]]) -> None:
        """Rows of two columns; Enter, Escape or its button closes them."""
        window = self._open(title, self.close, TABLE)
        with dpg.table(header_row=False, parent=window, policy=dpg.mvTable_SizingFixedFit):
            dpg.add_table_column()
            dpg.add_table_column()
            for left, right in rows:
                with dpg.table_row():
                    words(left, style.ACCENT, wrap=-1)
                    words(right, wrap=-1)
        dpg.add_spacer(height=scale(8), parent=window)
        button("Close", self.close, parent=window, tag="dialog/0")

    def ask_name(
        self, title: str, text: str, name: str, action: Callable[[str], str | None]
    ) -> None:
        """A question for a name; `action` takes it, or gives back one sentence that refuses it."""
        window = self._open(title, lambda: None)
        words(text, parent=window, wrap=scale(WIDTH - 30))
        field = text_field(
            tag="dialog/name", parent=window, default_value=name, width=scale(WIDTH - 24)
        )
        wrong = words(
            "", style.ERROR, parent=window, show=False, wrap=scale(WIDTH - 30), tag="dialog/wrong"
        )

        def accept() -> None:
            if complaint := action(dpg.get_value(field).strip()):
                dpg.configure_item(wrong, show=True)
                dpg.set_value(wrong, complaint)
            else:
                self.close()

        self._accept(window, "OK", accept)
        dpg.focus_item(field)

    def _accept(self, window: Item, label: str, accept: Callable[[], object]) -> None:
        """The buttons under a field; Enter is the first."""
        self._enter = accept
        with dpg.group(horizontal=True, parent=window):
            item = button(label, accept, tag="dialog/0")
            dpg.bind_item_theme(item, theme.filled(style.ACCENT))
            button("Cancel", self.cancel, tag="dialog/cancel")

    def tell(self, title: str, text: str) -> None:
        """Something to be read."""
        self.ask(title, text, [("OK", lambda: None)])

    def choose_file(self, wanted: Wanted, action: Callable[[Path], object]) -> None:
        """Let the user choose a file, and act on its path."""
        if os.environ.get("PATCHBAY_FILE_DIALOG") == "plain":
            self._ask_path(wanted, action)
            return
        self._wanted = wanted, action
        self._child = _start_dialog(wanted)
        window = self._open(wanted.title, lambda: None)
        words("Choose a file in the dialog that has opened.", style.MUTED, parent=window)
        button("Cancel", self.cancel, parent=window, tag="dialog/cancel")

    def update(self) -> None:
        """See whether the file dialog has an answer."""
        if self._child is None or self._wanted is None:
            return
        wanted, action = self._wanted
        try:
            chosen = self._child.take()
        except ChildError:  # there is no dialog to be shown
            self.cancel()
            self._ask_path(wanted, action)
            return
        if chosen is not None:
            self.cancel()
            for path in chosen:
                action(Path(path))

    def enter(self) -> None:
        """Enter was pressed."""
        if self._enter:
            self._enter()

    def cancel(self) -> None:
        """Escape was pressed: no answer."""
        if self._child:
            self._child.stop()
            self._child = self._wanted = None
        self.close()

    def close(self) -> None:
        """Take the question away."""
        if self._window is not None:
            dpg.delete_item(self._window)
            self._window = self._enter = None

    def _answer(self, action: Callable[[], object]) -> None:
        self.close()
        action()

    def _open(self, title: str, enter: Callable[[], object], width: int = WIDTH) -> Item:
        self.close()
        self._enter = enter
        x = (dpg.get_viewport_client_width() - scale(width)) // 2
        self._window = dpg.add_window(
            label=title,
            modal=True,
            no_resize=True,
            no_collapse=True,
            no_close=True,
            no_move=True,
            autosize=True,
            pos=(max(x, 0), scale(190 if width == WIDTH else 60)),
            min_size=(scale(width), scale(60)),
            tag="dialog",
        )
        return self._window

    def _ask_path(self, wanted: Wanted, action: Callable[[Path], object]) -> None:
        """A plain question for a path, where there is no file dialog."""
        window = self._open(wanted.title, lambda: None)
        words("The path of the file:", style.MUTED, parent=window)
        start = str(wanted.folder / wanted.name)
        field = text_field(
            tag="dialog/path", parent=window, default_value=start, width=scale(WIDTH - 24)
        )
        wrong = words("", style.ERROR, parent=window, show=False, wrap=scale(WIDTH - 30))

        def accept() -> None:
            path = Path(dpg.get_value(field)).expanduser()
            if complaint := _complaint(wanted.kind, path):
                dpg.configure_item(wrong, show=True)
                dpg.set_value(wrong, complaint)
            else:
                self._answer(lambda: action(path))

        self._accept(window, "Open" if wanted.kind == "open" else "Save", accept)
        dpg.focus_item(field)


def _complaint(kind: Literal["open", "save"], path: Path) -> str | None:
    if kind == "open" and not path.is_file():
        return f"There is no file {path}."
    if path.is_dir():
        return f"{path} is a folder; add a name."
    if not path.parent.is_dir():
        return f"There is no folder {path.parent}."
    return None


def _start_dialog(wanted: Wanted) -> JsonChild:
    words_ = [wanted.kind, wanted.title, str(wanted.folder / wanted.name), wanted.pattern]
    command = module_command("app.monitor.window.file_dialog", *words_)
    return JsonChild(command, ROOT, environment())
