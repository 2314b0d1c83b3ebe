"""A window that only writes down what commands ask of it, and answers as a test tells it."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from app.editor.canvas.geometry import Point
from app.editor.canvas.scene import Port
from app.editor.commands.shell import Answer, Choice, Entry, Wanted
from app.editor.theme.style import MUTED, Colour
from graphs.document.document import Node


class WrittenShell:
    """`heard` is what was asked, by the name of the method; `press`, `type` and `pick` answer."""

    middle: Point = (0.0, 0.0)

    def __init__(self) -> None:
        self.heard: dict[str, list[tuple]] = defaultdict(list)
        self.clipboard = ""
        self.holds_something = False
        self._answers: dict[str, Callable[[], object]] = {}
        self._name: Callable[[str], str | None] = lambda name: None
        self._file: Callable[[Path], object] = lambda path: None

    def said(self) -> str:
        """The last sentence."""
        return self.heard["say"][-1][0] if self.heard["say"] else ""

    def press(self, answer: str) -> None:
        """Press a button of the last question."""
        self._answers[answer]()

    def type(self, name: str) -> str | None:
        """Answer the last question for a name; what is wrong with it."""
        return self._name(name)

    def pick(self, path: Path) -> None:
        """Choose a file."""
        self._file(path)

    def say(self, text: str, colour: Colour = MUTED) -> None:
        self.heard["say"].append((text, colour))

    def tell(self, title: str, text: str) -> None:
        self.heard["tell"].append((title, text))

    def ask(self, title: str, text: str, answers: Sequence[Answer]) -> None:
        self.heard["ask"].append((title, text))
        self._answers = dict(answers)

    def ask_name(
        self, title: str, text: str, name: str, action: Callable[[str], str | None]
    ) -> None:
        self.heard["ask_name"].append((title, text, name))
        self._name = action

    def ask_about_source(
        self, title: str, text: str, source: str, note: str, answers: Sequence[Answer]
    ) -> None:
        self.heard["ask_about_source"].append((title, text, source, note))
        self._answers = dict(answers)

    def show_table(self, title: str, rows: Sequence[tuple[str, str]]) -> None:
        self.heard["show_table"].append((title, rows))

    def choose_file(self, wanted: Wanted, action: Callable[[Path], object]) -> None:
        self.heard["choose_file"].append((wanted,))
        self._file = action

    def choose(self, choices: Sequence[Choice], under: str) -> None:
        self.heard["choose"].append((choices, under))
        self._answers = {choice.label: choice.action for choice in choices}

    def open_menu(self, entries: Sequence[Entry]) -> None:
        self.heard["open_menu"].append((list(entries),))

    def open_search(self, at: Point | None, wire_from: Port | None) -> None:
        self.heard["open_search"].append((at, wire_from))

    def show_tab(self, name: str) -> None:
        self.heard["show_tab"].append((name,))

    def frame(self, ids: Collection[str] | None = None) -> None:
        self.heard["frame"].append((ids,))

    def zoom(self, factor: float) -> None:
        self.heard["zoom"].append((factor,))

    def carry(self, node: Node) -> None:
        self.heard["carry"].append((node,))

    def cancel_gesture(self) -> bool:
        return self.holds_something

    def edit_label(self) -> None:
        self.heard["edit_label"].append(())

    def copy(self, text: str) -> None:
        self.clipboard = text

    def copied(self) -> str:
        return self.clipboard

    def close(self) -> None:
        self.heard["close"].append(())
