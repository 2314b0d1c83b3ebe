"""New nodes: from the palette, the quick search or a quick fix, each where it covers no other.
No GUI.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.editor.canvas.drawing import captions_of, scene_of
from app.editor.canvas.geometry import Point
from app.editor.canvas.gestures import added, centred_on, free_place
from app.editor.canvas.scene import Port
from app.editor.canvas.wiring_rules import new_node, output_kind, shape_of_new, wire_to_new
from app.editor.commands.ask_trust import ask_for_trust
from app.editor.commands.shell import Shell
from app.editor.session.session import Session
from app.editor.session.wording import title_of
from graphs.document.document import Node
from graphs.document.edits import AddNode, Connect, Edit
from graphs.document.problems import Fix


def add_type(
    session: Session,
    shell: Shell,
    type_name: str,
    at: Point | None = None,
    wire_from: Port | None = None,
) -> None:
    """Add a node of a type at a point of the canvas, else in its middle; wire it to a port, if one
    is given.
    """
    add_node(session, shell, new_node(session.library[type_name]), at, wire_from)


def add_node(
    session: Session,
    shell: Shell,
    node: Node,
    at: Point | None = None,
    wire_from: Port | None = None,
) -> None:
    """Add a node that is made already, where `add_type` would."""
    shape = shape_of_new(session.library, node)
    place = centred_on(at or shell.middle, shape)
    if at is None:
        place = free_place(scene_of(session), shape, place)
    new = added(session.graph_name, session.graph, node, place)
    wires = _wire_edits(session, node.type, new.id, wire_from) if wire_from else []
    session.do(new, *wires, title=f"Add {title_of(node)}")
    session.select(frozenset({new.id}))


def _wire_edits(session: Session, type_name: str, id: str, wire_from: Port) -> list[Edit]:
    kind = output_kind(session, wire_from.end)
    wire = wire_to_new(session.library[type_name], id, wire_from, kind)
    if wire is None:
        return []
    port = captions_of(session).input(wire_from.end) if wire_from.is_input else None
    replace = wire_from.is_input and not (port is not None and port.many)
    return [Connect(graph=session.graph_name, wire=wire, replace=replace)]


def apply_fix(session: Session, shell: Shell, fix: Fix) -> None:
    """Do what a quick fix says; one that trusts a file asks first."""
    if fix.trusts:
        ask_for_trust(session, shell, fix.trusts, lambda: apply_edits(session, fix))
    else:
        apply_edits(session, fix)


def apply_edits(session: Session, fix: Fix) -> None:
    """Make the edits of a quick fix, and select what it added."""
    before = session.graph.nodes.keys()
    session.stop_merging()
    session.do(*_uncovered(session, fix), title=fix.title)
    if new := session.graph.nodes.keys() - before:
        session.select(frozenset(new))


def _uncovered(session: Session, fix: Fix) -> Iterator[Edit]:
    """The edits of a fix, with a node that it adds where it covers no other."""
    for edit in fix.edits:
        if edit.kind == "add_node" and edit.graph == session.graph_name:
            shape = shape_of_new(session.library, edit.node)
            place = free_place(scene_of(session), shape, _place(session, fix, edit))
            node = edit.node.model_copy(update={"position": place})
            edit = edit.model_copy(update={"node": node})
        yield edit


def _place(session: Session, fix: Fix, edit: AddNode) -> Point:
    """Where a fix puts a node: as far from its neighbours as when they were checked, since which
    they may have been moved.
    """
    wires = [e.wire for e in fix.edits if e.kind == "connect"]
    ids = [end.node for wire in wires for end in (wire.source, wire.target)]
    moved = [move for id in ids if (move := _moved(session, id))]
    (x, y), count = edit.node.position, max(len(moved), 1)
    return x + sum(dx for dx, _ in moved) / count, y + sum(dy for _, dy in moved) / count


def _moved(session: Session, id: str) -> Point | None:
    """How far a node has been moved since the last check; None where that did not see it."""
    seen = session.checked_graph
    if seen is None or id not in seen.nodes or id not in session.graph.nodes:
        return None
    (x, y), (old_x, old_y) = session.graph.nodes[id].position, seen.nodes[id].position
    return x - old_x, y - old_y
