"""The fields of a node's form: one widget for each kind of parameter, its help, its reset, its
complaint.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dearpygui.dearpygui as dpg

from app.editor.commands.commands import Commands
from app.editor.inspector.block_arguments import Values
from app.editor.inspector.forms import (
    NOTHING,
    Wrong,
    as_text,
    checked_value,
    from_text,
    limits,
    value_of,
)
from app.editor.session.session import Session
from app.editor.session.wording import problem_text
from app.editor.theme import style, theme
from app.editor.theme.style import scale
from app.editor.theme.text_width import width
from app.editor.theme.widgets import Item, icon_button, text_field, tip_of, tooltip, words
from graphs.document.document import MAIN, Node
from graphs.document.edits import SetParameters

if TYPE_CHECKING:
    from graphs.document.problems import Problem
    from graphs.nodetypes.node_type import NodeType
    from graphs.nodetypes.parameters import Parameter

MANY = ("names", "values")
"""Forms that take several lines."""
LABEL_ROOM = 134
RESET_ROOM = 40
BROWSE_ROOM = 78
PROMOTE_ROOM = 32
NUMERIC = ("integer", "number", "size")
PARAMETER = "a parameter of the block"


class Fields:
    """The form of one node."""

    prefix = "inspector/"
    """What the tags of its widgets begin with."""
    promotes = True
    """Whether its numbers may become parameters of the graph."""

    def __init__(
        self, session: Session, commands: Commands, id: str, known: type[NodeType]
    ) -> None:
        self.session, self._commands = session, commands
        self._id = id
        self._known = known
        self._typed_wrong: dict[str, str] = {}
        self._values: dict[str, Values | Arguments] = {}
        self._build()

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """What it has fields for."""
        return tuple(p for p in self._known.parameters() if p.form != "seal")

    def _build(self) -> None:
        for parameter in self.parameters:
            if parameter.form == "arguments":
                self._values[parameter.name] = Arguments(
                    self.session, self._commands, self._id, self._known
                )
            elif parameter.form == "values" and self._known.block_fields():
                self._values[parameter.name] = Values(self, parameter)
            else:
                self._add(parameter)

    def shows(self, name: str | None) -> bool:
        """Whether what is wrong with a parameter stands under a field for it."""
        return any(p.name == name for p in self.parameters) and name not in self._values

    @property
    def node(self) -> Node:
        """The node as it is now."""
        return self.session.graph.nodes[self._id]

    def refresh(self, node: Node, problems: list[Problem]) -> None:
        """Show the node's values, and what is wrong with them."""
        for parameter in self.parameters:
            self._refresh(parameter, node, problems)

    def _refresh(self, parameter: Parameter, node: Node, problems: list[Problem]) -> None:
        if parameter.name in self._values:
            self._values[parameter.name].refresh(node)
            return
        value, tag = self._value(node, parameter), self._tag(parameter)
        shown = bool(value) if parameter.form == "flag" else as_text(parameter, value)
        if not dpg.is_item_active(tag):
            self._typed_wrong.pop(parameter.name, None)
            dpg.set_value(tag, shown)
        for item in (f"{tag}/reset", tip_of(f"{tag}/reset")):
            dpg.configure_item(item, show=not _same(value, parameter.default))
        if parameter.form in NUMERIC and self.promotes:
            is_number = isinstance(value, int | float)
            for item in (f"{tag}/promote", tip_of(f"{tag}/promote")):
                dpg.configure_item(item, show=is_number)
        found = next((problem_text(p) for p in problems if p.parameter == parameter.name), "")
        self._complain(parameter, self._typed_wrong.get(parameter.name) or found)

    def _add(self, parameter: Parameter) -> None:
        extra = limits(parameter)
        said = f"{parameter.help}{f' ({extra})' if extra else ''}"
        with dpg.group(horizontal=True):
            label = words(parameter.name.replace("_", " "), style.MUTED)
            tooltip(label, said)
            dpg.add_spacer(width=self._gap(parameter))
            self._widget(parameter)
            if parameter.form in NUMERIC and self.promotes:
                self._promote_button(parameter)
            icon_button(
                "arrow-counter-clockwise",
                lambda: self._reset(parameter),
                tip=f"Back to {as_text(parameter, parameter.default) or 'nothing'}",
                tag=f"{self._tag(parameter)}/reset",
                show=False,
            )
        tooltip(self._tag(parameter), said)
        words("", style.ERROR, tag=f"{self._tag(parameter)}/wrong", show=False)

    def _promote_button(self, parameter: Parameter) -> None:
        of = "a hyperparameter" if self.session.graph_name == MAIN else PARAMETER
        icon_button(
            "tag",
            lambda: self._commands.run("promote", self._id, parameter.name),
            tip=f"Make it {of}",
            tag=f"{self._tag(parameter)}/promote",
        )

    def _gap(self, parameter: Parameter) -> int:
        """What is missing to the column of the widgets."""
        name = width(parameter.name.replace("_", " "), scale(theme.SIZE))
        return max(scale(LABEL_ROOM) - round(name) - scale(8), 1)

    def _widget(self, parameter: Parameter) -> Any:
        tag, value = self._tag(parameter), self._value(self.node, parameter)
        typed = lambda _, text: self._typed(parameter, text)  # noqa: E731
        room = -scale(
            RESET_ROOM + (PROMOTE_ROOM if parameter.form in NUMERIC and self.promotes else 0)
        )
        if parameter.form == "flag":
            return dpg.add_checkbox(tag=tag, default_value=bool(value), callback=typed)
        if parameter.form in ("choice", "block"):
            items = self._choices(parameter)
            shown = as_text(parameter, value)
            return dpg.add_combo(items, tag=tag, default_value=shown, width=room, callback=typed)
        if parameter.form == "file":
            return self._file_field(parameter, typed)
        many = {"multiline": True, "height": scale(84)} if parameter.form in MANY else {}
        text = as_text(parameter, value)
        return text_field(tag=tag, default_value=text, width=room, callback=typed, **many)

    def _choices(self, parameter: Parameter) -> list[str]:
        if parameter.form == "block":
            return [name for name in self.session.document.graphs if name != MAIN]
        return [*map(str, parameter.choices), *[NOTHING] * parameter.optional]

    def _file_field(self, parameter: Parameter, typed: Any) -> Item:
        tag = self._tag(parameter)
        text = as_text(parameter, self._value(self.node, parameter))
        room = -scale(RESET_ROOM + BROWSE_ROOM // 2)
        field = text_field(tag=tag, default_value=text, width=room, callback=typed)
        icon_button(
            "folder-open",
            lambda: self._commands.run("choose_data", lambda name: self.set(parameter, name)),
            tip=self._commands.titled("choose_data"),
            tag=f"{tag}/browse",
        )
        return field

    def _typed(self, parameter: Parameter, text: Any) -> None:
        try:
            value = text if parameter.form == "flag" else self._read(parameter, text)
        except Wrong as wrong:
            kept = as_text(parameter, self._value(self.node, parameter))
            self._typed_wrong[parameter.name] = f"{wrong} It stays {kept} until then."
            self._complain(parameter, self._typed_wrong[parameter.name])
            return
        self._typed_wrong.pop(parameter.name, None)
        self._complain(parameter, "")
        self.set(parameter, value)

    def _tag(self, parameter: Parameter) -> str:
        return f"{self.prefix}{parameter.name}"

    def _value(self, node: Node, parameter: Parameter) -> Any:
        return value_of(node, parameter)

    def _read(self, parameter: Parameter, text: str) -> Any:
        return checked_value(self._known, self.node, parameter, text)

    def set(self, parameter: Parameter, value: Any) -> None:
        """Give the node another value of a parameter, as one step of undo."""
        graph, name = self.session.graph_name, parameter.name
        edit = SetParameters(graph=graph, id=self._id, parameters={name: value})
        words = name.replace("_", " ")
        self._commands.do(edit, title=f"Set {words}", merge=f"{self._id} {name}")

    def _reset(self, parameter: Parameter) -> None:
        self.session.stop_merging()
        default = parameter.default
        self.set(parameter, list(default) if isinstance(default, tuple) else default)

    def _complain(self, parameter: Parameter, text: str) -> None:
        dpg.configure_item(f"{self._tag(parameter)}/wrong", show=bool(text))
        dpg.configure_item(
            tip_of(self._tag(parameter)), show=not text
        )  # it would cover the sentence
        dpg.set_value(f"{self._tag(parameter)}/wrong", text)


class Arguments(Fields):
    """Rows for what a node's `arguments` may be, as the node itself says."""

    prefix = "inspector/arguments/"
    promotes = False

    def _build(self) -> None:
        self._group = dpg.add_group(tag="inspector/arguments")
        self._built: tuple[Parameter, ...] = ()

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        session = self.session
        graph = session.checked.graphs.get(session.graph_name) if session.checked else None
        made = graph.types.get(self._id) if graph else None
        return made.argument_forms if made else ()

    def refresh(self, node: Node, problems: list[Problem] | None = None) -> None:
        """Show what the node gives; there are other rows when its class has become another."""
        if (forms := self.parameters) != self._built:
            self._built = forms
            dpg.delete_item(self._group, children_only=True)
            dpg.push_container_stack(self._group)
            for parameter in forms:
                self._add(parameter)
            dpg.pop_container_stack()
        super().refresh(node, problems or [])

    def _given(self, node: Node) -> dict[str, Any]:
        given = node.parameters.get("arguments")
        return dict(given) if isinstance(given, dict) else {}

    def _value(self, node: Node, parameter: Parameter) -> Any:
        return self._given(node).get(parameter.name, parameter.default)

    def _read(self, parameter: Parameter, text: str) -> Any:
        return from_text(parameter, text)

    def set(self, parameter: Parameter, value: Any) -> None:
        """Give another value, as one step of undo; the default is not written down."""
        given = self._given(self.node)
        given.pop(parameter.name, None)
        if not _same(value, parameter.default):
            given[parameter.name] = value
        graph, name = self.session.graph_name, parameter.name
        edit = SetParameters(graph=graph, id=self._id, parameters={"arguments": given})
        words = name.replace("_", " ")
        self._commands.do(edit, title=f"Set {words}", merge=f"{self._id} arguments {name}")


def _same(value: Any, default: Any) -> bool:
    if isinstance(value, list | tuple) and isinstance(default, list | tuple):
        return list(value) == list(default)
    return isinstance(value, bool) is isinstance(default, bool) and bool(value == default)
