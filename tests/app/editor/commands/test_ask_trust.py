"""Trust in a Python file: nothing runs before somebody has looked at it."""

from pathlib import Path

import pytest

from app.editor.commands.commands import Commands
from app.editor.session.session import Session
from graphs.custom.python_files import read_python
from graphs.custom.trust import is_trusted
from graphs.document.edits import Configure
from graphs.document.problems import Fix
from tests.app.editor.shells import WrittenShell

FIX = Fix(title="Look at own.py…", edits=(Configure(title="trusted"),), trusts="own.py")


@pytest.fixture
def folder(session: Session, tmp_path: Path, home: Path) -> Path:
    """The folder of the session's document, with a Python file."""
    (tmp_path / "own.py").write_text("answer = 42\n")
    session.history.path = tmp_path / "net.graph.json"
    return tmp_path


def test_the_whole_file_is_shown_and_trusted_with_one_button(
    session: Session, shell: WrittenShell, commands: Commands, folder: Path
) -> None:
    file = read_python(folder, "own.py")
    commands.run("apply_fix", FIX)
    title, meaning, source, note = shell.heard["ask_about_source"][0]
    assert "own.py" in title and "is a program" in meaning
    assert source == "answer = 42\n" and file.digest in note
    shell.press("Cancel")
    assert (session.trusts, is_trusted(file.digest)) == (0, False)
    shell.press("Trust this file")
    assert (session.trusts, is_trusted(file.digest)) == (1, True)
    assert session.document.title == "trusted"


def test_a_file_that_is_not_there_is_said(
    session: Session, shell: WrittenShell, commands: Commands, folder: Path
) -> None:
    (folder / "own.py").unlink()
    commands.run("apply_fix", FIX)
    assert shell.heard["tell"][0][0] == "That cannot be looked at"
    assert session.document.title != "trusted"
