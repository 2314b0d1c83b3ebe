"""The palette: what it lists, and what a press, a drag and Enter do."""

from collections.abc import Callable

import dearpygui.dearpygui as dpg
import pytest

from app.editor.commands.commands import Commands
from app.editor.commands.table import TABLE
from app.editor.panels.palette import Palette
from app.editor.session.session import Session
from graphs.document.document import Graph
from graphs.document.edits import PutGraph
from tests.app.editor.shells import WrittenShell

Fill = Callable[[str, object], None]


@pytest.fixture
def palette(session: Session, commands: Commands, widgets: int) -> Palette:
    palette = Palette(session, commands, widgets)
    palette.refresh(palette.listens)
    return palette


def hover(monkeypatch: pytest.MonkeyPatch, entry: str) -> None:
    """Hold the mouse over an entry."""
    monkeypatch.setattr(dpg, "is_item_hovered", lambda item: item == entry)


def test_it_waits_for_the_library(commands: Commands, shell: WrittenShell, widgets: int) -> None:
    session = Session()
    Palette(session, Commands(session, shell, TABLE), widgets)
    assert not dpg.does_item_exist("palette/Conv2d")


def test_a_search_lists_what_it_finds(palette: Palette, fill: Fill) -> None:
    assert dpg.does_item_exist("palette/Conv2d") and dpg.does_item_exist("palette/Digits")
    fill("palette/search", "conv2d")
    assert dpg.does_item_exist("palette/Conv2d") and not dpg.does_item_exist("palette/Digits")
    fill("palette/search", "")
    assert dpg.does_item_exist("palette/Digits")


def test_enter_adds_the_first_that_is_found(
    palette: Palette, session: Session, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill("palette/search", "lstm")
    palette.enter()
    assert session.selection == frozenset()
    monkeypatch.setattr(dpg, "is_item_active", lambda item: True)
    palette.enter()
    (new,) = session.selection
    assert session.graph.nodes[new].type == "LSTM"


def test_a_double_click_adds(
    palette: Palette, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    hover(monkeypatch, "palette/ReLU")
    palette.double_click()
    (new,) = session.selection
    assert session.graph.nodes[new].type == "ReLU"


def test_a_drag_carries_an_entry_away(
    palette: Palette, shell: WrittenShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    hover(monkeypatch, "palette/ReLU")
    monkeypatch.setattr(dpg, "is_mouse_button_down", lambda button: True)
    palette.press(dpg.mvMouseButton_Left)
    palette.move()
    assert not shell.heard["carry"]
    monkeypatch.setattr(dpg, "get_mouse_pos", lambda local: [40.0, 0.0])
    palette.move()
    palette.move()
    ((node,),) = shell.heard["carry"]
    assert node.type == "ReLU"


def test_blocks_are_listed_with_their_uses_and_have_a_menu(
    palette: Palette, session: Session, shell: WrittenShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.do(PutGraph(name="Inner", content=Graph()))
    palette.refresh(frozenset({"document"}))
    label = dpg.get_item_configuration("palette/block/Inner")["label"]
    assert label.strip() == "Inner   (not used)"
    hover(monkeypatch, "palette/block/Inner")
    palette.press(dpg.mvMouseButton_Right)
    assert shell.heard["open_menu"][0][0][0] == ("visit_block", "Inner")


def test_a_block_cannot_be_used_inside_itself(palette: Palette, session: Session) -> None:
    session.do(PutGraph(name="Inner", content=Graph()))
    session.follow(("main", "Inner"))
    palette.refresh(frozenset({"document", "graph"}))
    assert not dpg.get_item_configuration("palette/block/Inner")["enabled"]


def test_an_edit_that_changes_no_use_lists_nothing_anew(
    palette: Palette, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Palette, "_fill", lambda *given: pytest.fail("it was filled"))
    palette.refresh(frozenset({"document"}))
