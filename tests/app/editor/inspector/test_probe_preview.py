"""The newest pictures of a probe, below its form."""

from pathlib import Path

import dearpygui.dearpygui as dpg

from app.editor.inspector.probe_preview import ProbeView
from app.editor.session.session import Session
from tests.app.monitor_runs import make_run
from tests.app.probe_runs import add_probes


def test_the_picture_of_the_followed_run_is_shown(
    session: Session, widgets: int, home: Path
) -> None:
    run = make_run()
    add_probes(run, 0, 20)
    dpg.push_container_stack(widgets)
    view = ProbeView(session, "samples")
    dpg.pop_container_stack()
    view.refresh()
    assert not dpg.does_item_exist("inspector/probe/image")
    session.training.follow(run)
    view.refresh()
    while not dpg.does_item_exist("inspector/probe/image"):
        session.inbox.drain()
    session.training.forget()
    view.refresh()
    assert not dpg.does_item_exist("inspector/probe/image")
    view.close()
