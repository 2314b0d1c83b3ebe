"""The file dialog in its own process: what it says, to a program that waits for a choice."""

import sys

import pytest

from app.runs.processes import ROOT, environment
from graphs.system.json_child import ChildError, JsonChild

SECONDS = 60.0
CODE = """
from app.monitor.window import file_dialog
file_dialog.QFileDialog.getOpenFileName = lambda *given: ({chosen!r}, given[-1])
file_dialog.main(["open", "Open", "/tmp", "All files (*)"])
"""


@pytest.mark.parametrize(("chosen", "paths"), [("/x/größer", ["/x/größer"]), ("", [])])
def test_it_says_what_was_chosen(chosen: str, paths: list[str]) -> None:
    command = [sys.executable, "-c", CODE.format(chosen=chosen)]
    child = JsonChild(command, ROOT, {**environment(), "QT_QPA_PLATFORM": "offscreen"})
    assert child.wait(SECONDS) == paths
    child.stop()


def test_where_there_is_no_screen_it_says_nothing() -> None:
    command = [sys.executable, "-P", "-m", "app.monitor.window.file_dialog", "open", "", "", ""]
    child = JsonChild(command, ROOT, {**environment(), "QT_QPA_PLATFORM": "no such platform"})
    with pytest.raises(ChildError, match="ended its process"):
        child.wait(SECONDS)
    assert not child.is_ready
    child.stop()
