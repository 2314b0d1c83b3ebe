"""The small parts of the editor that need no window: keys, search, text, layout, runs, start-up."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

import nodes.library  # noqa: F401
from app.editor.commands.shortcuts import SHORTCUTS, command_for, hint
from app.editor.session.checker_thread import Checker, Found
from app.editor.theme.display import Probe
from app.editor.theme.preferences import (
    Preferences,
    preferences_path,
    read_preferences,
    write_preferences,
)
from app.editor.theme.text_width import REGULAR, SEMIBOLD, shortened, width, wrapped
from app.editor.window.layout import lay_out
from app.runs.run_list import live_run
from graphs.document.document_io import read

ROOT = Path(__file__).resolve().parents[2]


def test_keys_give_commands() -> None:
    assert command_for("Z", ctrl=True, shift=False) == "undo"
    assert command_for("Z", ctrl=True, shift=True) == "redo"
    assert command_for("Y", ctrl=True, shift=False) == "redo"
    assert command_for("Z", ctrl=False, shift=False) is None
    assert command_for("+", ctrl=False, shift=True) == "zoom_in"
    assert command_for("Delete", ctrl=False, shift=False) == "remove"
    assert hint("undo") == "Undo (Ctrl+Z)"


def test_no_key_has_two_meanings() -> None:
    keys = [key for shortcut in SHORTCUTS for key in shortcut.keys]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(("name", "advances"), [("Regular", REGULAR), ("SemiBold", SEMIBOLD)])
def test_widths_are_those_of_the_font(name: str, advances: tuple[int, ...]) -> None:
    font = TTFont(ROOT / "assets" / "fonts" / f"Patchbay-{name}.ttf")
    codes, metrics, units = font.getBestCmap(), font["hmtx"], font["head"].unitsPerEm
    real = tuple(round(metrics[codes[code]][0] / units * 1000) for code in range(32, 127))
    assert real == advances


def test_text_is_cut_and_wrapped_to_its_room() -> None:
    assert shortened("short", 14, 200) == "short"
    cut = shortened("a very long name of a node", 14, 80)
    assert cut.endswith("…")
    assert width(cut, 14) <= 80
    lines = wrapped("several words that do not fit on one line", 14, 90)
    assert len(lines) > 2
    assert all(width(line, 14) <= 90 for line in lines)


@pytest.mark.parametrize("size", [(1480, 920), (1024, 700), (640, 480), (2560, 1440)])
def test_panels_fill_the_window_and_share_no_pixel(size: tuple[int, int]) -> None:
    layout = lay_out(*size)
    areas = list(vars(layout).values())
    for index, area in enumerate(areas):
        assert area.width > 0
        assert area.height > 0
        assert area.x + area.width <= size[0]
        assert area.y + area.height <= size[1]
        for other in areas[index + 1 :]:
            apart = (
                area.x + area.width <= other.x
                or other.x + other.width <= area.x
                or area.y + area.height <= other.y
                or other.y + other.height <= area.y
            )
            assert apart


def test_no_live_run_for_a_document_that_never_trained(home: Path, tmp_path: Path) -> None:
    assert live_run(tmp_path / "x.graph.json") is None
    assert live_run(None) is None


def test_preferences_are_remembered(home: Path) -> None:
    assert read_preferences() == Preferences(open_monitor=True)
    write_preferences(Preferences(open_monitor=False))
    assert read_preferences() == Preferences(open_monitor=False)
    preferences_path().write_text("nonsense")
    assert read_preferences() == Preferences()


def editor(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Start the editor where there is no screen."""
    kept = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    command = [sys.executable, ROOT / "main.py", *arguments]
    return subprocess.run(
        command, env=kept | environment, capture_output=True, text=True, timeout=60
    )


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux may lack a screen")
@pytest.mark.parametrize(
    ("environment", "reason"),
    [({}, "DISPLAY is not set"), ({"DISPLAY": ":987"}, "the display :987 does not answer")],
)
def test_without_a_screen_one_sentence_and_exit_code_2(
    environment: dict[str, str], reason: str
) -> None:
    answer = editor(**environment)
    assert answer.returncode == 2
    assert reason in answer.stderr
    assert len(answer.stderr.strip().split("\n")) == 1


def test_a_file_that_is_no_document_is_one_sentence(tmp_path: Path) -> None:
    bad = tmp_path / "bad.graph.json"
    bad.write_text("{")
    answer = editor("edit", str(bad))
    assert answer.returncode == 2
    assert "bad.graph.json" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_the_probe_is_content_with_a_screen(screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", screen.display)
    assert Probe().trouble() is None


def test_nothing_slow_is_imported_before_the_first_frame() -> None:
    code = (
        "import sys, json, app.editor.window.main, app.editor.window.window; "
        "print(json.dumps(list(sys.modules)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(json.loads(answer.stdout))
    assert not loaded & {"torch", "numpy", "networkx", "PySide6", "pyqtgraph"}
    tables = {"nodes", "nodes.families", "nodes.search"}  # names and words; no node type
    assert {name for name in loaded if name.partition(".")[0] == "nodes"} <= tables


def test_shapes_are_remembered_between_editors(home: Path) -> None:
    """What one editor inferred, the next finds on disk."""
    example = ROOT / "assets/examples/digits_cnn.graph.json"
    for _ in range(2):
        checker = Checker()
        checker.start()
        checker.ask(read(example), example.parent)
        found = None
        while found is None:
            time.sleep(0.05)
            found = next((news for news in list(checker.news) if isinstance(news, Found)), None)
        wait_until(lambda: list((home / "cache").glob("shapes-*.jsonl")) != [])
        checker.stop()
        assert found.checked.problems == ()
    assert checker._cache.misses == 0


def wait_until(condition: Callable[[], bool]) -> None:
    """Until something is so; the test's timeout ends it otherwise."""
    while not condition():
        time.sleep(0.05)
