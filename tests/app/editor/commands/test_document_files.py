"""New, open, save, examples, export, recovery, and the questions before them."""

from pathlib import Path

import pytest

from app.editor.commands.commands import Commands
from app.editor.commands.document_files import with_suffix
from app.editor.commands.table import TABLE
from app.editor.session.journal import Journal
from app.editor.session.session import Session
from graphs.compiler import check
from graphs.document.document import Document, Node
from graphs.document.document_io import read, write
from graphs.document.edits import AddNode, Configure, Rename, SetParameters, apply
from graphs.nodetypes.node_type import node_types
from tests.app.editor.shells import WrittenShell

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A document on the disk."""
    path = tmp_path / "net.graph.json"
    write(Document(title="net"), path)
    return path


def test_a_new_document_asks_about_unsaved_changes(
    session: Session, shell: WrittenShell, commands: Commands
) -> None:
    session.do(Rename(id="conv1", label="stem"))
    commands.run("new")
    assert "changes that are not saved" in shell.heard["ask"][0][1]
    shell.press("Cancel")
    assert session.graph.nodes
    shell.press("Don't save")
    assert session.document == Document()
    assert shell.heard["frame"] == [(None,)]
    commands.run("new")
    assert len(shell.heard["ask"]) == 1


def test_saving_before_something_new(
    session: Session, shell: WrittenShell, commands: Commands, tmp_path: Path
) -> None:
    session.do(Rename(id="conv1", label="stem"))
    commands.run("new")
    shell.press("Save")
    shell.pick(tmp_path / "mine.graph.json")
    assert read(tmp_path / "mine.graph.json").main.nodes["conv1"].label == "stem"
    assert session.document == Document()


def test_closing_asks_too(session: Session, shell: WrittenShell, commands: Commands) -> None:
    session.show_gesture()
    session.do(Rename(id="conv1", label="stem"))
    commands.run("close")
    assert not shell.heard["close"]
    shell.press("Don't save")
    assert shell.heard["close"] == [()]


def test_a_document_is_opened(
    session: Session, shell: WrittenShell, commands: Commands, path: Path
) -> None:
    commands.run("open")
    assert shell.heard["choose_file"][0][0].kind == "open"
    shell.pick(path)
    assert (session.path, session.name) == (path, "net.graph.json")
    assert session.analysis is None


def test_what_is_no_document_is_said(
    session: Session, shell: WrittenShell, commands: Commands, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.graph.json"
    bad.write_text("{")
    before = session.document
    commands.run("open")
    shell.pick(bad)
    assert shell.heard["tell"][0][0] == "That did not open"
    assert session.document is before


def test_save_writes_and_names_the_document(shell: WrittenShell, tmp_path: Path) -> None:
    session = Session()
    commands = Commands(session, shell, TABLE)
    session.do(AddNode(id="relu", node=Node(type="ReLU")))
    commands.run("save")
    assert shell.heard["choose_file"][0][0].name == "untitled.graph.json"
    shell.pick(tmp_path / "first")
    assert read(tmp_path / "first.graph.json").title == "first"
    assert not session.history.is_dirty
    assert "Saved" in shell.said()
    session.do(Rename(id="relu", label="bend"))
    commands.run("save")
    assert len(shell.heard["choose_file"]) == 1
    assert read(tmp_path / "first.graph.json").main.nodes["relu"].label == "bend"
    commands.run("save_as")
    shell.pick(tmp_path / "second.graph.json")
    assert session.name == "second.graph.json"


def test_a_place_that_cannot_be_written_is_said(
    session: Session, shell: WrittenShell, commands: Commands, tmp_path: Path
) -> None:
    commands.run("save_as")
    shell.pick(tmp_path / "nowhere" / "x.graph.json")
    assert shell.heard["tell"][0][0] == "That was not saved"
    assert session.path is None


def test_data_files_go_along(shell: WrittenShell, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    new.mkdir()
    (old / "data.csv").write_text("a,b\n1,2\n")
    table = Node(type="Table", parameters={"file": "data.csv"})
    session = Session(apply(Document(), AddNode(id="table", node=table)), old / "x.graph.json")
    session.was_loaded(node_types(), ("cpu",))
    Commands(session, shell, TABLE).run("save_as")
    shell.pick(new / "x.graph.json")
    assert (new / "data.csv").read_text() == "a,b\n1,2\n"


def test_export_waits_for_the_program(
    session: Session, shell: WrittenShell, commands: Commands, tmp_path: Path
) -> None:
    commands.run("export")
    assert session.wants_source and not shell.heard["choose_file"]
    session.was_printed(session.document, "print(1)\n")
    assert shell.heard["choose_file"][0][0].name == "digits_cnn.py"
    shell.pick(tmp_path / "program")
    assert (tmp_path / "program.py").read_text() == "print(1)\n"
    assert "run it with: python program.py" in shell.said()
    shell.pick(tmp_path / "nowhere" / "program.py")
    assert shell.heard["tell"][0][0] == "That was not exported"


def test_what_has_problems_is_not_exported(
    session: Session, shell: WrittenShell, commands: Commands
) -> None:
    session.do(SetParameters(id="conv1", parameters={"out_channels": 0}))
    session.was_checked(session.document, check(session.document))
    commands.run("export")
    assert "Solve the problems first" in shell.said()
    assert shell.heard["show_tab"] == [("Problems",)]
    session.load(Document())
    commands.run("export")
    assert "still loading" in shell.said()


def test_examples_are_listed_and_opened_without_a_file(
    session: Session, shell: WrittenShell, commands: Commands
) -> None:
    commands.run("examples")
    choices, under = shell.heard["choose"][0]
    assert under == "toolbar/examples"
    assert all(choice.about for choice in choices)
    shell.press("vae")
    assert (session.path, session.document.title) == (None, "vae")
    assert session.folder is not None and session.folder.name == "examples"


def test_a_data_file_is_chosen_within_the_folder(
    session: Session, shell: WrittenShell, commands: Commands, path: Path, tmp_path: Path
) -> None:
    chosen: list[str] = []
    commands.run("choose_data", chosen.append)
    assert shell.heard["tell"][0][0] == "Save the document first"
    session.load(read(path), path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("1")
    commands.run("choose_data", chosen.append)
    shell.pick(tmp_path / "data" / "a.csv")
    assert chosen == ["data/a.csv"]


def test_a_data_file_from_elsewhere_is_copied_after_a_question(
    session: Session, shell: WrittenShell, commands: Commands, tmp_path: Path
) -> None:
    folder, other = tmp_path / "folder", tmp_path / "b.csv"
    folder.mkdir()
    other.write_text("2")
    session.history.path = folder / "x.graph.json"
    chosen: list[str] = []
    commands.run("choose_data", chosen.append)
    shell.pick(other)
    assert chosen == []
    shell.press("Copy")
    assert chosen == ["b.csv"] and (folder / "b.csv").read_text() == "2"


def crashed(path: Path) -> None:
    """An editor changes a document and is gone."""
    session = Session(read(path), path)
    session.keep_journal()
    session.do(Configure(description="changed"))
    assert session.journal
    session.journal._release()


def test_what_a_crash_left_behind_is_offered(shell: WrittenShell, path: Path) -> None:
    crashed(path)
    session = Session(read(path), path)
    session.keep_journal()
    commands = Commands(session, shell, TABLE)
    commands.run("recover")
    assert "an unsaved edit of net.graph.json" in shell.heard["ask"][0][1]
    shell.press("Recover")
    assert session.document.description == "changed"
    assert session.history.is_dirty and "Recovered" in shell.said()
    session.close()


def test_it_can_be_discarded(shell: WrittenShell, path: Path) -> None:
    crashed(path)
    session = Session(read(path), path)
    session.keep_journal()
    Commands(session, shell, TABLE).run("recover")
    shell.press("Discard")
    assert isinstance(session.journal, Journal) and session.journal.left_behind() is None
    session.close()


def test_documents_have_an_ending() -> None:
    assert with_suffix(Path("a")) == Path("a.graph.json")
    assert with_suffix(Path("a.graph.json")) == Path("a.graph.json")
