"""The canvas of the real window: what mouse and keys do to an example, and undo undoes."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gui.editor_window import ROOT, EditorWindow
from tests.gui.screen import MIDDLE, RIGHT, Screen

EXAMPLE = ROOT / "assets" / "examples" / "wine_mlp.graph.json"
SIZE = (1480, 920)


@pytest.fixture
def window(tmp_path: Path) -> Iterator[EditorWindow]:
    """The editor with an example, its library loaded."""
    for name in ("wine_mlp.graph.json", "wine.csv"):
        (tmp_path / name).write_bytes((EXAMPLE.parent / name).read_bytes())
    with Screen(*SIZE) as screen:
        window = EditorWindow(screen, tmp_path, "edit", str(tmp_path / EXAMPLE.name))
        window.wait_for("loaded")
        window.wait_until_checked()
        yield window
        if window.process.poll() is None:
            window.disconnect()
        assert window.log.read_text() == ""


@pytest.mark.gui
@pytest.mark.timeout(150)
def test_what_a_hand_does_to_a_graph(window: EditorWindow) -> None:
    start = window.ask("document")
    zoom_and_pan(window)
    select_and_remove(window)
    replug_and_unplug(window)
    search(window)
    copy_and_paste(window)
    type_into_a_field(window)
    window.screen.click(*window.empty_place())
    for _ in range(40):
        if window.ask("dirty"):
            window.screen.key("ctrl+z")
    assert window.ask("document") == start
    leave(window)


def zoom_and_pan(window: EditorWindow) -> None:
    """The wheel zooms to the mouse; the middle button pushes; F shows everything."""
    before, zoom = window.ask("node", "relu"), window.ask("zoom")
    corner = before[0], before[1]
    window.screen.scroll(*corner, 2)
    assert window.ask("zoom") > zoom
    assert window.ask("node", "relu")[:2] == pytest.approx(corner, abs=1)
    window.screen.drag(window.empty_place(), (700, 500), button=MIDDLE)
    assert window.ask("node", "relu")[0] > corner[0] + 200
    window.screen.key("f")
    assert window.ask("node", "relu") == pytest.approx(before, abs=1)


def select_and_remove(window: EditorWindow) -> None:
    """A box selects what it touches; Escape lets go; Delete removes, with the wires."""
    left, top, _, _ = window.ask("node", "hidden")
    _, _, right, bottom = window.ask("node", "relu")
    window.screen.drag((left - 10, top - 10), (right - 20, bottom + 10))
    assert window.ask("selection") == ["hidden", "relu"]
    window.screen.key("Escape")
    assert window.ask("selection") == []
    window.screen.drag((left - 10, top - 10), (right - 20, bottom + 10))
    window.screen.key("Delete")
    assert not {"hidden", "relu"} & set(window.nodes())
    assert not any("relu" in wire for wire in window.wires())
    window.screen.key("ctrl+z")
    assert {"hidden", "relu"} <= set(window.nodes())


def replug_and_unplug(window: EditorWindow) -> None:
    """A wire's end goes to another port, or off the canvas; Escape in mid-air leaves it."""
    wires = window.wires()
    end = window.ask("port", "input", "relu", "x")
    window.screen.move(*end)
    window.screen.down()
    window.screen.move(end[0], end[1] + 150)
    window.screen.key("Escape")
    window.screen.up()
    assert window.wires() == wires
    window.screen.drag(end, window.ask("port", "input", "logits", "x"))
    assert "hidden.output > logits.x" in window.wires()
    assert not any(wire.endswith("> relu.x") for wire in window.wires())
    window.screen.key("ctrl+z")
    window.screen.drag(end, window.empty_place())
    assert "hidden.output > relu.x" not in window.wires()
    window.screen.key("ctrl+z")
    assert window.wires() == wires


def search(window: EditorWindow) -> None:
    """A right click opens the search at the mouse; a wire let go there goes to what is chosen."""
    x, y = window.empty_place()
    window.screen.click(x + 100, y - 60, button=RIGHT)
    window.wait_for("rect", "search/field")
    window.screen.type("drop")
    window.screen.key("Return")
    assert window.ask("selection") == ["dropout"]
    window.screen.drag(window.ask("port", "output", "relu", "output"), (x + 500, y - 40))
    window.wait_for("rect", "search/field")
    window.screen.type("batch")
    window.screen.key("Down", "Up", "Return")
    assert any(wire.startswith("relu.output > batch_norm") for wire in window.wires())


def copy_and_paste(window: EditorWindow) -> None:
    """Copies keep the wires between them."""
    count, wires = len(window.nodes()), len(window.wires())
    window.screen.key("ctrl+a", "ctrl+c", "ctrl+v")
    assert len(window.nodes()) == 2 * count
    assert len(window.wires()) == 2 * wires
    window.screen.key("ctrl+x")
    assert len(window.nodes()) == count


def type_into_a_field(window: EditorWindow) -> None:
    """Keys typed into a field are no shortcuts; the label is on the node, and in the program."""
    window.screen.click(*window.node_centre("hidden"))
    nodes = set(window.nodes())
    window.fill("inspector/label", "deeff")
    window.screen.key("BackSpace", "Delete")
    assert set(window.nodes()) == nodes
    assert window.nodes()["hidden"]["label"] == "deef"


def leave(window: EditorWindow) -> None:
    """The close button asks when there are changes, and the answer is obeyed."""
    window.screen.key("ctrl+a", "Delete")
    close_button(window)
    window.wait_for("rect", "dialog/1")
    window.screen.key("Escape")
    assert window.process.poll() is None
    close_button(window)
    place = window.centre("dialog/1")
    window.screen.move(*place)
    window.screen.down()
    window.disconnect()
    window.screen.settle = lambda: None
    window.screen.up()
    assert window.process.wait(timeout=20) == 0


def close_button(window: EditorWindow) -> None:
    """What a window manager sends when its close button is pressed."""
    command = [sys.executable, ROOT / "tests" / "gui" / "closing.py", "Patchbay"]
    subprocess.run(command, env=window.screen.env, check=True)
    window.two_frames()
