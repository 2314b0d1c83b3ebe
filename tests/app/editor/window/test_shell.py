"""The window as commands know it: questions, menus, lists."""

from collections.abc import Callable
from pathlib import Path

import dearpygui.dearpygui as dpg
import pytest

from app.editor.commands.shell import Choice, Wanted
from app.editor.session.session import Session
from app.editor.window.shell import WindowShell
from graphs.document.document import Node
from tests.app.editor.window.windows import OffScreen

Press = Callable[[str], None]


@pytest.fixture
def shell(session: Session, widgets: int, home: object) -> WindowShell:  # type: ignore[override]
    """The shell of a window on the example."""
    return OffScreen(session).window.shell


def test_questions_have_a_button_for_each_answer(shell: WindowShell, press: Press) -> None:
    got: list[str] = []
    shell.ask("Really?", "It is gone then.", [("Yes", lambda: got.append("yes")), ("No", list)])
    assert shell.is_asking
    press("dialog/0")
    assert got == ["yes"] and not shell.is_asking
    shell.ask("Really?", "It is gone then.", [("Yes", lambda: got.append("enter")), ("No", list)])
    shell.dialogs.enter()
    assert got == ["yes", "enter"]
    shell.tell("Look", "That is so.")
    shell.dialogs.cancel()
    assert not shell.is_asking


def test_a_name_is_asked_for_until_it_suits(shell: WindowShell, press: Press) -> None:
    shell.ask_name("Name", "Its name:", "old", lambda name: "Not that." if name == "old" else None)
    press("dialog/0")
    assert dpg.get_value("dialog/wrong") == "Not that."
    dpg.set_value("dialog/name", "new")
    press("dialog/0")
    assert not shell.is_asking


def test_a_program_is_shown_whole_and_enter_does_not_trust_it(
    shell: WindowShell, press: Press
) -> None:
    got: list[str] = []
    answers = [("Trust", lambda: got.append("trusted")), ("Cancel", list)]
    shell.ask_about_source("Trust x.py?", "It is a program.", "a = 1", "SHA-256 0", answers)
    assert dpg.get_value("trust/source") == "a = 1"
    shell.dialogs.enter()
    assert shell.is_asking and got == []
    press("dialog/0")
    assert got == ["trusted"]


def test_a_table_closes_by_enter(shell: WindowShell) -> None:
    shell.commands.run("help")
    assert shell.is_asking
    shell.dialogs.enter()
    assert not shell.is_asking


def test_a_path_is_asked_for_and_looked_at(
    shell: WindowShell, press: Press, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATCHBAY_FILE_DIALOG", "plain")
    chosen: list[Path] = []
    shell.choose_file(Wanted("open", "Open", tmp_path, "no.json"), chosen.append)
    press("dialog/0")
    assert chosen == []
    (tmp_path / "yes.json").write_text("{}")
    dpg.set_value("dialog/path", str(tmp_path / "yes.json"))
    press("dialog/0")
    assert chosen == [tmp_path / "yes.json"]


def test_menus_are_read_from_the_table(
    shell: WindowShell, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.open_menu([("select_all",), ("rename_block", "Encoder")])
    labels = [dpg.get_item_configuration(f"menu/{n}")["label"] for n in range(2)]
    assert labels == ["Select all (Ctrl+A)", "Rename Encoder…"]
    given = dpg.get_item_configuration("menu/0")
    given["callback"]("menu/0", True, given["user_data"])
    assert session.selection == session.graph.nodes.keys()
    assert not dpg.does_item_exist("menu")


def test_a_list_says_what_there_is_to_each_choice(shell: WindowShell) -> None:
    under = "toolbar/examples"
    got: list[str] = []
    shell.choose([Choice("vae", "pictures", "examples/vae", lambda: got.append("vae"))], under)
    given = dpg.get_item_configuration("examples/vae")
    given["callback"]("examples/vae", True, given["user_data"])
    assert got == ["vae"] and not dpg.does_item_exist("examples/vae")


def test_the_canvas_is_framed_zoomed_and_given_nodes(shell: WindowShell, session: Session) -> None:
    before = session.zoom
    shell.zoom(2.0)
    assert session.zoom == pytest.approx(2 * before)
    shell.carry(Node(type="ReLU"))
    assert session.is_busy
    assert shell.cancel_gesture()
    assert not session.is_busy and not shell.cancel_gesture()
    shell.show_tab("Program")
    assert shell.tabs.shown == "Program"
    shell.open_search(None, None)
    assert shell.search.is_open or dpg.does_item_exist("search")
    shell.edit_label()
    shell.close()
    assert shell.is_closing
