"""Small lists to choose from: a menu of commands at the mouse, a list below a button."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import dearpygui.dearpygui as dpg

from app.editor.commands.shell import Choice
from app.editor.theme import style
from app.editor.theme.style import scale
from app.editor.theme.text_width import width
from app.editor.theme.theme import SIZE
from app.editor.theme.widgets import Item, words

ABOUT = 420
"""Pixels at which the words about a choice are wrapped, at scale 1."""


class Menu:
    """At most one menu at a time; a click beside it takes it away."""

    def __init__(self) -> None:
        self._window: Item | None = None

    @property
    def is_open(self) -> bool:
        return self._window is not None and bool(dpg.is_item_shown(self._window))

    def open(self, entries: Sequence[tuple[str, Callable[[], object]]]) -> None:
        """Open at the mouse, with words and what they do."""
        self.close()
        self._window = dpg.add_window(
            popup=True,
            no_title_bar=True,
            no_resize=True,
            autosize=True,
            pos=[round(part) for part in dpg.get_mouse_pos(local=False)],
            min_size=(scale(180), scale(30)),
            tag="menu",
        )
        widest = max((width(label, scale(SIZE)) for label, _ in entries), default=0)
        for index, (label, action) in enumerate(entries):
            dpg.add_selectable(
                label=label,
                tag=f"menu/{index}",
                parent=self._window,
                width=max(round(widest) + scale(12), scale(160)),
                callback=lambda _s, _a, action: self._choose(action),
                user_data=action,
            )

    def open_list(self, choices: Sequence[Choice], under: Item, top: int) -> None:
        """Open below a widget, `top` pixels down the window."""
        self.close()
        self._window = dpg.add_window(
            popup=True,
            no_title_bar=True,
            autosize=True,
            min_size=(scale(200), scale(30)),
            pos=(dpg.get_item_rect_min(under)[0], top),
        )
        for choice in choices:
            dpg.add_selectable(
                label=choice.label,
                tag=choice.tag,
                parent=self._window,
                callback=lambda _s, _a, action: self._choose(action),
                user_data=choice.action,
            )
            words(choice.about, style.MUTED, wrap=scale(ABOUT), parent=self._window)

    def close(self) -> None:
        """Take the menu away."""
        if self._window is not None:
            dpg.delete_item(self._window)
            self._window = None

    def _choose(self, action: Callable[[], object]) -> None:
        self.close()
        action()
