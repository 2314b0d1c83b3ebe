"""The window, without a screen: who is told of what, and that nothing is done for nothing."""

from collections.abc import Callable

import dearpygui.dearpygui as dpg
import pytest

from app.editor.canvas import drawing
from app.editor.session.session import Session
from graphs.compiler import check
from graphs.document.document import Document
from graphs.document.edits import Configure, EditError, Move, SetParameters
from tests.app.editor.window.windows import OffScreen, items

Press = Callable[[str], None]


@pytest.fixture
def off_screen(session: Session, widgets: int, home: object) -> OffScreen:
    """A window on the example, checked and at rest."""
    return OffScreen(session)


def counted_pictures(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The subjects of which pictures are made from now on."""
    made: list[object] = []
    make = drawing.make_picture
    monkeypatch.setattr(
        drawing, "make_picture", lambda *given: (made.append(given[0]), make(*given))[1]
    )
    return made


def test_a_frame_in_which_nothing_changed_builds_nothing(
    off_screen: OffScreen, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures, before = counted_pictures(monkeypatch), items()
    for _ in range(20):
        off_screen.window.frame()
    assert off_screen.refreshed == {}
    assert pictures == []
    assert items() == before
    assert off_screen.checker.checks == 1


def test_a_move_draws_one_picture_and_checks_nothing(
    off_screen: OffScreen, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = counted_pictures(monkeypatch)
    for step in range(1, 11):
        session.do(Move(positions={"conv1": (8.0 * step, 400.0)}), title="Move", merge="drag")
        off_screen.window.frame()
    assert len(pictures) == 10
    assert (off_screen.checker.checks, off_screen.checker.prints) == (1, 0)


def test_a_selection_reaches_those_that_show_it(off_screen: OffScreen, session: Session) -> None:
    session.select(frozenset({"conv1"}))
    off_screen.window.frame()
    off_screen.window.frame()
    told = {"CanvasPanel", "Footer", "Inspector", "Tabs"}
    assert off_screen.refreshed == dict.fromkeys(told, 1)


def test_an_edit_is_asked_about_and_what_comes_of_it_is_shown(
    off_screen: OffScreen, session: Session
) -> None:
    session.do(SetParameters(id="conv1", parameters={"out_channels": 0}))
    off_screen.window.frame()
    assert off_screen.checker.checks == 2
    checked = check(session.document)
    session.inbox.post(lambda: session.was_checked(session.document, checked))
    off_screen.window.frame()
    assert dpg.get_item_configuration("tab/Problems")["label"].startswith("Problems (")
    assert dpg.does_item_exist("problems/0")


def test_a_fault_in_one_panel_is_said_and_spares_the_others(
    off_screen: OffScreen, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(parts: object) -> None:
        raise RuntimeError("out of ink")

    monkeypatch.setattr(off_screen.window._slots["palette"], "refresh", fail)
    session.do(Configure(title="other"))
    off_screen.window.frame()
    off_screen.window.frame()
    assert off_screen.window.shell.footer.text.startswith("That did not work: out of ink.")
    assert dpg.get_value("toolbar/name") == "other"


def test_an_edit_that_does_not_fit_is_a_sentence(off_screen: OffScreen, session: Session) -> None:
    def refuse() -> None:
        raise EditError("there is no such node")

    off_screen.window.guard(refuse)
    off_screen.window.frame()
    assert off_screen.window.shell.footer.text == "There is no such node."


def test_every_slot_of_the_layout_has_a_panel(off_screen: OffScreen) -> None:
    off_screen.window.resize()
    areas = {slot: panel.area for slot, panel in off_screen.window._slots.items()}
    assert all(area.width > 1 and area.height > 1 for area in areas.values())
    assert len(set(areas.values())) == len(areas)


def test_closing_asks_and_then_closes(
    off_screen: OffScreen, session: Session, press: Press
) -> None:
    window = off_screen.window
    session.do(Configure(title="other"))
    window._leave()
    assert window.shell.is_asking and not window.is_closing
    press("dialog/1")
    assert window.is_closing and not window.shell.is_asking
    window.close()


def test_another_document_replaces_all_that_is_shown(
    off_screen: OffScreen, session: Session
) -> None:
    session.select(frozenset({"conv1"}))
    off_screen.window.frame()
    session.load(Document(title="empty"))
    off_screen.settle()
    assert dpg.get_value("toolbar/name") == "empty"
    assert dpg.get_value("footer/counts").startswith("0 nodes")
    assert not dpg.does_item_exist("inspector/label")
    assert off_screen.checker.checks == 2


def test_it_is_awake_while_something_moves(
    off_screen: OffScreen, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(off_screen.window, "_awake_until", 0.0)
    assert not off_screen.window.is_awake
    session.show_gesture()
    assert off_screen.window.is_awake
