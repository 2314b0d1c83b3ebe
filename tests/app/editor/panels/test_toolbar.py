"""The bar at the top."""

from collections.abc import Callable

import dearpygui.dearpygui as dpg

from app.editor.commands.commands import Commands
from app.editor.panels.toolbar import BUTTONS, Toolbar
from app.editor.session.session import Session
from graphs.document.document import Graph
from graphs.document.edits import PutGraph, Rename
from tests.app.editor.shells import WrittenShell

Press = Callable[[str], None]


def test_buttons_are_commands_with_their_keys(
    session: Session, commands: Commands, widgets: int
) -> None:
    Toolbar(session, commands, widgets)
    for command in filter(None, (command for command, _ in BUTTONS)):
        (tip,) = dpg.get_item_children(f"toolbar/{command}/tip", 1)
        assert dpg.get_value(tip) == commands.titled(command)


def test_it_says_where_the_document_stands(
    session: Session, shell: WrittenShell, commands: Commands, widgets: int, press: Press
) -> None:
    toolbar = Toolbar(session, commands, widgets)
    toolbar.refresh(toolbar.listens)
    assert dpg.get_value("toolbar/name") == "digits_cnn"
    assert dpg.get_value("toolbar/note") == ""
    assert not dpg.get_item_configuration("toolbar/undo")["enabled"]
    session.do(Rename(id="conv1", label="stem"))
    toolbar.refresh(frozenset({"document"}))
    assert dpg.get_value("toolbar/note") == "not saved yet"
    assert dpg.get_item_configuration("toolbar/undo")["enabled"]
    press("toolbar/undo")
    toolbar.refresh(frozenset({"document"}))
    assert dpg.get_item_configuration("toolbar/redo")["enabled"]
    press("toolbar/frame")
    assert shell.heard["frame"] == [(None,)]


def test_the_trail_leads_back(
    session: Session, commands: Commands, widgets: int, press: Press
) -> None:
    toolbar = Toolbar(session, commands, widgets)
    session.do(PutGraph(name="Inner", content=Graph()))
    session.follow(("main", "Inner"))
    toolbar.refresh(frozenset({"graph"}))
    press("trail/main")
    toolbar.refresh(frozenset({"graph"}))
    assert session.trail == ("main",)
    assert not dpg.does_item_exist("trail/main")
