"""What is asked of the checker: nothing where nothing changed that it looks at."""

import os
from pathlib import Path

import pytest

from app.editor.session.analyst import Analyst, receive
from app.editor.session.checker_thread import Failed, Found, Loaded, Printed
from app.editor.session.session import Part, Session
from graphs.check.results import Checked
from graphs.compiler import check
from graphs.document.document import Document, Node
from graphs.document.edits import AddNode, Configure, Move, Rename, SetParameters, apply
from graphs.nodetypes.node_type import node_types


class CountingChecker:
    """Counts what it is asked, and checks nothing."""

    def __init__(self) -> None:
        self.checks: list[Document] = []
        self.prints: list[Document] = []

    def ask(self, document: Document, folder: Path | None) -> None:
        self.checks.append(document)

    def print(self, document: Document, folder: Path | None, checked: Checked) -> None:
        self.prints.append(document)


class Loop:
    """What the window's loop does: collects what has changed, and lets the analyst hear it."""

    def __init__(self, session: Session) -> None:
        self.checker = CountingChecker()
        self.analyst = Analyst(session, self.checker)
        self._stale: set[Part] = {"document", "file", "analysis"}
        session.listeners.append(self._stale.update)

    def frame(self) -> None:
        parts = frozenset(self._stale) & self.analyst.listens
        self._stale.clear()
        if parts:
            self.analyst.refresh(parts)
        self.analyst.poll()


@pytest.fixture
def loop(session: Session) -> Loop:
    """A loop that has asked about the document as it was opened."""
    loop = Loop(session)
    loop.frame()
    assert loop.checker.checks == [session.document]
    loop.checker.checks.clear()
    return loop


def test_moving_a_node_checks_and_prints_nothing(session: Session, loop: Loop) -> None:
    session.want_source()
    loop.frame()
    session.was_printed(session.document, "print(1)")
    loop.checker.prints.clear()
    for step in range(20):
        session.do(Move(positions={"conv1": (step * 8.0, 300.0)}), merge="drag")
        loop.frame()
    session.undo()
    loop.frame()
    assert session.is_checked
    assert session.source == "print(1)"
    assert (loop.checker.checks, loop.checker.prints) == ([], [])


def test_moving_a_node_in_a_block_checks_nothing() -> None:
    inner = Document().main.model_copy(update={"nodes": {"relu": Node(type="ReLU")}})
    session = Session(Document().with_graph("Inner", inner))
    loop = Loop(session)
    loop.frame()
    session.do(Move(graph="Inner", positions={"relu": (80.0, 80.0)}))
    loop.frame()
    assert len(loop.checker.checks) == 1


@pytest.mark.parametrize(
    "edit",
    [
        SetParameters(id="conv1", parameters={"out_channels": 8}),
        Rename(id="conv1", label="stem"),
        Configure(title="other"),
        AddNode(id="new", node=Node(type="ReLU")),
    ],
    ids=lambda edit: edit.kind,
)
def test_other_edits_are_checked_once(session: Session, loop: Loop, edit: object) -> None:
    session.do(edit)  # type: ignore[arg-type]
    assert not session.is_checked
    for _ in range(3):
        loop.frame()
    assert loop.checker.checks == [session.document]
    assert loop.checker.prints == []


def test_selecting_and_looking_around_ask_nothing(session: Session, loop: Loop) -> None:
    session.select(frozenset({"conv1"}))
    session.show_gesture((Move(positions={"conv1": (8.0, 8.0)}),))
    session.end_gesture()
    session.show_camera(2.0)
    loop.frame()
    assert (loop.checker.checks, loop.checker.prints) == ([], [])


def test_a_program_is_printed_once_for_all_who_look(session: Session, loop: Loop) -> None:
    got: list[str] = []
    session.want_source(got.append)
    session.want_source()
    session.want_source(got.append)
    for _ in range(3):
        loop.frame()
    assert loop.checker.prints == [session.document]
    session.was_printed(session.document, "print(1)")
    loop.frame()
    assert got == ["print(1)", "print(1)"]
    session.want_source(got.append)
    assert len(got) == 3
    assert len(loop.checker.prints) == 1


def test_who_waits_gets_the_program_of_the_document_as_it_is(session: Session, loop: Loop) -> None:
    session.was_printed(session.document, "print(1)")
    session.do(SetParameters(id="conv1", parameters={"out_channels": 8}))
    got: list[str] = []
    session.want_source(got.append)
    loop.frame()
    assert (got, loop.checker.prints) == ([], [])
    session.was_checked(session.document, check(session.document))
    loop.frame()
    assert loop.checker.prints == [session.document]
    session.was_printed(session.document, "print(8)")
    assert got == ["print(8)"]


def test_what_could_not_be_printed_is_tried_again_for_who_waits(
    session: Session, loop: Loop
) -> None:
    session.want_source()
    loop.frame()
    session.was_printed(session.document, "")
    for _ in range(3):
        session.want_source()
        loop.frame()
    assert len(loop.checker.prints) == 1
    session.want_source(str)
    loop.frame()
    loop.frame()
    assert len(loop.checker.prints) == 2


def test_a_document_with_problems_is_not_printed(session: Session, loop: Loop) -> None:
    bad = apply(session.document, SetParameters(id="conv1", parameters={"out_channels": 0}))
    session.was_checked(bad, check(bad))
    session.want_source()
    loop.frame()
    loop.frame()
    assert loop.checker.prints == []


def test_what_was_printed_of_an_older_document_is_not_shown(session: Session, loop: Loop) -> None:
    got: list[str] = []
    session.want_source(got.append)
    loop.frame()
    session.was_printed(Document(), "print(0)")
    assert (session.source, got) == ("", [])


def test_a_changed_python_file_is_checked_again(
    session: Session, loop: Loop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own.py"
    own.write_text("a = 1")
    monkeypatch.setattr(Analyst, "_watch_python_files", lambda self: None)
    session.history.path = tmp_path / "x.graph.json"
    loop.analyst._python_files = ("own.py",)
    loop.frame()
    loop.checker.checks.clear()
    loop.frame()
    assert loop.checker.checks == []
    own.write_text("a = 2")
    os.utime(own, (1.0, 1.0))
    loop.frame()
    assert len(loop.checker.checks) == 1


def test_trust_is_a_reason_to_check_again(session: Session, loop: Loop) -> None:
    session.was_trusted()
    loop.frame()
    assert len(loop.checker.checks) == 1


def test_news_reach_the_session(digits: Document, digits_checked: Checked) -> None:
    session, heard = Session(digits), list[frozenset[Part]]()
    session.listeners.append(heard.append)
    receive(session, Loaded(node_types(), ("auto", "cpu", "cuda")))
    assert session.devices == ("auto", "cpu", "cuda")
    receive(session, Found(digits, digits_checked))
    assert session.is_checked and session.problems == ()
    receive(session, Printed(digits, "print(1)"))
    assert session.source == "print(1)"
    receive(session, Failed("The check failed."))
    assert session.failure == "The check failed."
    assert heard == [{"library"}, {"analysis"}, {"source"}, {"failure"}]
