"""The inspector: a form for a node, for several, for a block, for the document."""

from collections.abc import Callable

import dearpygui.dearpygui as dpg
import pytest

from app.editor.commands.commands import Commands
from app.editor.commands.table import TABLE
from app.editor.inspector.inspector import Inspector
from app.editor.session.session import Part, Session
from graphs.compiler import check
from graphs.document.document import Document, End, Wire
from graphs.document.edits import Connect, Rename, SetParameters
from graphs.nodetypes.node_type import node_types
from tests.app.editor.session.test_block_uses import nested
from tests.app.editor.shells import WrittenShell

Fill = Callable[[str, object], None]
Press = Callable[[str], None]


class Loop:
    """Refreshes an inspector with what has changed, as the window does."""

    def __init__(self, session: Session, commands: Commands, slot: int) -> None:
        self.inspector = Inspector(session, commands, slot)
        self._stale: set[Part] = set(Inspector.listens)
        session.listeners.append(self._stale.update)
        self.frame()

    def frame(self) -> None:
        parts = frozenset(self._stale) & Inspector.listens
        self._stale.clear()
        if parts:
            self.inspector.refresh(parts)


@pytest.fixture
def loop(session: Session, commands: Commands, widgets: int) -> Loop:
    return Loop(session, commands, widgets)


def select(session: Session, loop: Loop, *ids: str) -> None:
    session.select(frozenset(ids))
    loop.frame()


def texts() -> list[str]:
    """Everything that is written."""
    values = [dpg.get_value(item) for item in dpg.get_all_items()]
    return [value for value in values if isinstance(value, str)]


def shown(tag: str) -> bool:
    return bool(dpg.get_item_configuration(tag)["show"])


def test_the_document_has_a_form(loop: Loop, session: Session, fill: Fill) -> None:
    assert dpg.get_value("inspector/title") == "digits_cnn"
    fill("inspector/title", "mine")
    fill("inspector/title", "mine too")
    assert session.document.title == "mine too"
    assert len(session.history.past) == 1
    session.undo()
    loop.frame()
    assert dpg.get_value("inspector/title") == "digits_cnn"
    assert str(len(session.graph.nodes)) in texts()


def test_a_node_has_a_field_for_each_parameter(loop: Loop, session: Session, fill: Fill) -> None:
    select(session, loop, "conv1")
    assert dpg.get_value("inspector/label") == session.graph.nodes["conv1"].label
    fill("inspector/label", "stem")
    fill("inspector/out_channels", "64")
    node = session.graph.nodes["conv1"]
    assert (node.label, node.parameters["out_channels"]) == ("stem", 64)
    session.undo()
    loop.frame()
    assert dpg.get_value("inspector/out_channels") != "64"


def test_what_is_typed_wrong_is_said_under_its_field(
    loop: Loop, session: Session, fill: Fill
) -> None:
    select(session, loop, "conv1")
    before = session.document
    fill("inspector/out_channels", "many")
    assert "integer" in dpg.get_value("inspector/out_channels/wrong")
    assert shown("inspector/out_channels/wrong")
    assert session.document is before
    fill("inspector/out_channels", "8")
    assert not shown("inspector/out_channels/wrong")


def test_what_is_wrong_stands_under_its_field(loop: Loop, session: Session) -> None:
    session.do(SetParameters(id="conv1", parameters={"out_channels": 0}))
    session.was_checked(session.document, check(session.document))
    select(session, loop, "conv1")
    assert "out_channels" in dpg.get_value("inspector/out_channels/wrong")


def test_a_value_is_reset_and_promoted(
    loop: Loop, session: Session, shell: WrittenShell, press: Press
) -> None:
    session.do(SetParameters(id="conv1", parameters={"out_channels": 24}))
    select(session, loop, "conv1")
    assert shown("inspector/out_channels/reset")
    press("inspector/out_channels/promote")
    assert shell.type("width") is None
    assert session.graph.nodes["conv1"].parameters["out_channels"] == "=width"
    loop.frame()
    assert not shown("inspector/out_channels/promote")
    press("inspector/out_channels/reset")
    loop.frame()
    assert not shown("inspector/out_channels/reset")


