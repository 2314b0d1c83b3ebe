"""The parameters of the graph that is shown: names and numbers that its nodes may refer to."""

from __future__ import annotations

from functools import partial

import dearpygui.dearpygui as dpg

from app.editor.commands.commands import Commands
from app.editor.inspector.forms import given_text
from app.editor.session.block_uses import set_parameter
from app.editor.session.session import Session
from app.editor.session.wording import sentence
from app.editor.theme import style, theme
from app.editor.theme.style import scale
from app.editor.theme.text_width import width
from app.editor.theme.widgets import (
    Item,
    button,
    heading,
    icon_button,
    keep_up,
    text_field,
    tooltip,
    words,
)
from graphs.document.document import MAIN
from graphs.document.edits import EditError

LABEL_ROOM = 134
BUTTONS_ROOM = 80


class Parameters:
    """A section of the inspector: a row for each parameter, and a button for another."""

    def __init__(self, session: Session, commands: Commands) -> None:
        self._session, self._commands = session, commands
        self._graph = session.graph_name
        self._names: tuple[str, ...] | None = None
        dpg.add_spacer(height=scale(6))
        heading("Hyperparameters" if self._graph == MAIN else "Parameters")
        self._rows: Item = dpg.add_group()
        self._wrong = words("", style.ERROR, tag="parameters/wrong", show=False)
        add = partial(commands.run, "new_parameter", self._graph)
        button("Add…", add, tag="parameters/add", tip="A number that nodes refer to by name")

    def refresh(self) -> None:
        """Show the values as they are."""
        parameters = self._session.graph.parameters
        if tuple(parameters) != self._names:
            self._names = tuple(parameters)
            self._build()
        for name, value in parameters.items():
            keep_up(f"parameters/{name}", given_text(value))
            help_ = self._session.graph.help.get(name, "")
            dpg.configure_item(f"parameters/{name}/help", default_value=help_, show=bool(help_))

    def _build(self) -> None:
        dpg.delete_item(self._rows, children_only=True)
        if not self._names:
            words("Nodes may refer to them: =width * 2", style.MUTED, parent=self._rows)
        for name in self._names or ():
            with dpg.group(horizontal=True, parent=self._rows):
                self._row(name)
            help_ = f"parameters/{name}/help"
            words("", style.MUTED, parent=self._rows, tag=help_, show=False)

    def _row(self, name: str) -> None:
        rename = partial(self._commands.run, "call_parameter", self._graph, name)
        label = button(name, rename, tag=f"parameters/{name}/name")
        dpg.bind_item_theme(label, theme.flat())
        tooltip(label, "Click to give it another name")
        dpg.add_spacer(width=max(scale(LABEL_ROOM - 24) - round(width(name, scale(theme.SIZE))), 1))
        text_field(
            tag=f"parameters/{name}",
            width=-scale(BUTTONS_ROOM),
            callback=lambda _s, text, name: self._typed(name, text),
            user_data=name,
        )
        describe = partial(self._commands.run, "describe_parameter", self._graph, name)
        icon_button("pencil", describe, tip="Say what it is", tag=f"parameters/{name}/describe")
        remove = partial(self._commands.run, "drop_parameter", self._graph, name)
        icon_button("trash", remove, tip="Remove", tag=f"parameters/{name}/remove")

    def _typed(self, name: str, text: str) -> None:
        try:
            edits = set_parameter(self._session.document, self._graph, name, text)
        except EditError as error:
            self._complain(sentence(str(error)))
            return
        self._complain("")
        self._commands.do(*edits, title=f"Set {name}", merge=f"{self._graph} {name}")

    def _complain(self, text: str) -> None:
        dpg.configure_item(self._wrong, show=bool(text))
        dpg.set_value(self._wrong, text)
