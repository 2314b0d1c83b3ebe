"""Undo, the clipboard, the selection, the layout. No GUI."""

from __future__ import annotations

from functools import partial

from app.editor.canvas.auto_layout import arranged
from app.editor.canvas.drawing import scene_of
from app.editor.commands.shell import Shell
from app.editor.session.clipboard import read_clip
from app.editor.session.session import Session
from app.editor.session.shared_weights import originals, own_weights, same_weights
from graphs.document.document import Graph
from graphs.document.edits import Move


def undo(session: Session, shell: Shell) -> None:
    """Take the last step back."""
    session.undo()


def can_undo(session: Session) -> bool:
    """There is a step to take back."""
    return bool(session.history.past)


def redo(session: Session, shell: Shell) -> None:
    """Do the step again that was taken back last."""
    session.redo()


def can_redo(session: Session) -> bool:
    """There is a step that was taken back."""
    return bool(session.history.future)


def copy(session: Session, shell: Shell) -> None:
    """Put the selected nodes on the clipboard."""
    if session.selection:
        shell.copy(session.copied())


def copy_text(session: Session, shell: Shell, text: str) -> None:
    """Put a text on the clipboard."""
    shell.copy(text)


def cut(session: Session, shell: Shell) -> None:
    """Put the selected nodes on the clipboard, and take them away."""
    copy(session, shell)
    session.remove_selected()


def paste(session: Session, shell: Shell) -> None:
    """Put the nodes that are on the clipboard into the graph."""
    _put(session, shell, read_clip(shell.copied()), "Paste")


def duplicate(session: Session, shell: Shell) -> None:
    """Put copies of the selected nodes beside them."""
    if session.selection:
        _put(session, shell, read_clip(session.copied()), "Duplicate")


def remove(session: Session, shell: Shell) -> None:
    """Take what is selected away."""
    session.remove_selected()


def select_all(session: Session, shell: Shell) -> None:
    """Select every node of the graph."""
    session.select(frozenset(session.graph.nodes))


def arrange(session: Session, shell: Shell) -> None:
    """Lay the graph out from left to right."""
    if positions := arranged(scene_of(session)):
        session.do(Move(graph=session.graph_name, positions=positions), title="Lay out")
        shell.frame()


def _put(session: Session, shell: Shell, copies: Graph, title: str) -> None:
    """Put copies into the graph; asks whose weights they have, where they may share them."""
    if not originals(session.graph, copies, session.library):
        session.put(copies, title=title)
        return
    shell.ask(
        title,
        "The copy may share its weights with its original, or have weights of its own.",
        [
            ("Same weights", partial(_put_same, session, copies, title)),
            ("Own weights", partial(_put_own, session, copies, title)),
        ],
    )


def _put_same(session: Session, copies: Graph, title: str) -> None:
    edits, named = same_weights(session.graph_name, session.graph, copies, session.library)
    session.put(named, *edits, title=title)


def _put_own(session: Session, copies: Graph, title: str) -> None:
    session.put(own_weights(session.graph, copies, session.library), title=title)
