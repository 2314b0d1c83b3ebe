"""Quick fixes: the usual repairs, as edits under a title."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from graphs.check.shape_inference import infer
from graphs.document.document import End, Graph, Node, Wire
from graphs.document.edits import AddNode, Connect, Disconnect, RemoveNodes, SetParameters
from graphs.document.identifiers import identifier
from graphs.document.problems import Fix
from graphs.nodetypes.file_dependencies import Complaint
from graphs.nodetypes.node_type import NodeType, Port, node_types
from graphs.nodetypes.tensor_kinds import Meta


def remove_node(graph: str, id: str) -> Fix:
    """Take the node away."""
    return Fix(title="Remove the node", edits=(RemoveNodes(graph=graph, ids=(id,)),))


def remove_wire(graph: str, wire: Wire) -> Fix:
    """Take the wire away."""
    return Fix(title="Remove the wire", edits=(Disconnect(graph=graph, wires=(wire,)),))


def keep_one(graph: str, wires: list[Wire]) -> Iterator[Fix]:
    """Take all wires away but one, for each of them."""
    for kept in wires:
        others = tuple(wire for wire in wires if wire is not kept)
        edits = (Disconnect(graph=graph, wires=others),)
        yield Fix(title=f"Keep the wire from {kept.source.node}", edits=edits)


def use_parameters(graph: str, id: str, use: Mapping[str, object]) -> tuple[Fix, ...]:
    """Give parameters the values that would do."""
    if not use:
        return ()
    words = ", ".join(f"{name} = {_short(value)}" for name, value in use.items())
    edit = SetParameters.model_validate({"graph": graph, "id": id, "parameters": use})
    return (Fix(title=f"Use {words}", edits=(edit,)),)


def mend_complaint(graph: str, id: str, complaint: Complaint) -> tuple[Fix, ...]:
    """What mends a node's files: other parameters, or trust in a file."""
    fixes = use_parameters(graph, id, complaint.use)
    if not complaint.trusts:
        return fixes
    title = f"Look at {complaint.trusts} and trust it"
    edits = tuple(edit for fix in fixes for edit in fix.edits)
    return (Fix(title=title, edits=edits, trusts=complaint.trusts),)


def adapters(name: str, graph: Graph, wire: Wire, meta: Meta, port: Port) -> Iterator[Fix]:
    """Node types that, put into a wire, make what it carries fit the port."""
    for title, adapter in node_types().items():
        if adapter.adapter and _adapts(adapter, meta, port):
            yield _insertion(name, graph, title, adapter, wire)


def _adapts(adapter: type[NodeType], meta: Meta, port: Port) -> bool:
    facts = infer(adapter(), ((adapter.inputs()[0].name, (meta,)),))
    return facts.problem is None and port.takes.accepts(facts.outputs[0][1])


def _insertion(name: str, graph: Graph, title: str, adapter: type[NodeType], wire: Wire) -> Fix:
    """Put a node of a type into a wire, halfway."""
    id = graph.free_id(identifier(title))
    (x1, y1), (x2, y2) = (graph.nodes[end.node].position for end in (wire.source, wire.target))
    node = Node(type=title, version=adapter.version, position=((x1 + x2) / 2, (y1 + y2) / 2))
    before = Wire(source=wire.source, target=End(id, adapter.inputs()[0].name))
    after = Wire(source=End(id, adapter.output_names()[0]), target=wire.target)
    return Fix(
        title=f"Insert {title}",
        edits=(
            AddNode(graph=name, id=id, node=node),
            Disconnect(graph=name, wires=(wire,)),
            Connect(graph=name, wire=before),
            Connect(graph=name, wire=after),
        ),
    )


def _short(value: object) -> str:
    parts: Iterable[object] = value if isinstance(value, (list, tuple)) else [value]
    text = ", ".join(map(str, parts))
    return text if len(text) <= 60 else f"{text[:57]}…"
