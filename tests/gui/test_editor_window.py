"""The real window, from an empty canvas to an exported file that trains: real mouse, real keys."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from app.runs.run_folder import Run
from tests.gui.editor_window import ROOT, EditorWindow
from tests.gui.screen import Screen

SIZE = (1480, 920)
EXAMPLE = ROOT / "assets" / "examples" / "digits_cnn.graph.json"
PLACES = {
    "Digits": (345, 150),
    "Conv2d": (560, 130),
    "ReLU": (780, 130),
    "MaxPool2d": (1000, 130),
    "Linear": (560, 390),
    "CrossEntropy": (800, 400),
    "AdamW": (1020, 400),
    "Accuracy": (800, 570),
}
WIRES = (
    ("digits.image", "conv2d.x"),
    ("conv2d.output", "relu.x"),
    ("relu.output", "max_pool2d.x"),
    ("max_pool2d.output", "linear.x"),
    ("linear.output", "cross_entropy.prediction"),
    ("digits.label", "cross_entropy.label"),
    ("linear.output", "accuracy.prediction"),
    ("digits.label", "accuracy.label"),
    ("cross_entropy.output", "adamw.loss"),
)


@pytest.fixture
def wide_screen() -> Iterator[Screen]:
    """A screen as large as the window."""
    with Screen(*SIZE) as screen:
        yield screen


@pytest.fixture
def window(wide_screen: Screen, tmp_path: Path) -> Iterator[EditorWindow]:
    """The editor with an empty document, its library loaded."""
    window = EditorWindow(wide_screen, tmp_path)
    window.wait_for("loaded")
    window.wait_until_checked()
    yield window
    window.disconnect()
    assert window.log.read_text() == ""


@pytest.mark.gui
@pytest.mark.timeout(280)
def test_from_an_empty_canvas_to_a_file_that_trains(window: EditorWindow, tmp_path: Path) -> None:
    build(window)
    repair(window)
    set_parameters(window)
    undo_and_redo(window)
    train(window)
    save(window, tmp_path / "mine.graph.json")
    export(window, tmp_path / "exported" / "mine.py")


def build(window: EditorWindow) -> None:
    """Every node by drag and drop, every wire from port to port."""
    for name, place in PLACES.items():
        window.drop(name, *place)
    assert len(window.nodes()) == len(PLACES)
    window.wait_until_checked()
    for source, target in WIRES:
        window.wire(source, target)
    assert sorted(window.wires()) == sorted(f"{source} > {target}" for source, target in WIRES)


def repair(window: EditorWindow) -> None:
    """The image does not fit the linear layer; the fix that the list offers makes it fit."""
    window.wait_until_checked()
    (problem,) = window.ask("problems")
    assert problem["node"] == "linear"
    assert "got (N, 32, 4, 4)" in problem["text"]
    keep(window, "editor_problem")
    window.click("problems/0/fix/0")
    window.wait_until_checked()
    assert window.ask("problems") == []
    assert "flatten.output > linear.x" in window.wires()


def set_parameters(window: EditorWindow) -> None:
    """The form of the selected node, by typing; wrong input is refused under its field."""
    window.screen.click(*window.node_centre("linear"))
    assert window.ask("selection") == ["linear"]
    window.fill("inspector/out_features", "ten")
    assert "integer" in window.ask("value", "inspector/out_features/wrong")
    window.fill("inspector/out_features", "10")
    window.screen.click(*window.empty_place())
    assert window.nodes()["linear"]["parameters"] == {"out_features": 10}


def undo_and_redo(window: EditorWindow) -> None:
    """Typing was one step; so is a drag."""
    window.screen.key("ctrl+z")
    assert window.nodes()["linear"]["parameters"] == {}
    before = window.nodes()["accuracy"]["position"]
    window.screen.key("ctrl+shift+z")
    assert window.nodes()["linear"]["parameters"] == {"out_features": 10}
    x, y = window.node_centre("accuracy")
    window.screen.drag((x, y), (x - 60, y - 10))
    assert window.nodes()["accuracy"]["position"] != before
    window.screen.key("ctrl+z")
    assert window.nodes()["accuracy"]["position"] == before


def train(window: EditorWindow) -> None:
    """A few epochs; the curve moves while they last."""
    window.fill("run/epochs", "4")
    window.click("run/open_monitor")
    window.screen.click(*window.empty_place())
    window.wait_until_checked()
    keep(window, "editor")
    window.click("run/train")
    window.screen.wait_until(lambda: points(window) > 5, 60)
    early = window.screen.picture().crop(area(window, "run/curve"))
    window.screen.wait_until(lambda: status(window) == "finished", 90)
    window.two_frames()
    assert window.screen.picture().crop(area(window, "run/curve")) != early
    keep(window, "editor_training")
    assert window.ask("run")["state"]["last"]["accuracy"] > 0.5
    assert "Finished" in window.ask("value", "run/state")


def save(window: EditorWindow, path: Path) -> None:
    """Save under a name, into a file that reads back as what is drawn."""
    assert window.ask("dirty")
    window.screen.key("ctrl+s")
    window.fill("dialog/path", str(path))
    window.screen.key("Return")
    window.screen.wait_until(path.exists)
    assert not window.ask("dirty")
    answer = subprocess.run(
        [sys.executable, ROOT / "main.py", "check", path, "--json"], capture_output=True, check=True
    )
    assert answer.returncode == 0


def export(window: EditorWindow, path: Path) -> None:
    """The exported file trains in a clean process, away from the project."""
    path.parent.mkdir()
    window.screen.key("ctrl+e")
    window.fill("dialog/path", str(path))
    window.screen.key("Return")
    window.screen.wait_until(path.exists)
    environment = {"PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-I", path, "--epochs", "1"]
    answer = subprocess.run(
        command, cwd=path.parent, env=environment, capture_output=True, text=True, check=True
    )
    assert "epoch 1 validation" in answer.stdout


@pytest.mark.gui
@pytest.mark.timeout(200)
def test_a_killed_editor_leaves_its_run_and_its_edits(wide_screen: Screen, tmp_path: Path) -> None:
    path = tmp_path / "digits.graph.json"
    path.write_text(EXAMPLE.read_text())
    first = EditorWindow(wide_screen, tmp_path, "edit", str(path))
    first.wait_for("loaded")
    first.wait_until_checked()
    first.fill("run/epochs", "200")
    first.click("run/open_monitor")
    first.screen.click(*first.empty_place())
    first.wait_until_checked()
    first.click("run/train")
    first.screen.wait_until(lambda: status(first) == "running", 60)
    run = Run(Path(first.ask("run")["path"]))
    first.kill()

    assert run.is_live()
    step = run.state().step
    wide_screen.wait_until(lambda: run.state().step > step)

    second = EditorWindow(wide_screen, tmp_path, "edit", str(path))
    wide_screen.wait_until(lambda: status(second) == "running")
    assert second.ask("run")["path"] == str(run.path)
    assert second.ask("document")["settings"]["epochs"] != 200
    second.screen.key("Return")
    assert second.ask("document")["settings"]["epochs"] == 200
    second.click("run/stop")
    wide_screen.wait_until(lambda: status(second) == "stopped", 60)
    assert path.read_text() == EXAMPLE.read_text()
    second.disconnect()
    assert second.log.read_text() == ""


def status(window: EditorWindow) -> str | None:
    run = window.ask("run")
    return run["state"]["status"] if run and run["state"] else None


def points(window: EditorWindow) -> int:
    run = window.ask("run")
    return run["points"][0] if run else 0


def area(window: EditorWindow, tag: str) -> tuple[int, int, int, int]:
    left, top, right, bottom = window.ask("rect", tag)
    return int(left), int(top), int(right), int(bottom)


def keep(window: EditorWindow, name: str) -> None:
    """With $PATCHBAY_SCREENSHOTS set to a folder, save a picture for the README there."""
    folder = os.environ.get("PATCHBAY_SCREENSHOTS")
    if folder:
        window.screen.move(*window.empty_place())
        window.two_frames()
        picture = window.screen.picture().quantize(256, dither=Image.Dither.NONE)
        picture.save(Path(folder) / f"{name}.png", optimize=True)
