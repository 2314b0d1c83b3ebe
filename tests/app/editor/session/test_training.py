"""The training that a session follows."""

from pathlib import Path

import pytest

from app.editor.session.session import Part, Session
from app.runs.run_list import live_run
from tests.app.monitor_runs import make_run

pytestmark = pytest.mark.usefixtures("home")


def test_no_live_run_for_a_document_that_never_trained(tmp_path: Path) -> None:
    assert live_run(tmp_path / "x.graph.json") is None
    assert live_run(None) is None


def test_news_of_a_run_come_through_the_inbox() -> None:
    session, heard = Session(), list[Part]()
    session.listeners.append(heard.extend)
    run = make_run()
    session.training.follow(run)
    while session.training.state is None:
        session.inbox.drain()
    assert session.training.run == run
    assert set(heard) == {"run"}
    session.training.forget()
    assert session.training.run is None


def test_news_of_a_run_that_is_no_longer_followed_are_dropped() -> None:
    session = Session()
    session.training.follow(make_run())
    first = session.training.follower
    assert first is not None
    session.training.follow(make_run("digits_cnn-2"))
    session.training._take(first, first.look())
    assert first.state is None
    session.training.close()
