"""How the editor starts: with a screen, without one, and what it waits for."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.editor.theme.display import Probe

ROOT = Path(__file__).resolve().parents[4]


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
    assert not loaded & {"torch", "numpy", "scipy", "sklearn", "networkx", "PySide6", "pyqtgraph"}
    tables = {"nodes", "nodes.families", "nodes.search"}  # names and words; no node type
    assert {name for name in loaded if name.partition(".")[0] == "nodes"} <= tables
