"""Pictures of a session: each is made once, from the one before."""

import pytest

from app.editor.canvas import drawing as module
from app.editor.canvas.drawing import Drawing, scene_of
from app.editor.session.session import Session
from graphs.document.edits import Move, Rename


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The subjects of the pictures that are made."""
    subjects: list[object] = []
    make = module.make_picture
    monkeypatch.setattr(
        module, "make_picture", lambda *given: (subjects.append(given[0]), make(*given))[1]
    )
    return subjects


def test_a_picture_is_made_once(session: Session, made: list[object]) -> None:
    drawing = Drawing(session)
    assert drawing.picture() is drawing.picture()
    assert len(made) == 1
    session.do(Rename(id="conv1", label="stem"))
    assert drawing.picture().nodes["conv1"].shape.title == "stem"
    assert len(made) == 2


def test_a_move_keeps_every_look(session: Session) -> None:
    drawing = Drawing(session)
    before = drawing.picture()
    session.do(Move(positions={"conv1": (800.0, 800.0)}))
    after = drawing.picture()
    assert all(after.nodes[id] is look for id, look in before.nodes.items())
    assert after.scene.place("conv1") == (800.0, 800.0)


def test_a_gesture_is_shown_as_if_it_were_over(session: Session) -> None:
    drawing, place = Drawing(session), session.graph.nodes["conv1"].position
    session.show_gesture((Move(positions={"conv1": (800.0, 800.0)}),))
    assert drawing.picture().scene.place("conv1") == (800.0, 800.0)
    assert scene_of(session).place("conv1") == (800.0, 800.0)
    session.end_gesture()
    assert drawing.picture().scene.place("conv1") == place


def test_what_an_optimizer_reaches_is_lit(session: Session) -> None:
    drawing = Drawing(session)
    session.select(frozenset({"adamw"}))
    dim = {id for id, look in drawing.picture().nodes.items() if look.dim}
    assert "accuracy" in dim and "conv1" not in dim
    session.select()
    assert not any(look.dim for look in drawing.picture().nodes.values())
