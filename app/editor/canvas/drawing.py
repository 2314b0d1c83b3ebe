"""What a session shows, as pictures for the canvas; each is made once. No GUI."""

from __future__ import annotations

from app.editor.canvas.canvas_model import Before, Picture, Subject, make_picture
from app.editor.canvas.gestures import DragWire
from app.editor.canvas.node_captions import Captions
from app.editor.canvas.scene import Scene
from app.editor.canvas.wiring_rules import SessionBoard
from app.editor.session.session import Session


class Drawing:
    """Remembers the last picture, from which the next one is made."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._made: Before | None = None

    def picture(self, wire: DragWire | None = None) -> Picture:
        """The graph as it is now, while a wire is dragged with the ports that it may go into."""
        subject = self._subject(wire)
        if self._made is None or not subject.is_like(self._made[0]):
            self._made = subject, make_picture(subject, self._made)
        return self._made[1]

    def _subject(self, wire: DragWire | None) -> Subject:
        session = self._session
        reach = session.reach
        return Subject(
            session.graph_previewed,
            session.graph_name,
            session.library,
            session.checked,
            session.checked_graph,
            session.selection,
            session.selected_wire,
            wire.fits if wire else None,
            wire.fixed if wire else None,
            reach.nodes if reach else frozenset(),
        )

    @property
    def board(self) -> SessionBoard:
        """What gestures ask of the graph."""
        session = self._session
        captions = captions_of(session)
        return SessionBoard(session.graph_name, self.picture().scene, session, captions)


def captions_of(session: Session) -> Captions:
    """Words for the graph that a session shows."""
    return Captions(
        session.graph_previewed,
        session.library,
        session.checked,
        session.checked_graph,
        session.graph_name,
    )


def scene_of(session: Session) -> Scene:
    """Where everything lies in the graph that a session shows."""
    return Scene.of(session.graph_previewed, captions_of(session).shape)
