"""The tabs under the canvas, and what stands in them."""

from collections.abc import Callable

import dearpygui.dearpygui as dpg
import pytest

from app.editor.commands.commands import Commands
from app.editor.panels.code_panel import Code
from app.editor.panels.program_panel import ProgramPanel
from app.editor.panels.tabs import Tabs
from app.editor.session.session import Session
from app.editor.theme.area import Area
from graphs.compiler import check
from graphs.document.document import End, Wire
from graphs.document.edits import Connect, Disconnect, SetParameters
from tests.app.editor.shells import WrittenShell

Press = Callable[[str], None]


@pytest.fixture
def tabs(session: Session, commands: Commands, widgets: int) -> Tabs:
    tabs = Tabs(session, commands, widgets)
    tabs.place(Area(0, 600, 900, 230))
    tabs.refresh(tabs.listens)
    return tabs


def break_it(session: Session) -> None:
    session.do(SetParameters(id="conv1", parameters={"out_channels": 0}))
    session.was_checked(session.document, check(session.document))


def label(tag: str) -> str:
    return str(dpg.get_item_configuration(tag)["label"])


def test_problems_are_counted_listed_and_shown(
    tabs: Tabs, session: Session, shell: WrittenShell, press: Press
) -> None:
    assert label("tab/Problems") == "Problems"
    assert not dpg.does_item_exist("problems/0")
    break_it(session)
    tabs.refresh(frozenset({"document", "analysis"}))
    assert label("tab/Problems") == f"Problems ({len(session.problems)})"
    assert label("problems/0") == "conv1"
    press("problems/0")
    assert session.selection == {"conv1"} and shell.heard["frame"] == [(["conv1"],)]


def test_a_fix_is_a_button(tabs: Tabs, session: Session, press: Press) -> None:
    wire = next(w for w in session.graph.wires if w.target.node == "logits")
    session.do(Disconnect(wires=(wire,)))
    source = End("conv1", "output")
    session.do(Connect(wire=Wire(source=source, target=wire.target)))
    session.was_checked(session.document, check(session.document))
    tabs.refresh(frozenset({"analysis"}))
    number = next(n for n, problem in enumerate(session.problems) if problem.fixes)
    steps = len(session.history.past)
    press(f"problems/{number}/fix/0")
    assert len(session.history.past) == steps + 1


def test_only_the_tab_in_front_is_refreshed(
    tabs: Tabs, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[tuple[str, frozenset[str]]] = []
    for kind in (Code, ProgramPanel):
        monkeypatch.setattr(
            kind, "refresh", lambda self, parts: heard.append((type(self).__name__, parts))
        )
    tabs.refresh(frozenset({"selection"}))
    tabs.refresh(frozenset({"analysis"}))
    assert heard == []
    tabs.show("Code")
    assert heard == [("Code", Code.listens)]
    tabs.show("Code")
    assert len(heard) == 1


def test_the_program_is_printed_when_somebody_looks(
    tabs: Tabs, session: Session, digits_source: str, press: Press
) -> None:
    assert not session.wants_source
    press("tab/Code")
    assert session.wants_source
    session.was_printed(session.document, digits_source)
    tabs.refresh(frozenset({"source"}))
    lines = len(digits_source.split("\n"))
    assert dpg.get_value("code/note").startswith(f"{lines} lines of plain PyTorch")


def test_an_older_program_stays_until_the_newer_is_there(
    tabs: Tabs, session: Session, digits_source: str
) -> None:
    tabs.show("Code")
    session.was_printed(session.document, digits_source)
    tabs.refresh(frozenset({"source"}))
    session.do(SetParameters(id="conv1", parameters={"out_channels": 8}))
    session.was_checked(session.document, check(session.document))
    tabs.refresh(frozenset({"document", "analysis"}))
    assert "lines of plain PyTorch" in dpg.get_value("code/note")
    assert session.wants_source
    break_it(session)
    tabs.refresh(frozenset({"document", "analysis"}))
    assert "no problems" in dpg.get_value("code/note")


def test_code_is_copied_and_exported(
    tabs: Tabs, session: Session, shell: WrittenShell, digits_source: str, press: Press
) -> None:
    tabs.show("Code")
    session.was_printed(session.document, digits_source)
    tabs.refresh(frozenset({"source"}))
    press("code/copy")
    assert shell.clipboard == digits_source
    press("code/export")
    assert shell.heard["choose_file"][0][0].name == "digits_cnn.py"


def test_the_lines_of_the_selected_node_are_lit(
    tabs: Tabs, session: Session, digits_source: str
) -> None:
    tabs.show("Code")
    session.was_printed(session.document, digits_source)
    session.select(frozenset({"conv2"}))
    tabs.refresh(frozenset({"source", "selection"}))
    code = tabs._panels["Code"]
    assert isinstance(code, Code)
    assert {digits_source.split("\n")[n].count("conv2") > 0 for n in code._lit} == {True}


def test_the_steps_of_the_program_lead_to_their_optimizers(
    tabs: Tabs, session: Session, press: Press
) -> None:
    tabs.show("Program")
    press("program/adamw")
    assert session.selection == {"adamw"}
    break_it(session)
    tabs.refresh(frozenset({"analysis"}))
    assert not dpg.does_item_exist("program/adamw")
