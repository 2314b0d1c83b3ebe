"""The monitor as its own process on a real screen: curves appear, grow, are zoomed and compared."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from app.monitor.data.colours import ACCENT, RUNS
from tests.app.monitor_runs import log, make_run, training
from tests.app.probe_runs import add_look, add_probes, looked_at
from tests.gui.screen import Screen

ROOT = Path(__file__).parents[2]
LIST = (0, 80, 280, 720)
PLOTS = (290, 130, 1280, 780)
LEFT_PLOT = (600, 400)
SECOND_BOX = (19, 149)
LOG = (275, 21)
FOLLOW = (1162, 21)
PROBES_TAB = (395, 63)
CARDS = (290, 90, 1260, 745)
SLIDER = ((1176, 773), (495, 773))


def shade(picture: Image.Image, colour: str, box: tuple[int, int, int, int]) -> int:
    """How many pixels of the box have exactly this colour."""
    red, green, blue = bytes.fromhex(colour[1:])
    found = picture.crop(box).convert("RGB").getcolors(1 << 24) or []
    return sum(count for count, pixel in found if pixel == (red, green, blue))


def curves(picture: Image.Image) -> bytes:
    return picture.crop(PLOTS).tobytes()


@pytest.fixture
def monitor(screen: Screen, home: Path, tmp_path: Path) -> subprocess.Popen[bytes]:
    run = make_run("live", status="starting", epochs=9, state={"epoch": 0})
    log(run, training(range(1, 101)))
    older = make_run("older", age=30, seed=1)
    log(older, training(range(1, 101), slope=0.006, seed=1))
    return opened(screen, home, tmp_path)


def opened(screen: Screen, home: Path, tmp_path: Path) -> subprocess.Popen[bytes]:
    """The monitor on the screen, its errors in a file."""
    command = (sys.executable, "-X", "faulthandler", "-W", "error", "main.py", "monitor")
    with (tmp_path / "stderr").open("wb") as errors:
        home_of = {"PATCHBAY_HOME": str(home)}  # the screen was made before the home
        return screen.start(*command, cwd=ROOT, stderr=errors, env=home_of)


def test_a_person_watches_zooms_and_compares(
    screen: Screen, monitor: subprocess.Popen[bytes], home: Path, tmp_path: Path
) -> None:
    newest, second = RUNS[0], RUNS[1]
    screen.wait_until(lambda: shade(screen.picture(), newest, PLOTS) > 300)
    still = curves(screen.picture())
    (live,) = (home / "runs").glob("live")
    with (live / "metrics.jsonl").open("a") as file:
        file.write('{"split": "train", "step": 150, "epoch": 7.5, "time": 15, "values":')
        file.write(' {"cross_entropy": 3.0, "accuracy": 0.1}}\n')
    screen.wait_until(lambda: curves(screen.picture()) != still)
    screen.scroll(*LEFT_PLOT, 3)
    screen.move(140, 600)
    screen.wait_until(lambda: (picture := screen.picture()) and shade(picture, newest, PLOTS) > 100)
    screen.click(*SECOND_BOX)
    screen.wait_until(lambda: shade(screen.picture(), second, PLOTS) > 300)
    screen.click(*LOG)
    screen.click(*FOLLOW)
    screen.move(*LEFT_PLOT)
    screen.wait_until(lambda: shade(screen.picture(), second, LIST) > 100)
    screen.screenshot(tmp_path / "monitor.png")
    monitor.send_signal(signal.SIGINT)
    assert monitor.wait(timeout=20) == 0
    assert (tmp_path / "stderr").read_text() == ""
    assert (home / "monitor.ini").is_file()


def test_a_person_looks_at_probes_and_slides_back(
    screen: Screen, home: Path, tmp_path: Path
) -> None:
    """Images of a run that learns to draw rings; the first were noise."""
    run = make_run("rings")
    add_probes(run, 0, 20, 40, 400)
    monitor = opened(screen, home, tmp_path)
    screen.wait_until(lambda: shade(screen.picture(), ACCENT, (300, 74, 470, 80)) > 40, 60)
    screen.click(*PROBES_TAB)
    screen.wait_until(lambda: shade(screen.picture(), "#ffffff", CARDS) > 500, 60)
    late = screen.picture().crop(CARDS).tobytes()
    add_look(run, 500, looked_at(2))
    screen.wait_until(lambda: screen.picture().crop(CARDS).tobytes() != late, 60)
    newest = screen.picture().crop(CARDS).tobytes()
    screen.drag(*SLIDER)
    screen.move(140, 600)
    screen.wait_until(lambda: screen.picture().crop(CARDS).tobytes() != newest, 60)
    screen.screenshot(tmp_path / "probes.png")
    monitor.send_signal(signal.SIGINT)
    assert monitor.wait(timeout=20) == 0
    assert (tmp_path / "stderr").read_text() == ""
