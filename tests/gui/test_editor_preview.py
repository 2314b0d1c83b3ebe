"""The inspector shows what a data node gives: pictures, curves, texts, rows, or why it cannot."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gui.editor_window import ROOT, EditorWindow
from tests.gui.screen import Screen

EXAMPLES = ROOT / "assets/examples"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with an example and its data."""
    shutil.copytree(EXAMPLES / "shapes", tmp_path / "shapes")
    shutil.copy(EXAMPLES / "image_folder.graph.json", tmp_path)
    return tmp_path


@pytest.fixture
def window(screen: Screen, folder: Path) -> Iterator[EditorWindow]:
    window = EditorWindow(screen, folder, "edit", str(folder / "image_folder.graph.json"))
    window.wait_for("loaded")
    window.wait_until_checked()
    yield window
    window.disconnect()
    assert window.log.read_text() == ""


def test_images_and_a_broken_one(window: EditorWindow, folder: Path) -> None:
    window.screen.click(*window.node_centre("shapes"))
    shown = window.wait_for("preview")
    assert shown["splits"] == {"train": 210, "validation": 45, "test": 45}
    image, label = shown["fields"]
    assert len(image["samples"]["images"]) == 6 and sum(label["classes"]) == 210
    (folder / "shapes" / "circle" / "00.png").write_bytes(b"no image")
    window.two_frames()
    left, top, right, bottom = window.ask("rect", "inspector")
    for _ in range(40):  # until the button is in sight
        rect = window.ask("rect", "inspector/preview/again")
        if rect and top < rect[1] and rect[3] < bottom:
            break
        window.screen.scroll((left + right) / 2, (top + bottom) / 2, -1)
    window.click("inspector/preview/again")
    window.screen.wait_until(lambda: "error" in (window.ask("preview") or {}), 40)
    assert "circle/00.png is no image" in window.ask("preview")["error"]
