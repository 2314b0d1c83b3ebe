"""The journal gives back every edit after a crash, and never touches the document's own file."""

from pathlib import Path

import pytest

from app.editor.session.history import History
from app.editor.session.journal import Journal, JournalError, journal_path, recover
from graphs.document.document import Document, Node
from graphs.document.document_io import read, write
from graphs.document.edits import AddNode, Rename

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "net.graph.json"
    write(Document(title="net"), path)
    return path


def crashed(path: Path | None) -> tuple[History, Path]:
    """A document that was edited by an editor which then died: the kernel frees its lock."""
    history = History(read(path) if path else None, path)
    journal = Journal(history)
    history.do(AddNode(id="conv", node=Node(type="Conv2d")), title="Add")
    for label in ("s", "st", "stem"):
        history.do(Rename(id="conv", label=label), merge="label")
    history.stop_merging()
    history.do(Rename(id="conv", label="other"), merge="label")
    history.do(Rename(id="conv", label="gone"), title="Rename")
    history.undo()
    journal._release()
    assert journal.path
    return history, journal.path


def test_a_crash_loses_no_edit(path: Path) -> None:
    before = path.read_bytes()
    dead, file = crashed(path)
    assert file == journal_path(path) == path.parent / ".net.graph.json.journal"

    found = Journal(History(read(path), path)).left_behind()
    assert found == file
    back = recover(found)
    assert back.document == dead.document
    assert [step.title for step in back.past] == [step.title for step in dead.past]
    assert back.redo()
    assert path.read_bytes() == before


def test_every_undo_is_recovered_too(path: Path) -> None:
    dead, file = crashed(path)
    back = recover(file)
    while dead.undo():
        assert back.undo()
        assert back.document == dead.document
    assert not back.undo()


def test_a_cut_last_line_is_left_out(path: Path) -> None:
    dead, file = crashed(path)
    file.write_text(file.read_text() + '{"what": "do", "edi')
    assert recover(file).document == dead.document


def test_an_unsaved_document_is_recovered(home: Path) -> None:
    dead, file = crashed(None)
    assert home in file.parents
    assert Journal(History()).left_behind() == file
    assert recover(file).document == dead.document


def test_after_recovery_the_journal_goes_on(path: Path) -> None:
    _, file = crashed(path)
    history = History(read(path), path)
    journal = Journal(history)
    history.adopt(recover(file))
    journal.adopt(file)
    assert history.is_dirty
    history.do(Rename(id="conv", label="last"))
    journal._release()
    assert recover(file).document == history.document


def test_saving_and_closing_forget_it(path: Path) -> None:
    history = History(read(path), path)
    journal = Journal(history)
    assert not journal_path(path).exists()
    history.do(AddNode(id="a", node=Node(type="ReLU")))
    assert journal_path(path).exists()
    journal.discard()
    assert not journal_path(path).exists()
    history.do(Rename(id="a", label="b"))
    journal.close()
    assert not journal_path(path).exists()


def test_two_editors_of_one_document_do_not_share_a_journal(path: Path) -> None:
    first = Journal(History(read(path), path))
    history = History(read(path), path)
    second = Journal(history)
    assert second.path is None
    history.do(AddNode(id="a", node=Node(type="ReLU")))
    assert second.left_behind() is None
    assert first.left_behind() is None


def test_what_was_neither_recovered_nor_discarded_is_kept_aside(path: Path) -> None:
    _, file = crashed(path)
    text = file.read_text()
    history = History(read(path), path)
    Journal(history)
    history.do(AddNode(id="a", node=Node(type="ReLU")))
    assert file.with_name(file.name + ".old").read_text() == text


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"document": 3}', "null", "no journal"])
def test_a_strange_file_is_refused_in_a_sentence(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.journal"
    file.write_text(text)
    with pytest.raises(JournalError, match="no journal of ours"):
        recover(file)
