"""A module of one's own in the real window: looked at, trusted, given arguments, changed."""

import shutil
from pathlib import Path

import pytest

from graphs.document.document_io import write
from graphs.document.edits import Move, apply
from tests.gui.editor_window import EditorWindow
from tests.gui.screen import Screen
from tests.nodes.test_custom import GATE, gated

NODES = ("digits", "conv", "relu", "flatten", "gate", "linear", "loss", "accuracy", "adamw")


@pytest.mark.gui
@pytest.mark.timeout(150)
def test_a_module_is_looked_at_before_it_runs(tmp_path: Path) -> None:
    shutil.copy(GATE, tmp_path / "gate.py")
    places = {id: (number % 5 * 220.0, number // 5 * 160.0) for number, id in enumerate(NODES)}
    write(apply(gated(), Move(positions=places)), tmp_path / "own.graph.json")
    with Screen(1480, 920) as screen:
        window = EditorWindow(screen, tmp_path, "edit", str(tmp_path / "own.graph.json"))
        window.wait_for("loaded")
        window.wait_until_checked()
        assert "do not trust yet" in window.ask("problems")[0]["text"]
        trust(window)
        screen.wait_until(lambda: window.ask("problems") == [], 60)
        assert len(window.nodes()["gate"]["parameters"]["sha256"]) == 64
        give_an_argument(window)
        change_the_file(window, tmp_path)
        window.disconnect()
        assert window.log.read_text() == ""


def trust(window: EditorWindow) -> None:
    """Cancel changes nothing; the source is there to be read; the first button trusts it."""
    window.screen.click(*window.node_centre("gate"))
    window.click("inspector/fix/0/0")
    assert window.wait_for("value", "trust/source").startswith('"""A user\'s own module')
    window.screen.key("Return")
    assert window.ask("rect", "dialog")
    window.click("dialog/1")
    assert "sha256" not in window.nodes()["gate"]["parameters"]
    window.click("inspector/fix/0/0")
    window.click("dialog/0")


def give_an_argument(window: EditorWindow) -> None:
    """What `__init__` takes is a form; what the document does not say has the class's default."""
    assert window.ask("value", "inspector/arguments/width") == "16"
    assert window.ask("value", "inspector/arguments/bias") is True
    window.fill("inspector/arguments/width", "24")
    assert window.nodes()["gate"]["parameters"]["arguments"] == {"width": 24}
    window.wait_until_checked()
    window.screen.wait_until(lambda: "width=24" in window.ask("source"), 60)
    window.click("inspector/arguments/width/reset")
    assert window.nodes()["gate"]["parameters"]["arguments"] == {}


def change_the_file(window: EditorWindow, folder: Path) -> None:
    """The window sees that the file is another one."""
    (folder / "gate.py").write_text(GATE.read_text() + "\nMORE = 1\n")
    window.screen.wait_until(lambda: window.ask("problems"), 60)
    assert "has changed since you trusted it" in window.ask("problems")[0]["text"]
