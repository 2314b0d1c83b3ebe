"""The window: puts the panels into their slots, passes events on, and between two frames lets what
has changed be shown.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Protocol, get_args

import dearpygui.dearpygui as dpg

from app.editor.commands.commands import Commands
from app.editor.commands.table import TABLE
from app.editor.inspector.inspector import Inspector
from app.editor.panels.canvas_panel import CanvasPanel
from app.editor.panels.footer import Footer
from app.editor.panels.palette import Palette
from app.editor.panels.quick_search import QuickSearch
from app.editor.panels.run_controls import RunControls
from app.editor.panels.tabs import Tabs
from app.editor.panels.toolbar import Toolbar
from app.editor.session.analyst import Analyst, Asked
from app.editor.session.session import Part, Session
from app.editor.session.wording import sentence
from app.editor.theme import theme
from app.editor.window.keyboard import Keyboard
from app.editor.window.layout import lay_out
from app.editor.window.shell import WindowShell
from app.editor.window.splitter import Splitter
from app.editor.window.test_channel import open_channel
from graphs.document.edits import EditError

log = logging.getLogger(__name__)
AWAKE = 1.2
"""For how many seconds after an event the window paints at full rate."""


class Listener(Protocol):
    """What is told when parts of the session have changed."""

    @property
    def listens(self) -> frozenset[Part]:
        """The parts that it wants to hear of."""

    def refresh(self, parts: frozenset[Part]) -> None:
        """Some of them have changed."""


class TitleBar:
    """The title that the system shows of the window."""

    listens: frozenset[Part] = frozenset({"document", "file"})

    def __init__(self, session: Session) -> None:
        self._session = session

    def refresh(self, parts: frozenset[Part]) -> None:
        """The name may be another one."""
        mark = "● " if self._session.history.is_dirty else ""
        dpg.set_viewport_title(f"{mark}{self._session.name} — Patchbay")


class Window:
    """One session on the screen."""

    def __init__(self, session: Session, checker: Asked) -> None:
        theme.fonts()
        theme.use_dark_theme()
        self.root = dpg.add_window(no_scrollbar=True, no_scroll_with_mouse=True)
        dpg.bind_item_theme(self.root, theme.frame())
        self.shell = WindowShell()
        self._session, self._commands = session, Commands(session, self.shell, TABLE)
        self._stale: set[Part] = set(get_args(Part)) - {"failure"}
        session.listeners.append(self._changed)
        self._awake_until = 0.0
        self._build_panels()
        self._analyst = Analyst(session, checker)
        self._listeners: tuple[Listener, ...] = (
            self._analyst,
            TitleBar(session),
            self.shell.search,
            *self._slots.values(),
        )
        self._splitter = Splitter(self.resize, lambda: self.shell.is_asking)
        self._keyboard = Keyboard(self.shell, self._enter)
        self._handle_events()

    def _build_panels(self) -> None:
        given = (self._session, self._commands, self.root)
        canvas, tabs, footer = CanvasPanel(*given), Tabs(*given), Footer(*given)
        inspector, controls = Inspector(*given), RunControls(*given)
        self._slots = {
            "bar": Toolbar(*given),
            "palette": Palette(*given),
            "canvas": canvas,
            "bottom": tabs,
            "inspector": inspector,
            "run": controls,
            "footer": footer,
        }
        search = QuickSearch(self._session, self._commands)
        self.shell.connect(self._commands, canvas, tabs, footer, search)
        self._channel = open_channel(self._session, canvas, footer, inspector, controls)

    def _handle_events(self) -> None:
        with dpg.handler_registry():
            dpg.add_mouse_click_handler(callback=lambda _, button: self._press(button))
            dpg.add_mouse_double_click_handler(callback=lambda _, button: self._twice(button))
            dpg.add_mouse_release_handler(callback=lambda _, button: self._release(button))
            dpg.add_mouse_move_handler(callback=lambda: self._move())
            dpg.add_mouse_wheel_handler(callback=lambda _, notches: self._wheel(notches))
            dpg.add_key_press_handler(callback=lambda _, key: self._key(key))
            dpg.add_key_release_handler(callback=lambda _, key: self._keyboard.release(key))
        dpg.set_viewport_resize_callback(lambda: self.resize())
        dpg.set_exit_callback(lambda: self._leave())

    def _press(self, button: int) -> None:
        self.wake()
        if button == dpg.mvMouseButton_Left and self._splitter.press():
            return
        for panel in self._slots.values():
            panel.press(button)

    def _twice(self, button: int) -> None:
        self.wake()
        for panel in self._slots.values() if button == dpg.mvMouseButton_Left else ():
            panel.double_click()

    def _release(self, button: int) -> None:
        self.wake()
        self._splitter.release()
        for panel in self._slots.values():
            panel.release(button)

    def _move(self) -> None:
        self.wake()
        self._splitter.move()
        for panel in self._slots.values():
            panel.move()

    def _wheel(self, notches: float) -> None:
        self.wake()
        for panel in self._slots.values():
            panel.turn_wheel(notches)

    def _key(self, key: int) -> None:
        self.wake()
        self._keyboard.press(key)

    def _enter(self) -> None:
        for panel in self._slots.values():
            panel.enter()

    def _leave(self) -> None:
        """The window's close button."""
        self.wake()
        self._commands.run("close")

    def _changed(self, parts: frozenset[Part]) -> None:
        self._stale |= parts
        self.wake()

    def wake(self) -> None:
        """Something happened: paint at full rate for a while."""
        self._awake_until = time.monotonic() + AWAKE

    @property
    def is_awake(self) -> bool:
        """Something moves."""
        return self._session.is_busy or time.monotonic() < self._awake_until

    @property
    def is_closing(self) -> bool:
        """The user wants the window closed."""
        return self.shell.is_closing

    def begin(self) -> None:
        """The window is about to appear: put everything in its place, from the document alone."""
        self.resize()
        self.shell.frame()
        self.frame()

    def load_rest(self) -> None:
        """The first frame is on the screen: see what earlier editors have left."""
        self._commands.run("recover")
        self._commands.run("attach")

    def close(self) -> None:
        """The window is closed."""
        for panel in self._slots.values():
            panel.close()
        self._session.close()

    def resize(self) -> None:
        """The window, or the share of a panel in it, has another size."""
        self.wake()
        size = dpg.get_viewport_client_width(), dpg.get_viewport_client_height()
        layout = lay_out(*size, self._splitter.height)
        for slot, area in vars(layout).items():
            self._slots[slot].place(area)
        self._splitter.area = layout.bottom

    def frame(self) -> None:
        """What happens between two frames: news, then what has changed, to whom it concerns."""
        self.guard(self._session.inbox.drain)
        parts, self._stale = frozenset(self._stale), set()
        for listener in self._listeners:
            if heard := parts & listener.listens:
                self.guard(partial(listener.refresh, heard))
        self.guard(self._analyst.poll)
        for panel in self._slots.values():
            self.guard(panel.poll)
        self.guard(self.shell.dialogs.update)
        if self._channel:
            self.guard(self._channel.answer)

    def guard(self, action: Callable[[], object]) -> None:
        """Do one thing, so that a fault in it does not lose the others."""
        try:
            action()
        except EditError as error:
            self._session.fail(sentence(str(error)))
        except Exception as error:
            log.exception("a callback failed")
            self._session.fail(f"That did not work: {error}. The log has the details.")
