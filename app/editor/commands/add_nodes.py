"""New nodes: from the palette, the quick search or a quick fix, each where it covers no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.editor.canvas.geometry import Point
from app.editor.canvas.gestures import added, centred_on, free_place
from app.editor.canvas.node_captions import title_of
from app.editor.canvas.scene import Port
from app.editor.canvas.wiring_rules import new_node, output_kind, shape_of_new, wire_to_new
from graphs.document.document import Node
from graphs.document.edits import Connect, Edit

if TYPE_CHECKING:
    from app.editor.window.window import Editor
    from graphs.document.problems import Fix


def add_node(
    editor: Editor, type_name: str, at: Point | None = None, wire_from: Port | None = None
) -> None:
    """Add a node at a point of the canvas, else in its middle; wire it to a port, if one is
    given.
    """
    add_made(editor, new_node(editor.library[type_name]), at, wire_from)


def add_made(
    editor: Editor, node: Node, at: Point | None = None, wire_from: Port | None = None
) -> None:
    """Add a node that is made already, where `add_node` would."""
    model, canvas = editor.model, editor.canvas
    shape = shape_of_new(editor.library, node)
    place = centred_on(at or canvas.camera.view(canvas.size).centre, shape)
    if at is None:
        place = free_place(canvas.picture.scene, shape, place)
    new = added(model.graph_name, model.graph, node, place)
    wires = _wire_edits(editor, node.type, new.id, wire_from) if wire_from else []
    if editor.do(new, *wires, title=f"Add {title_of(node)}"):
        model.select(frozenset({new.id}))


def _wire_edits(editor: Editor, type_name: str, id: str, wire_from: Port) -> list[Edit]:
    kind = output_kind(editor.model, wire_from.end)
    wire = wire_to_new(editor.library[type_name], id, wire_from, kind)
    if wire is None:
        return []
    replace = wire_from.is_input and not editor.board.takes_many(wire_from.end)
    return [Connect(graph=editor.model.graph_name, wire=wire, replace=replace)]


def apply_edits(editor: Editor, fix: Fix) -> None:
    """Make the edits of a quick fix, and select what it added."""
    model = editor.model
    before = model.graph.nodes.keys()
    model.stop_merging()
    done = editor.do(*_uncovered(editor, fix), title=fix.title)
    if done and (new := model.graph.nodes.keys() - before):
        model.select(frozenset(new))


def _uncovered(editor: Editor, fix: Fix) -> list[Edit]:
    """The edits of a fix, with a node that it adds where it covers no other."""
    scene = editor.canvas.picture.scene
    edits: list[Edit] = []
    for edit in fix.edits:
        if edit.kind == "add_node" and edit.graph == editor.model.graph_name:
            shape = shape_of_new(editor.library, edit.node)
            place = free_place(scene, shape, edit.node.position)
            node = edit.node.model_copy(update={"position": place})
            edit = edit.model_copy(update={"node": node})
        edits.append(edit)
    return edits
