"""What the editor's tests stand on: widgets without a screen, sessions that have been checked."""

from collections.abc import Callable, Iterator
from pathlib import Path

import dearpygui.dearpygui as dpg
import pytest

import nodes.library  # noqa: F401
from app.editor.commands.commands import Commands
from app.editor.commands.table import TABLE
from app.editor.session.session import Session
from app.editor.theme import theme
from graphs.check.results import Checked
from graphs.compiler import check, export
from graphs.document.document import Document
from graphs.document.document_io import read
from graphs.nodetypes.node_type import node_types
from tests.app.editor.shells import WrittenShell

EXAMPLE = Path(__file__).resolve().parents[3] / "assets" / "examples" / "digits_cnn.graph.json"


@pytest.fixture(scope="session")
def digits() -> Document:
    """The example that recognises digits."""
    return read(EXAMPLE)


@pytest.fixture(scope="session")
def digits_checked(digits: Document) -> Checked:
    """What a check finds of it: nothing is wrong."""
    return check(digits, EXAMPLE.parent)


@pytest.fixture(scope="session")
def digits_source(digits: Document, digits_checked: Checked) -> str:
    """The program that it prints."""
    return export(digits, EXAMPLE.parent, digits_checked)


@pytest.fixture
def session(digits: Document, digits_checked: Checked) -> Session:
    """A session with the example, loaded and checked."""
    session = Session(digits)
    session.was_loaded(node_types(), ("auto", "cpu"))
    session.was_checked(digits, digits_checked)
    return session


@pytest.fixture
def shell() -> WrittenShell:
    """A window that writes down what commands ask."""
    return WrittenShell()


@pytest.fixture
def commands(session: Session, shell: WrittenShell) -> Commands:
    """The commands of the session, in that window."""
    return Commands(session, shell, TABLE)


@pytest.fixture
def widgets() -> Iterator[int]:
    """A window of Dear PyGui that is on no screen, for panels to be built into."""
    dpg.create_context()
    dpg.configure_app(manual_callback_management=True)
    dpg.create_viewport(title="test", width=1480, height=920)
    dpg.setup_dearpygui()
    theme.fonts()
    theme.use_dark_theme()
    yield dpg.add_window()
    dpg.destroy_context()
    theme.forget()


@pytest.fixture
def press() -> Callable[[str], None]:
    """Press a button, as the window's loop would."""

    def press(tag: str) -> None:
        dpg.get_item_configuration(tag)["callback"]()

    return press


@pytest.fixture
def fill() -> Callable[[str, object], None]:
    """Put a value into a field, as typing does."""

    def fill(tag: str, value: object) -> None:
        dpg.set_value(tag, value)
        configuration = dpg.get_item_configuration(tag)
        callback, given = configuration["callback"], configuration["user_data"]
        arguments = (tag, value, given)
        callback(*arguments[: callback.__code__.co_argcount])

    return fill
