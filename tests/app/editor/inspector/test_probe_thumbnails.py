"""The editor's look at the newest pictures of a probe, without a screen."""

import time
from collections import Counter, deque
from pathlib import Path

import pytest

from app.editor.inspector import probe_thumbnails
from app.editor.inspector.probe_thumbnails import Peek, Peeker
from app.runs.probe_files import probe_steps
from app.runs.run_folder import Run
from tests.app.monitor_runs import make_run
from tests.app.probe_runs import PROBES, add_look, add_probes, looked_at


def next_peek(peeks: deque[Peek]) -> Peek:
    """The next picture."""
    deadline = time.monotonic() + 20
    while not peeks:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return peeks.popleft()


def test_the_newest_pictures_come_enlarged(home: Path) -> None:
    run = make_run()
    add_probes(run, 0, 20)
    peeks: deque[Peek] = deque()
    peeker = Peeker(run, "samples", 100, peeks.append)
    peek = next_peek(peeks)
    assert (peek.step, peek.width, peek.height) == (20, 70, 70)  # 4 images of 8, 3 gaps; twice
    pixels = peek.pixels.reshape(70, 70, 4)
    assert pixels.min() >= 0 and pixels.max() <= 1 and (pixels[..., 3] == 1).all()
    add_look(run, 40, looked_at(40))
    assert next_peek(peeks).step == 40
    peeker.stop()


def test_large_pictures_are_thinned(home: Path) -> None:
    run = make_run()
    add_probes(run, 0)
    peeks: deque[Peek] = deque()
    peeker = Peeker(run, "samples", 20, peeks.append)
    peek = next_peek(peeks)
    peeker.stop()
    assert (peek.width, peek.height) == (18, 18)


def test_nothing_comes_of_other_probes_or_of_no_run(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each looks twice, the second time once the first look is over."""
    asked = Counter[Path]()

    def steps(folder: Path) -> list[int]:
        asked[folder] += 1
        return probe_steps(folder)

    monkeypatch.setattr(probe_thumbnails, "probe_steps", steps)
    monkeypatch.setattr(probe_thumbnails, "PERIOD", 0.01)
    run = make_run()
    add_probes(run, 0, probes={"waves": PROBES["waves"]})
    peeks: deque[Peek] = deque()
    peekers = [Peeker(run, node, 50, peeks.append) for node in ("waves", "gone")]
    peekers.append(Peeker(Run(home / "nowhere"), "samples", 50, peeks.append))
    deadline = time.monotonic() + 20
    while not (asked[run.probes_path] >= 4 and len(asked) == 2 and min(asked.values()) >= 2):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert not peeks
    for peeker in peekers:
        peeker.stop()
