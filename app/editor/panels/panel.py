"""A part of the window: it shows some of the session, and gives commands."""

from __future__ import annotations

import dearpygui.dearpygui as dpg

from app.editor.commands.commands import Commands
from app.editor.session.session import Part, Session
from app.editor.theme import theme
from app.editor.theme.area import Area
from app.editor.theme.widgets import Item


class Panel:
    """Subclasses build their widgets once, and keep them up to date with what they listen to.

    A panel knows the session and the commands, and no other panel.
    """

    tag = ""
    """Of the child window around it."""
    listens: frozenset[Part] = frozenset()
    """The parts of the session that it shows."""
    padding: tuple[int, int] | None = (12, 10)
    """Between its sides and its widgets; None for a panel within another."""
    scrolls = True

    def __init__(self, session: Session, commands: Commands, slot: Item) -> None:
        self._session, self._commands = session, commands
        self.area = Area(0, 0, 100, 100)
        self.root = self._make_root(slot)
        dpg.push_container_stack(self.root)
        self.build()
        dpg.pop_container_stack()

    def _make_root(self, slot: Item) -> Item:
        """The window of the panel's own, within its slot."""
        root: Item = dpg.add_child_window(
            parent=slot,
            tag=self.tag,
            border=False,
            no_scrollbar=not self.scrolls,
            no_scroll_with_mouse=not self.scrolls,
            always_use_window_padding=self.padding is not None,
        )
        if self.padding:
            dpg.bind_item_theme(root, theme.panel(*self.padding))
        return root

    def build(self) -> None:
        """Make the widgets, which go into the panel's own window."""

    def place(self, area: Area) -> None:
        """Take a place in the window."""
        self.area = area
        dpg.configure_item(self.root, pos=(area.x, area.y), width=area.width, height=area.height)

    def refresh(self, parts: frozenset[Part]) -> None:
        """Show what is true now of the parts that have changed."""

    def poll(self) -> None:
        """See to what nobody tells, such as time and scroll bars. Called at every frame, so it
        only looks.
        """

    def press(self, button: int) -> None:
        """A mouse button went down, anywhere in the window."""

    def move(self) -> None:
        """The mouse moved."""

    def release(self, button: int) -> None:
        """A mouse button went up."""

    def double_click(self) -> None:
        """The left button was pressed twice."""

    def turn_wheel(self, notches: float) -> None:
        """The wheel was turned, away from the user by a positive number."""

    def enter(self) -> None:
        """Enter was pressed."""

    def close(self) -> None:
        """The window closes."""