def test_flags_and_choices(loop: Loop, session: Session, fill: Fill) -> None:
    select(session, loop, "conv1")
    fill("inspector/bias", False)
    assert session.graph.nodes["conv1"].parameters["bias"] is False


def test_facts_of_a_node_come_from_the_check(loop: Loop, session: Session) -> None:
    select(session, loop, "conv1")
    assert any("(N, " in text for text in texts())


def test_a_fix_is_offered_on_the_node(loop: Loop, session: Session, press: Press) -> None:
    wire = Wire(source=End("conv1", "output"), target=End("logits", "x"))
    session.do(Connect(wire=wire, replace=True))
    session.was_checked(session.document, check(session.document))
    select(session, loop, "logits")
    steps = len(session.history.past)
    press("inspector/fix/0/0")
    assert len(session.history.past) == steps + 1


def test_several_nodes_are_duplicated_and_removed(loop: Loop, session: Session) -> None:
    select(session, loop, "conv1", "conv2")
    assert "2 nodes" in texts()
    buttons = {dpg.get_item_configuration(i)["label"]: i for i in dpg.get_all_items()}
    dpg.get_item_configuration(buttons["Remove"])["callback"]()
    assert not {"conv1", "conv2"} & session.graph.nodes.keys()


def test_a_selection_that_stays_builds_nothing(
    loop: Loop, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    select(session, loop, "conv1")
    monkeypatch.setattr(Inspector, "_rebuild", lambda self: pytest.fail("it was built"))
    session.do(Rename(id="conv1", label="stem"))
    loop.frame()
    assert dpg.get_value("inspector/label") == "stem"


@pytest.fixture
def blocks(shell: WrittenShell, widgets: int) -> tuple[Session, Loop]:
    """A session with a block in a block, checked."""
    document = nested()
    session = Session(document)
    session.was_loaded(node_types(), ("cpu",))
    session.was_checked(document, check(document))
    return session, Loop(session, Commands(session, shell, TABLE), widgets)


def test_a_use_gives_values_to_its_block(blocks: tuple[Session, Loop], fill: Fill) -> None:
    session, loop = blocks
    select(session, loop, "a")
    assert dpg.get_item_configuration("inspector/arguments/size")["hint"] == "4"
    fill("inspector/arguments/size", "16")
    assert session.graph.nodes["a"].parameters["arguments"] == {"size": 16}
    fill("inspector/arguments/size", "")
    assert session.graph.nodes["a"].parameters["arguments"] == {}


def test_a_block_is_renamed_deleted_and_given_parameters(
    blocks: tuple[Session, Loop], shell: WrittenShell, fill: Fill, press: Press
) -> None:
    session, loop = blocks
    session.follow(("main", "Outer", "Inner"))
    loop.frame()
    assert dpg.get_value("parameters/width") == "8"
    fill("parameters/width", "32")
    assert session.graph.parameters["width"] == 32
    fill("parameters/width", "wide")
    assert "needs a number" in dpg.get_value("parameters/wrong")
    press("parameters/add")
    assert shell.type("rate") is None
    loop.frame()
    press("parameters/rate/describe")
    assert shell.type("how fast") is None
    loop.frame()
    assert dpg.get_value("parameters/rate/help") == "how fast"
    press("parameters/rate/name")
    assert shell.type("speed") is None
    loop.frame()
    press("parameters/speed/remove")
    loop.frame()
    assert not dpg.does_item_exist("parameters/speed")
    press("inspector/rename")
    assert shell.type("Layer") is None
    loop.frame()
    press("inspector/delete")
    assert "will go with it" in shell.heard["ask"][0][1]


def test_a_file_is_browsed_for(
    shell: WrittenShell, widgets: int, press: Press, tmp_path: object
) -> None:
    session = Session(Document())
    session.was_loaded(node_types(), ("cpu",))
    commands = Commands(session, shell, TABLE)
    loop = Loop(session, commands, widgets)
    commands.run("add_type", "Table")
    loop.frame()
    press("inspector/file/browse")
    assert shell.heard["tell"][0][0] == "Save the document first"
    loop.inspector.close()
