"""What is shown, where: graphs, nodes, zoom, search, help. No GUI."""

from __future__ import annotations

from app.editor.canvas.geometry import Point
from app.editor.canvas.scene import Port
from app.editor.commands.shell import Shell
from app.editor.session.block_uses import held, trail_to, way_to
from app.editor.session.session import Session
from graphs.document.document import MAIN, Node

ZOOM_STEP = 1.25


def frame(session: Session, shell: Shell) -> None:
    """Show the whole graph."""
    shell.frame()


def zoom_in(session: Session, shell: Shell) -> None:
    """Show the graph larger."""
    shell.zoom(ZOOM_STEP)


def zoom_out(session: Session, shell: Shell) -> None:
    """Show the graph smaller."""
    shell.zoom(1 / ZOOM_STEP)


def escape(session: Session, shell: Shell) -> None:
    """Let go of what the mouse holds, or select nothing."""
    if not shell.cancel_gesture():
        session.select()


def search(
    session: Session, shell: Shell, at: Point | None = None, wire_from: Port | None = None
) -> None:
    """Let the user find a node type to be added, and wired to a port."""
    shell.open_search(at, wire_from)


def carry(session: Session, shell: Shell, node: Node) -> None:
    """Let the mouse carry a new node onto the canvas."""
    shell.carry(node)


def follow(session: Session, shell: Shell, trail: tuple[str, ...]) -> None:
    """Show the last graph of a trail that begins at main."""
    shell.cancel_gesture()
    session.follow(trail)
    shell.frame()


def leave(session: Session, shell: Shell) -> None:
    """Show the graph from which the block was opened."""
    if is_inside(session):
        follow(session, shell, session.trail[:-1])


def is_inside(session: Session) -> bool:
    """A block is shown."""
    return len(session.trail) > 1


def show_graph(session: Session, shell: Shell, name: str) -> None:
    """Show a graph of the document, by the way that leads there from the one shown."""
    if name in session.document.graphs:
        follow(session, shell, trail_to(session.document, session.library, session.trail, name))


def visit_block(session: Session, shell: Shell, name: str) -> None:
    """Show a block by the shortest way from main."""
    follow(session, shell, way_to(session.document, session.library, name))


def open_node(session: Session, shell: Shell, id: str) -> None:
    """Show the block that a node holds; where it holds none, let its label be typed."""
    for name in held(session.graph.nodes[id], session.library):
        if name in session.document.graphs:
            show_graph(session, shell, name)
            return
    shell.edit_label()


def show_node(session: Session, shell: Shell, node: str | None, graph: str = MAIN) -> None:
    """Select a node and show it; without one, show the graph."""
    if graph != session.graph_name:
        show_graph(session, shell, graph)
    if node in session.graph.nodes:
        session.select(frozenset({node}))
        shell.frame([node])
