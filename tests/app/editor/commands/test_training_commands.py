"""Train, pause, stop, and the monitor."""

from pathlib import Path

import pytest

from app.editor.commands.commands import Commands
from app.editor.commands.table import TABLE
from app.editor.session.session import Session
from app.editor.session.training import Services
from app.editor.theme.preferences import Preferences, write_preferences
from app.runs.records import RunError
from app.runs.run_folder import Run
from graphs.check.results import Checked
from graphs.compiler import check
from graphs.document.document import Document
from graphs.document.edits import SetParameters
from graphs.nodetypes.node_type import node_types
from tests.app.editor.shells import WrittenShell
from tests.app.monitor_runs import make_run

pytestmark = pytest.mark.usefixtures("home")


class Trainer:
    """Starts nothing, and writes down what it was asked."""

    def __init__(self) -> None:
        self.asked: list[object] = []
        self.fails = False

    def start(self, document: Document, **options: object) -> Run:
        if self.fails:
            raise RunError("the disk is full")
        self.asked.append(options)
        return make_run()

    def resume(self, run: Run) -> Run:
        self.asked.append(run)
        return run

    def open_monitor(self, run: Run) -> None:
        if self.fails:
            raise OSError("no screen")
        self.asked.append(run)


@pytest.fixture
def trainer() -> Trainer:
    return Trainer()


@pytest.fixture
def session(digits: Document, digits_checked: Checked, trainer: Trainer, home: Path) -> Session:
    """A session that can train, and opens no monitor by itself."""
    write_preferences(Preferences(open_monitor=False))
    services = Services(trainer.start, trainer.resume, trainer.open_monitor)
    session = Session(digits, services=services)
    session.was_loaded(node_types(), ("cpu",))
    session.was_checked(digits, digits_checked)
    return session


@pytest.fixture
def commands(session: Session, shell: WrittenShell) -> Commands:
    return Commands(session, shell, TABLE)


def test_a_sound_document_is_trained_and_followed(
    session: Session, commands: Commands, trainer: Trainer
) -> None:
    commands.run("train")
    settings = session.document.settings
    assert trainer.asked == [
        {
            "device": settings.device,
            "epochs": settings.epochs,
            "seed": settings.seed,
            "folder": None,
            "document_path": None,
        }
    ]
    assert session.training.run is not None
    session.close()


def test_the_monitor_opens_with_it_where_that_is_wanted(
    session: Session, commands: Commands, trainer: Trainer
) -> None:
    write_preferences(Preferences(open_monitor=True))
    commands.run("train")
    assert trainer.asked[-1] == session.training.run
    session.close()


def test_what_is_not_checked_or_not_sound_is_not_trained(
    session: Session, shell: WrittenShell, commands: Commands, trainer: Trainer
) -> None:
    session.do(SetParameters(id="conv1", parameters={"out_channels": 0}))
    commands.run("train")
    assert "being checked" in shell.said()
    session.was_checked(session.document, check(session.document))
    commands.run("train")
    assert "Solve the problems first" in shell.said()
    assert shell.heard["show_tab"] == [("Problems",)]
    assert trainer.asked == []


def test_what_goes_wrong_is_a_sentence(
    session: Session, shell: WrittenShell, commands: Commands, trainer: Trainer
) -> None:
    trainer.fails = True
    commands.run("train")
    assert shell.said() == "The training did not start: the disk is full."
    session.training.follow(make_run())
    commands.run("open_monitor")
    assert shell.said() == "The monitor did not open: no screen."
    session.close()


def test_requests_reach_the_run(session: Session, shell: WrittenShell, commands: Commands) -> None:
    for name in ("pause", "stop", "resume"):
        commands.run(name)
    commands.run("open_monitor")
    assert [text for text, _ in shell.heard["say"]] == [
        "There is no run to watch yet; press Train."
    ]


def test_a_stopped_run_goes_on(session: Session, commands: Commands, trainer: Trainer) -> None:
    run = make_run()
    session.training.follow(run)
    commands.run("resume")
    assert trainer.asked == [run]
    session.close()


def test_nothing_is_attached_where_nothing_trains(
    session: Session, shell: WrittenShell, commands: Commands
) -> None:
    commands.run("attach")
    assert (session.training.run, shell.said()) == (None, "")


def test_without_services_nothing_trains(
    shell: WrittenShell, digits: Document, digits_checked: Checked
) -> None:
    session = Session(digits)
    session.was_loaded(node_types(), ("cpu",))
    session.was_checked(digits, digits_checked)
    Commands(session, shell, TABLE).run("train")
    assert shell.said() == "The training did not start: there is nothing here that trains."
