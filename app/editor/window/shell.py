"""The window as commands know it: its questions, menus, sentences, canvas and clipboard."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path

import dearpygui.dearpygui as dpg

from app.editor.canvas.geometry import Point
from app.editor.canvas.scene import Port
from app.editor.commands.commands import Commands
from app.editor.commands.shell import Answer, Choice, Entry, Wanted
from app.editor.panels.canvas_panel import CanvasPanel
from app.editor.panels.footer import Footer
from app.editor.panels.quick_search import QuickSearch
from app.editor.panels.tabs import Tabs
from app.editor.theme.style import MUTED, Colour, scale
from app.editor.window.dialogs import Dialogs
from app.editor.window.layout import BAR
from app.editor.window.menu import Menu
from graphs.document.document import Node

LABEL = "inspector/label"
"""The field in which the label of the selected node is typed."""


class WindowShell:
    """Passes what commands ask on to the part of the window that does it."""

    canvas: CanvasPanel
    tabs: Tabs
    footer: Footer
    search: QuickSearch
    commands: Commands

    def __init__(self) -> None:
        self.dialogs = Dialogs()
        self.menu = Menu()
        self.is_closing = False
        """The window has been told to close."""

    def connect(
        self,
        commands: Commands,
        canvas: CanvasPanel,
        tabs: Tabs,
        footer: Footer,
        search: QuickSearch,
    ) -> None:
        """The parts of the window are there; they in turn were made with the commands."""
        self.commands, self.search = commands, search
        self.canvas, self.tabs, self.footer = canvas, tabs, footer

    @property
    def is_asking(self) -> bool:
        """A question or a list is in front of the window."""
        return self.dialogs.is_open or self.search.is_open or self.menu.is_open

    def say(self, text: str, colour: Colour = MUTED) -> None:
        self.footer.say(text, colour)

    def tell(self, title: str, text: str) -> None:
        self.dialogs.tell(title, text)

    def ask(self, title: str, text: str, answers: Sequence[Answer]) -> None:
        self.dialogs.ask(title, text, answers)

    def ask_name(
        self, title: str, text: str, name: str, action: Callable[[str], str | None]
    ) -> None:
        self.dialogs.ask_name(title, text, name, action)

    def ask_about_source(
        self, title: str, text: str, source: str, note: str, answers: Sequence[Answer]
    ) -> None:
        self.dialogs.ask_about_source(title, text, source, note, answers)

    def show_table(self, title: str, rows: Sequence[tuple[str, str]]) -> None:
        self.dialogs.show_table(title, rows)

    def choose_file(self, wanted: Wanted, action: Callable[[Path], object]) -> None:
        self.dialogs.choose_file(wanted, action)

    def choose(self, choices: Sequence[Choice], under: str) -> None:
        self.menu.open_list(choices, under, scale(BAR))

    def open_menu(self, entries: Sequence[Entry]) -> None:
        run, titled = self.commands.run, self.commands.titled
        self.menu.open([(titled(*entry), partial(run, *entry)) for entry in entries])

    def open_search(self, at: Point | None, wire_from: Port | None) -> None:
        at = at or self.canvas.place_of_mouse()
        self.search.open(at, self.canvas.canvas.on_window(at), wire_from)

    def show_tab(self, name: str) -> None:
        self.tabs.show(name)

    def frame(self, ids: Collection[str] | None = None) -> None:
        self.canvas.frame(ids)

    def zoom(self, factor: float) -> None:
        self.canvas.zoom(factor)

    @property
    def middle(self) -> Point:
        return self.canvas.middle

    def carry(self, node: Node) -> None:
        self.canvas.carry(node)

    def cancel_gesture(self) -> bool:
        return self.canvas.cancel()

    def edit_label(self) -> None:
        if dpg.does_item_exist(LABEL):
            dpg.focus_item(LABEL)

    def copy(self, text: str) -> None:
        dpg.set_clipboard_text(text)

    def copied(self) -> str:
        return str(dpg.get_clipboard_text())

    def close(self) -> None:
        self.is_closing = True
