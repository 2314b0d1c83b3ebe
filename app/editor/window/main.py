"""Runs the editor: looks for a screen, opens the window, and turns the loop until it is closed."""

from __future__ import annotations

import inspect
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.editor.session.analyst import receive
from app.editor.session.checker_thread import Checker
from app.editor.session.session import Session
from app.editor.session.training import Services
from app.editor.theme import display
from graphs.document.document import Document
from graphs.document.document_io import DocumentError, read

if TYPE_CHECKING:
    from app.editor.window.window import Window

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
    session = Session(document, path, services)
    session.keep_journal()
    return _run_window(session, width, height)


def _run_window(session: Session, width: int, height: int) -> int:
    import dearpygui.dearpygui as dpg

    from app.editor.theme import theme
    from app.editor.window.window import Window

    checker = Checker(lambda news: session.inbox.post(partial(receive, session, news)))
    dpg.create_context()
    dpg.configure_app(manual_callback_management=True)
    try:
        dpg.create_viewport(
            title="Patchbay", width=width, height=height, x_pos=0, y_pos=0, disable_close=True
        )
        dpg.setup_dearpygui()
        window = Window(session, checker)
        dpg.show_viewport()
        dpg.set_primary_window(window.root, True)
        window.begin()
        _loop(window, checker)
    finally:
        dpg.destroy_context()
        theme.forget()
    return 0


def _loop(window: Window, checker: Checker) -> None:
    """Callbacks, what has changed, render: all on this thread. Nothing but Dear PyGui is imported
    before the first frame.
    """
    import dearpygui.dearpygui as dpg

    dpg.render_dearpygui_frame()
    checker.start()
    window.guard(window.load_rest)
    while dpg.is_dearpygui_running() and not window.is_closing:
        began = time.monotonic()
        for job in dpg.get_callback_queue() or []:
            window.guard(partial(_call, job))
        window.frame()
        dpg.render_dearpygui_frame()
        _pace(window, began)
    checker.stop()
    window.close()


def _call(job: tuple[Any, ...]) -> None:
    callback, *arguments = job
    if callback is not None:
        callback(*arguments[: len(inspect.signature(callback).parameters)])


def _pace(window: Window, began: float) -> None:
    """Sleep until the next frame is due; the display need not hold the loop back, and does not
    under Xvfb.
    """
    rate = FULL_RATE if window.is_awake else IDLE_RATE
    rest = 1 / rate - (time.monotonic() - began)
    if rest > 0:
        time.sleep(rest)
