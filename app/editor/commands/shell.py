"""What commands may ask of a window. No GUI."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from app.editor.canvas.geometry import Point
from app.editor.canvas.scene import Port
from app.editor.theme.style import MUTED, Colour
from graphs.document.document import Node

Answer = tuple[str, Callable[[], object]]
"""A button's words, and what it does."""
Entry = tuple[str, *tuple[object, ...]]
"""An entry of a menu: the name of a command, and what it is given."""


@dataclass(frozen=True)
class Wanted:
    """What a file dialog is for."""

    kind: Literal["open", "save"]
    title: str
    folder: Path
    name: str = ""
    pattern: str = "All files (*)"


@dataclass(frozen=True)
class Choice:
    """One of a list of things to choose from, with what there is to say of it."""

    label: str
    about: str
    tag: str
    action: Callable[[], object]


class Shell(Protocol):
    """A window, as far as commands know it. Tests have one that only writes down what is asked."""

    def say(self, text: str, colour: Colour = MUTED) -> None:
        """Show a sentence for a while."""

    def tell(self, title: str, text: str) -> None:
        """Show something that is to be read before anything else."""

    def ask(self, title: str, text: str, answers: Sequence[Answer]) -> None:
        """A question with a button for each answer; the first is the usual one, Enter gives it."""

    def ask_name(
        self, title: str, text: str, name: str, action: Callable[[str], str | None]
    ) -> None:
        """A question for a name; `action` takes it, or gives back one sentence that refuses it."""

    def ask_about_source(
        self, title: str, text: str, source: str, note: str, answers: Sequence[Answer]
    ) -> None:
        """A question about a program, which is shown whole; Enter gives no answer."""

    def show_table(self, title: str, rows: Sequence[tuple[str, str]]) -> None:
        """Show rows of two columns until they have been read."""

    def choose_file(self, wanted: Wanted, action: Callable[[Path], object]) -> None:
        """Let the user choose a file, and act on its path."""

    def choose(self, choices: Sequence[Choice], under: str) -> None:
        """A list to choose from, below the widget of a tag."""

    def open_menu(self, entries: Sequence[Entry]) -> None:
        """A menu of commands at the mouse."""

    def open_search(self, at: Point | None, wire_from: Port | None) -> None:
        """Let the user find a node type to be added, at the mouse where no place is given."""

    def show_tab(self, name: str) -> None:
        """Bring a tab below the canvas to the front."""

    def frame(self, ids: Collection[str] | None = None) -> None:
        """Show all nodes of the graph, or some, as large as they fit."""

    def zoom(self, factor: float) -> None:
        """Show the graph larger, or smaller."""

    @property
    def middle(self) -> Point:
        """The middle of what is in sight, on the canvas."""

    def carry(self, node: Node) -> None:
        """Let the mouse carry a new node, to be dropped on the canvas."""

    def cancel_gesture(self) -> bool:
        """Let go of what the mouse holds; False when it holds nothing."""

    def edit_label(self) -> None:
        """Let the label of the selected node be typed."""

    def copy(self, text: str) -> None:
        """Put a text on the clipboard."""

    def copied(self) -> str:
        """The text on the clipboard."""

    def close(self) -> None:
        """Close the window."""
