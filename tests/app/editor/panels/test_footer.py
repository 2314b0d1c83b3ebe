"""The line at the bottom."""

import dearpygui.dearpygui as dpg
import pytest

from app.editor.commands.commands import Commands
from app.editor.panels import footer as module
from app.editor.panels.footer import Footer
from app.editor.session.session import Session
from app.editor.theme.style import GOOD


def test_it_counts_and_says_the_zoom(session: Session, commands: Commands, widgets: int) -> None:
    footer = Footer(session, commands, widgets)
    session.show_camera(0.5)
    footer.refresh(footer.listens - {"failure"})
    nodes, wires = len(session.graph.nodes), len(session.graph.wires)
    assert dpg.get_value("footer/counts") == f"{nodes} nodes   {wires} wires   50%"


def test_a_sentence_goes_after_a_while(
    session: Session, commands: Commands, widgets: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    footer = Footer(session, commands, widgets)
    session.select(frozenset({"adamw"}))
    footer.refresh(frozenset({"selection"}))
    legend = dpg.get_value("footer/legend")
    assert "parameters of" in legend
    footer.say("Saved x", GOOD)
    assert (footer.text, dpg.get_value("footer/legend")) == ("Saved x", "")
    footer.poll()
    assert footer.text == "Saved x"
    monkeypatch.setattr(module.time, "monotonic", lambda: 1e12)
    footer.poll()
    assert (footer.text, dpg.get_value("footer/legend")) == ("", legend)


def test_a_failure_is_said(session: Session, commands: Commands, widgets: int) -> None:
    footer = Footer(session, commands, widgets)
    session.fail("The check failed.")
    footer.refresh(frozenset({"failure"}))
    assert footer.text == "The check failed."
