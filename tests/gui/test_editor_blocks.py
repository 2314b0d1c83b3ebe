"""Blocks in the real window: made, opened, given a parameter, copied, taken from the palette."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from graphs.document.document_io import write
from graphs.document.edits import Move, apply
from tests.graphs.test_blocks import gan
from tests.gui.editor_window import EditorWindow
from tests.gui.screen import RIGHT, Screen

PLACES = {
    "digits": (0, 0),
    "noise": (240, 160),
    "fake": (480, 160),
    "real_score": (740, 0),
    "fake_score": (740, 180),
    "real_loss": (1010, -20),
    "fake_loss": (1010, 120),
    "judge_loss": (1270, 40),
    "forger_loss": (1010, 300),
    "judge": (1500, 40),
    "forger": (1270, 300),
}
INSIDE = {"x": (0, 0), "linear": (220, 0), "relu": (440, 0), "y": (660, 0)}


@pytest.fixture
def window(tmp_path: Path) -> Iterator[EditorWindow]:
    """The editor with a small GAN."""
    moves = [Move(graph=name, positions=INSIDE) for name in ("Generator", "Discriminator")]
    write(apply(gan(), Move(positions=PLACES), *moves), tmp_path / "gan.graph.json")
    with Screen(1480, 920) as screen:
        window = EditorWindow(screen, tmp_path, "edit", str(tmp_path / "gan.graph.json"))
        window.wait_for("loaded")
        window.wait_until_checked()
        yield window
        window.disconnect()
        assert window.log.read_text() == ""


@pytest.mark.gui
@pytest.mark.timeout(150)
def test_blocks_by_hand(window: EditorWindow) -> None:
    start = window.ask("document")
    light_up(window)
    make_a_block(window)
    open_and_promote(window)
    copy_with_own_weights(window)
    take_one_from_the_palette(window)
    window.screen.click(*window.node_centre("digits"))
    for _ in range(12):
        if window.ask("dirty"):
            window.screen.key("ctrl+z")
    assert window.ask("document") == start


def light_up(window: EditorWindow) -> None:
    """A selected optimizer lights up what its gradient reaches, until Escape."""
    window.screen.click(*window.node_centre("judge"))
    assert {"judge", "fake_score"} <= set(window.ask("lit"))
    assert "fake" not in window.ask("lit")
    assert "65 parameters of Discriminator" in window.ask("value", "footer/legend")
    window.screen.key("Escape")
    assert window.ask("lit") == []


def make_a_block(window: EditorWindow) -> None:
    """A name that is taken is refused where it is asked for; a free one makes the block."""
    window.screen.click(*window.node_centre("fake"))
    window.screen.key("ctrl+b")
    window.fill("dialog/name", "Generator")
    window.screen.key("Return")
    assert "already" in window.wait_for("value", "dialog/wrong")
    window.fill("dialog/name", "Maker")
    window.screen.key("Return")
    assert window.ask("selection") == ["maker"]
    assert "fake" not in window.nodes()
    window.wait_until_checked()
    assert window.ask("problems") == []


def open_and_promote(window: EditorWindow) -> None:
    """A double click opens a block; a number inside becomes a parameter of it; the path leads
    back.
    """
    window.open_block("maker")
    assert window.ask("trail") == ["main", "Maker"]
    window.open_block("fake")
    assert window.ask("trail") == ["main", "Maker", "Generator"]
    window.screen.click(*window.node_centre("linear"))
    window.click("inspector/out_features/promote")
    window.fill("dialog/name", "width")
    window.screen.key("Return")
    assert window.ask("value", "inspector/out_features") == "=width"
    window.screen.key("Escape")
    assert window.wait_for("value", "parameters/width") == "64"
    window.click("parameters/width/describe")
    window.fill("dialog/name", "Features, 8 to 256.")
    window.screen.key("Return")
    help_ = window.ask("document")["graphs"]["Generator"]["help"]
    assert help_ == {"width": "Features, 8 to 256."}
    window.click("trail/Maker")
    window.screen.click(*window.node_centre("fake"))
    window.fill("inspector/arguments/width", "32")
    maker = window.ask("document")["graphs"]["Maker"]
    assert maker["nodes"]["fake"]["parameters"]["arguments"] == {"width": 32}
    window.click("trail/main")
    assert window.ask("trail") == ["main"]
    window.screen.click(*window.node_centre("maker"))
    window.screen.key("ctrl+shift+b")
    assert window.ask("selection") == ["fake"]
    assert window.nodes()["fake"]["position"] == [480, 160]


def copy_with_own_weights(window: EditorWindow) -> None:
    """A copy of a use may have weights of its own."""
    window.screen.click(*window.node_centre("real_score"))
    window.screen.key("ctrl+d")
    window.click("dialog/1")
    assert window.nodes()["real_score_2"]["parameters"]["weights"] == ""
    window.screen.key("Delete")


def take_one_from_the_palette(window: EditorWindow) -> None:
    """A block of the document is dragged from the palette, and renamed in its menu."""
    new = window.drop("block/Generator", *window.empty_place())
    assert window.nodes()[new]["parameters"] == {"block": "Generator"}
    window.screen.click(*window.node_centre(new), button=RIGHT)
    window.click("menu/1")
    window.fill("dialog/name", "Forge")
    window.screen.key("Return")
    assert window.nodes()[new]["parameters"] == {"block": "Forge"}
    assert "Forge" in window.ask("document")["graphs"]
