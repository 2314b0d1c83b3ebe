"""Training from the window: settings, buttons, how the run stands."""

from collections.abc import Callable
from pathlib import Path

import dearpygui.dearpygui as dpg
import pytest

from app.editor.commands.commands import Commands
from app.editor.panels.run_controls import RunControls
from app.editor.session.session import Session
from app.editor.theme.area import Area
from app.editor.theme.preferences import read_preferences
from app.runs.run_folder import Run
from graphs.document.edits import Configure
from tests.app.editor.shells import WrittenShell
from tests.app.monitor_runs import log, make_run, training

pytestmark = pytest.mark.usefixtures("home")
Fill = Callable[[str, object], None]
Press = Callable[[str], None]


@pytest.fixture
def controls(session: Session, commands: Commands, widgets: int, home: Path) -> RunControls:
    controls = RunControls(session, commands, widgets)
    controls.place(Area(0, 0, 350, 440))
    controls.refresh(controls.listens)
    return controls


def shown(tag: str) -> bool:
    return bool(dpg.get_item_configuration(tag)["show"])


def follow(session: Session, controls: RunControls, run: Run) -> None:
    """Follow a run until the first news of it are there."""
    session.training.follow(run)
    while session.training.state is None:
        session.inbox.drain()
    controls.refresh(frozenset({"run"}))
    session.training.close()


def test_settings_are_edits(controls: RunControls, session: Session, fill: Fill) -> None:
    fill("run/epochs", "4")
    fill("run/epochs", "40")
    fill("run/seed", "7")
    fill("run/device", "cpu")
    settings = session.document.settings
    assert (settings.epochs, settings.seed, settings.device) == (40, 7, "cpu")
    assert [step.title for step in session.history.past] == ["Set epochs", "Set seed", "Set device"]


def test_settings_follow_the_document(controls: RunControls, session: Session) -> None:
    changed = session.document.settings.model_copy(update={"epochs": 77})
    session.do(Configure(settings=changed))
    controls.refresh(frozenset({"document"}))
    assert dpg.get_value("run/epochs") == "77"


def test_a_wrong_number_is_refused_until_it_is_left(
    controls: RunControls, session: Session, shell: WrittenShell, fill: Fill, press: Press
) -> None:
    before = session.document
    fill("run/epochs", "none")
    assert "integer, 1 or more" in dpg.get_value("run/wrong")
    press("run/train")
    assert "integer, 1 or more" in shell.said()
    assert session.document is before
    controls.poll()
    assert not shown("run/wrong")
    assert dpg.get_value("run/epochs") == str(before.settings.epochs)


def test_devices_are_those_of_the_machine(controls: RunControls, session: Session) -> None:
    session.was_loaded(session.library, ("auto", "cpu", "cuda"))
    controls.refresh(frozenset({"library"}))
    assert dpg.get_item_configuration("run/device")["items"] == ["auto", "cpu", "cuda"]


def test_the_buttons_fit_the_run(controls: RunControls, session: Session) -> None:
    assert dpg.get_value("run/state") == "Not trained yet"
    assert [shown(f"run/{name}") for name in ("train", "pause", "stop", "monitor")] == [
        True,
        False,
        False,
        False,
    ]
    run = make_run()
    log(run, training(range(1, 40)))
    follow(session, controls, run)
    assert dpg.get_value("run/state").startswith("Finished: 4 epochs")
    assert shown("run/monitor") and not shown("run/resume")
    assert controls.curve.train


def test_a_failed_run_shows_where(
    controls: RunControls, session: Session, shell: WrittenShell
) -> None:
    state = {"message": "out of memory", "node": "conv2"}
    follow(session, controls, make_run(status="failed", state=state))
    assert shell.said() == "Out of memory."
    assert session.selection == {"conv2"}


def test_whether_the_monitor_opens_is_remembered(controls: RunControls, fill: Fill) -> None:
    fill("run/open_monitor", False)
    assert not read_preferences().open_monitor
    fill("run/open_monitor", True)
    assert read_preferences().open_monitor


def test_buttons_give_commands(controls: RunControls, shell: WrittenShell, press: Press) -> None:
    press("run/train")
    assert "did not start" in shell.said()
    press("run/monitor")
    assert "no run to watch" in shell.said()
