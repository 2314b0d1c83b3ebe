"""Runs the editor: looks for a screen, opens the window, and turns the loop until it is closed."""

from __future__ import annotations

import inspect
import logging
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.editor.session.editing_session import EditorModel
from app.editor.session.services import Services
from app.editor.theme import display
from graphs.document.document import Document
from graphs.document.document_io import DocumentError, read

if TYPE_CHECKING:
    from app.editor.window.window import Editor

log = logging.getLogger(__name__)
FULL_RATE = 60.0
IDLE_RATE = 5.0
"""Frames a second while something moves, and while nothing does."""
SIZE = (1480, 920)
"""Of the window at first, on a screen that is large enough."""


def run(path: Path | None, services: Services) -> int:
    """Open the editor on a file, or on an empty document, and return the exit code of the
    program.
    """
    probe = display.Probe()
    try:
        document = read(path) if path else Document()
    except DocumentError as error:
        print(error, file=sys.stderr)
        return 2
    if trouble := probe.trouble():
        print(trouble, file=sys.stderr)
        return 2
    width, height = (
        min(ours, theirs) for ours, theirs in zip(SIZE, probe.size or SIZE, strict=True)
    )
    return _run_window(EditorModel(document, path), services, width, height)


def _run_window(model: EditorModel, services: Services, width: int, height: int) -> int:
    import dearpygui.dearpygui as dpg

    from app.editor.theme import theme
    from app.editor.window.window import Editor

    dpg.create_context()
    dpg.configure_app(manual_callback_management=True)
    try:
        dpg.create_viewport(
            title="Patchbay", width=width, height=height, x_pos=0, y_pos=0, disable_close=True
        )
        dpg.setup_dearpygui()
        editor = Editor(model, services)
        dpg.show_viewport()
        dpg.set_primary_window(editor.window, True)
        editor.begin()
        _loop(editor)
    finally:
        dpg.destroy_context()
        theme.forget()
    return 0


def _loop(editor: Editor) -> None:
    """Callbacks, tick, render: all on this thread. Nothing but Dear PyGui is imported before the
    first frame.
    """
    import dearpygui.dearpygui as dpg

    dpg.render_dearpygui_frame()
    editor.load_rest()
    while dpg.is_dearpygui_running() and not editor.closing:
        began = time.monotonic()
        for job in dpg.get_callback_queue() or []:
            _guarded(editor, _call, job)
        _guarded(editor, type(editor).tick, editor)
        dpg.render_dearpygui_frame()
        _pace(editor, began)
    editor.end()


def _call(job: tuple[Any, ...]) -> None:
    callback, *arguments = job
    if callback is not None:
        callback(*arguments[: len(inspect.signature(callback).parameters)])


def _guarded(editor: Editor, action: Any, argument: Any) -> None:
    """One job at a time, so that a fault in one does not lose the others."""
    try:
        action(argument)
    except Exception as error:
        log.exception("a callback failed")
        editor.report(error)


def _pace(editor: Editor, began: float) -> None:
    """Sleep until the next frame is due; the display need not hold the loop back, and does not
    under Xvfb.
    """
    rate = FULL_RATE if editor.is_awake else IDLE_RATE
    rest = 1 / rate - (time.monotonic() - began)
    if rest > 0:
        time.sleep(rest)
