"""The quick search: a list of node types for the keyboard."""

from collections.abc import Callable

import dearpygui.dearpygui as dpg
import pytest

from app.editor.canvas.scene import Port
from app.editor.commands.commands import Commands
from app.editor.panels.quick_search import NAMES, QuickSearch
from app.editor.session.session import Session
from app.editor.theme import theme
from app.editor.theme.text_width import width
from graphs.document.document import End

Fill = Callable[[str, object], None]


@pytest.fixture
def search(session: Session, commands: Commands, widgets: int) -> QuickSearch:
    return QuickSearch(session, commands)


def chosen() -> list[str]:
    """The entry that is marked."""
    tags = [dpg.get_item_alias(item) for item in dpg.get_all_items()]
    return [tag for tag in tags if tag.startswith("search/") and dpg.get_value(tag) is True]


def test_it_adds_what_is_marked_where_it_was_opened(
    search: QuickSearch, session: Session, fill: Fill
) -> None:
    search.open((80.0, 800.0), (100, 100))
    fill("search/field", "conv2d")
    assert chosen() == ["search/Conv2d"]
    search.step(1)
    assert chosen() != ["search/Conv2d"]
    search.step(-1)
    search.enter()
    (new,) = session.selection
    assert session.graph.nodes[new].type == "Conv2d"
    assert not dpg.does_item_exist("search")


def test_a_field_that_escape_takes_away_finds_nothing(search: QuickSearch) -> None:
    search.open((80.0, 800.0), (100, 100))
    typed = dpg.get_item_callback("search/field")
    search.close()
    assert typed is not None
    typed()
    assert not search.is_open


def test_names_of_node_types_are_not_cut(session: Session) -> None:
    longest = max(session.library, key=lambda name: width(name, theme.SIZE))
    assert width(longest, theme.SIZE) <= NAMES


def test_a_wire_offers_what_it_can_go_into(
    search: QuickSearch, session: Session, fill: Fill
) -> None:
    search.open((80.0, 800.0), (100, 100), Port(End("conv1", "output"), False))
    fill("search/field", "digits")
    assert not dpg.does_item_exist("search/Digits")
    fill("search/field", "relu")
    search.enter()
    (new,) = session.selection
    assert [wire.source.node for wire in session.graph.into(new)] == ["conv1"]


def test_nothing_found_adds_nothing(search: QuickSearch, session: Session, fill: Fill) -> None:
    search.open((0.0, 0.0), (100, 100))
    fill("search/field", "qqqq")
    search.step(1)
    search.enter()
    assert not session.history.past


def test_the_library_may_come_later(session: Session, commands: Commands, widgets: int) -> None:
    library, session.library = session.library, {}
    search = QuickSearch(session, commands)
    search.refresh(search.listens)
    search.open((0.0, 0.0), (100, 100))
    assert chosen() == []
    session.library = library
    search.refresh(search.listens)
    assert len(chosen()) == 1
