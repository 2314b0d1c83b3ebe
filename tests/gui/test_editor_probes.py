"""The real editor beside a run with probes: the inspector shows what the selected one showed."""

from pathlib import Path

import pytest
from PIL import Image

from app.runs.locks import Lock
from tests.app.monitor_runs import make_run
from tests.app.probe_runs import PROBES, add_look, add_probes, looked_at
from tests.gui.editor_window import ROOT, EditorWindow
from tests.gui.screen import Screen

EXAMPLE = ROOT / "assets" / "examples" / "gan.graph.json"
IMAGE = "inspector/probe/image"


@pytest.mark.gui
@pytest.mark.timeout(200)
def test_the_inspector_shows_the_newest_samples(tmp_path: Path) -> None:
    path = tmp_path / "gan.graph.json"
    path.write_text(EXAMPLE.read_text())
    place = tmp_path / "home" / "runs" / "live"
    run = make_run(folder=place, document=str(path), status="running", epochs=9)
    samples = {"samples": PROBES["samples"]}
    add_probes(run, 0, probes=samples)
    lock = Lock(run.lock_path)
    with Screen(1480, 920) as screen:
        window = EditorWindow(screen, tmp_path, "edit", str(path))
        window.wait_for("loaded", timeout=120)
        window.wait_until_checked()
        screen.wait_until(lambda: window.ask("run"))
        screen.click(*window.node_centre("samples"))
        early = picture(window)
        assert len(early.getcolors() or [0] * 9) > 8
        add_look(run, 4000, looked_at(4000, samples))
        screen.wait_until(lambda: picture(window).tobytes() != early.tobytes())
        screen.screenshot(tmp_path / "editor_probe.png")
        screen.click(*window.node_centre("noise"))
        screen.wait_until(lambda: window.ask("rect", IMAGE) is None)
        window.disconnect()
        assert window.log.read_text() == ""
    lock.release()


def picture(window: EditorWindow) -> Image.Image:
    """What stands in the place of the samples."""
    left, top, right, bottom = window.wait_for("rect", IMAGE)
    return window.screen.picture().crop((int(left), int(top), int(right), int(bottom)))
