"""The line between the canvas and the tabs."""

import dearpygui.dearpygui as dpg
import pytest

from app.editor.session.session import Session
from tests.app.editor.window.windows import OffScreen


def test_the_line_is_dragged(
    session: Session, widgets: int, home: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = OffScreen(session).window
    tabs = window._slots["bottom"]
    x, y, height = tabs.area.x + 50, tabs.area.y, tabs.area.height
    monkeypatch.setattr(dpg, "get_mouse_pos", lambda local: [x, y])
    window._press(dpg.mvMouseButton_Left)
    monkeypatch.setattr(dpg, "get_mouse_pos", lambda local: [x, y - 60])
    window._move()
    assert tabs.area.height == height + 60
    window._release(dpg.mvMouseButton_Left)
    monkeypatch.setattr(dpg, "get_mouse_pos", lambda local: [x, y - 200])
    window._move()
    assert tabs.area.height == height + 60


def test_it_is_not_dragged_behind_a_question(
    session: Session, widgets: int, home: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = OffScreen(session).window
    area = window._slots["bottom"].area
    monkeypatch.setattr(dpg, "get_mouse_pos", lambda local: [area.x + 50, area.y])
    window.shell.tell("Look", "That is so.")
    assert not window._splitter.press()
