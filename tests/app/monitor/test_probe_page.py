"""The page of probes off screen: cards, the slider through time, zoom, files."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from app.monitor.probes.probe_card import VIEWS
from app.monitor.probes.probe_views import PlotView
from app.monitor.window.window import Window
from app.runs.run_folder import Run
from tests.app.monitor_runs import log, make_run, training
from tests.app.monitor_windows import Open, opened_fixture  # noqa: F401 - a fixture
from tests.app.probe_runs import PROBES, add_look, add_probes, looked_at

Turn = Callable[[Window], None]


@pytest.fixture(name="page")
def page_fixture(opened: Open, qtbot: QtBot) -> tuple[Window, Run]:
    """A window with a run of every probe, turned to its page."""
    run = make_run()
    log(run, training(range(1, 41)))
    add_probes(run, 0, 20, 40)
    window = opened(run)
    turn(window, qtbot, run, 40)
    return window, run


def turn(window: Window, qtbot: QtBot, run: Run, step: int) -> None:
    """Turn to the probes, and wait until a step of a run is drawn."""
    qtbot.waitUntil(lambda: window.pages.isTabVisible(1), timeout=20_000)
    window.pages.setCurrentIndex(1)
    wait_for(window, qtbot, run, step)


def wait_for(window: Window, qtbot: QtBot, run: Run, step: int) -> None:
    def drawn() -> bool:
        cards = [card for (owner, _), card in window.probes.cards.items() if owner == run]
        return bool(cards) and all(card.look and card.look.step == step for card in cards)

    qtbot.waitUntil(drawn, timeout=20_000)


def test_every_picture_is_drawn(page: tuple[Window, Run]) -> None:
    window, _ = page
    assert {probe["picture"] for probe in PROBES.values()} == set(VIEWS)
    assert [label for _, label in window.probes.cards] == list(PROBES)
    for card in window.probes.cards.values():
        assert card.view.isVisible() and not card.words.isVisible(), card.words.text()


def test_runs_without_probes_have_no_page(opened: Open, qtbot: QtBot) -> None:
    run = make_run()
    window = opened(run)
    qtbot.waitUntil(lambda: run in window.watch.runs, timeout=20_000)
    assert not window.pages.isTabVisible(1) and not window.pages.tabBar().isVisible()


def test_nothing_is_read_while_the_page_is_hidden(opened: Open, qtbot: QtBot) -> None:
    run = make_run()
    add_probes(run, 0)
    window = opened(run)
    qtbot.waitUntil(lambda: window.pages.isTabVisible(1), timeout=20_000)
    qtbot.wait(300)
    assert not window.probes.looks.listings and not window.probes.cards


def test_one_slides_back_and_follows_again(page: tuple[Window, Run], qtbot: QtBot) -> None:
    window, run = page
    timeline = window.probes.timeline
    assert timeline.place.text() == "step 40 · epoch 2"
    timeline.slider.setValue(1)
    wait_for(window, qtbot, run, 20)
    add_look(run, 60, looked_at(60))
    qtbot.waitUntil(lambda: timeline.slider.maximum() == 3, timeout=20_000)
    assert timeline.slider.value() == 1 and timeline.newest.isEnabled()
    timeline.newest.click()
    wait_for(window, qtbot, run, 60)
    assert not timeline.newest.isEnabled()


def test_new_looks_leave_the_zoom(page: tuple[Window, Run], qtbot: QtBot) -> None:
    window, run = page
    views = [c.view for c in window.probes.cards.values() if isinstance(c.view, PlotView)]
    for view in views:
        view.box.setRange(xRange=(0.2, 0.4), yRange=(0.1, 0.3), padding=0)
    before = [view.box.viewRange() for view in views]
    add_look(run, 60, looked_at(60))
    wait_for(window, qtbot, run, 60)
    assert [view.box.viewRange() for view in views] == before
    for view, range_ in zip(views, before, strict=True):
        view.follow()
        view.canvas.grab()  # what is scrolled out of sight waits until it is painted
        assert view.box.viewRange() != range_


def test_two_runs_are_told_apart(page: tuple[Window, Run], qtbot: QtBot) -> None:
    window, _ = page
    other = make_run("other", age=5)
    add_probes(other, 0, 10, probes={"samples": PROBES["samples"]})
    window.watch.show(other)
    window.sync()
    wait_for(window, qtbot, other, 10)
    names = {card.run_name.text() for card in window.probes.cards.values()}
    assert len(names) == 2 and "" not in names
    window.choose(other)
    qtbot.waitUntil(lambda: list(window.probes.cards) == [(other, "samples")], timeout=20_000)
    assert window.probes.cards[other, "samples"].run_name.text() == ""


FILES = [
    ("samples", "PNG", b"\x89PNG"),
    ("waves", "CSV", b"sample,line,x,value\n0,y,0.0,"),
    ("activations", "CSV", b"from,to,count\n-3.0,-2.8,"),
    ("codes", "PNG", b"\x89PNG"),
    ("codes", "CSV", b"x,y,class\n"),
    ("mistakes", "CSV", b"right class,0,1,2,3"),
    ("mistakes", "PNG", b"\x89PNG"),
    ("strings", "WAV", b"RIFF"),
    ("strings", "CSV", b"seconds,value\n0.0,0.0\n0.00025,"),
    ("writes", "TXT", b"1.  "),
    ("answers", "CSV", b"sepal,petal,guess,right\n"),
]


def test_files(page: tuple[Window, Run], tmp_path: Path) -> None:
    """Each probe is saved in its forms, by the menu of its card."""
    window, run = page
    for label, form, begins in FILES:
        path = tmp_path / f"{label}.{form.lower()}"
        window._ask = lambda parent, name, wanted, path=path: str(path)
        window.probes.cards[run, label].save_asked.emit(form)
        assert path.read_bytes().startswith(begins), (label, form)
        assert form != "PNG" or QImage(str(path)).width() > 200


def test_what_is_under_the_mouse(page: tuple[Window, Run]) -> None:
    """A cell of the matrix says what it counts, and a number chooses its sound."""
    window, run = page
    view = window.probes.cards[run, "mistakes"].view
    view.cells.resize(400, 400)
    counts = view.cells.counts
    place = view.cells._place(3, 8).center()
    assert view.cells.words_at(place) == f"3 taken for 8: {counts[3, 8]} of {counts[3].sum()}"
    assert view.cells.words_at(QPointF(1, 1)) == ""
    assert view.words.text().startswith(f"{counts.trace()} of {counts.sum()} right (")
    sounds = window.probes.cards[run, "strings"].view
    sounds.words.linkActivated.emit("1")
    assert sounds.place == 1 and "<b>2</b>" in sounds.words.text()


def test_the_page_comes_back_with_its_runs(page: tuple[Window, Run], qtbot: QtBot) -> None:
    """A run without probes shows its curves; the next with probes shows them again."""
    window, run = page
    plain = make_run("plain", age=5)
    window.choose(plain)
    qtbot.waitUntil(lambda: window.pages.currentIndex() == 0, timeout=20_000)
    assert window.controls.isEnabled()
    window.choose(run)
    qtbot.waitUntil(lambda: window.pages.currentIndex() == 1, timeout=20_000)
    assert not window.controls.isEnabled()


def test_what_cannot_be_drawn_is_a_sentence(opened: Open, qtbot: QtBot) -> None:
    """Looks of a stranger, or of another version."""
    run = make_run()
    probes = {"samples": {"picture": "images"}, "new": {"picture": "hologram"}}
    add_probes(run, probes=probes)
    add_look(run, 5, {"samples.images": np.zeros((2, 9, 4, 4)), "new.parts": np.zeros(3)})
    window = opened(run)
    turn(window, qtbot, run, 5)
    texts = {label: card.words.text() for (_, label), card in window.probes.cards.items()}
    assert texts["samples"] == "What was kept cannot be drawn: images have 9 channels."
    assert "draws no hologram" in texts["new"]
    add_look(run, 6, {"samples.images": np.zeros((2, 1, 4, 4))})
    wait_for(window, qtbot, run, 6)
    assert window.probes.cards[run, "samples"].view.isVisible()
    assert window.probes.cards[run, "new"].words.text() == "Not looked at at this step."
