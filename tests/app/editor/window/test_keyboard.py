"""Keys become commands, for whatever is in front."""

import dearpygui.dearpygui as dpg
import pytest

from app.editor.session.session import Session
from app.editor.window import keyboard as module
from app.editor.window.keyboard import NAMES, Keyboard
from graphs.document.edits import Configure
from tests.app.editor.window.windows import OffScreen

KEYS = {name: key for key, name in NAMES.items()}


@pytest.fixture
def off_screen(session: Session, widgets: int, home: object) -> OffScreen:
    return OffScreen(session)


@pytest.fixture
def keyboard(off_screen: OffScreen) -> Keyboard:
    return off_screen.window._keyboard


def hold(monkeypatch: pytest.MonkeyPatch, *modifiers: int) -> None:
    monkeypatch.setattr(dpg, "is_key_down", lambda key: key in modifiers)


def tap(keyboard: Keyboard, name: str) -> None:
    keyboard.press(KEYS[name])
    keyboard.release(KEYS[name])


def test_a_key_gives_its_command(
    keyboard: Keyboard, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(monkeypatch, dpg.mvKey_ModCtrl)
    tap(keyboard, "A")
    assert session.selection == session.graph.nodes.keys()
    hold(monkeypatch)
    tap(keyboard, "Escape")
    assert session.selection == frozenset()


def test_a_held_key_does_its_work_once_unless_it_repeats(
    keyboard: Keyboard, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    for title in ("a", "b", "c"):
        session.do(Configure(title=title))
    hold(monkeypatch, dpg.mvKey_ModCtrl)
    for _ in range(3):
        keyboard.press(KEYS["Z"])
    assert session.document.title == "b"
    monkeypatch.setattr(module, "HOLD", -1.0)
    keyboard.press(KEYS["Z"])
    assert session.document.title == "a"


def test_while_a_field_is_typed_into_only_some_commands_work(
    keyboard: Keyboard, session: Session, off_screen: OffScreen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "is_typing", lambda: True)
    hold(monkeypatch, dpg.mvKey_ModCtrl)
    tap(keyboard, "A")
    assert session.selection == frozenset()
    hold(monkeypatch)
    tap(keyboard, "F1")
    assert off_screen.window.shell.dialogs.is_open


def test_a_question_has_enter_and_escape_to_itself(
    keyboard: Keyboard, session: Session, off_screen: OffScreen
) -> None:
    got: list[str] = []
    shell = off_screen.window.shell
    session.select(frozenset({"conv1"}))
    shell.ask("Really?", "", [("Yes", lambda: got.append("yes")), ("No", list)])
    tap(keyboard, "Delete")
    tap(keyboard, "Escape")
    assert got == [] and not shell.is_asking and session.graph.nodes["conv1"]
    shell.ask("Really?", "", [("Yes", lambda: got.append("yes")), ("No", list)])
    tap(keyboard, "Enter")
    assert got == ["yes"]


def test_the_quick_search_has_the_arrows(
    keyboard: Keyboard,
    session: Session,
    off_screen: OffScreen,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    search = off_screen.window.shell.search
    monkeypatch.setattr(type(search), "is_open", property(lambda self: self._window is not None))
    search.open((0.0, 0.0), (100, 100))
    first = search._found[1]
    tap(keyboard, "Down")
    tap(keyboard, "Enter")
    (new,) = session.selection
    assert session.graph.nodes[new].type == first.type_name()
    search.open((0.0, 0.0), (100, 100))
    tap(keyboard, "Escape")
    assert not search.is_open
