"""What is written on a node: title, the parameters that tell most, the names of its ports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from app.editor.canvas.scene import SMALL_SIZE, NodeShape
from app.editor.session.block_uses import USE, fields_of
from app.editor.session.shared_weights import SAID, START, shares, weights_of
from app.editor.session.wording import block_of, title_of
from app.editor.theme.icons import icon
from app.editor.theme.text_width import shortened, width
from graphs.document.document import MAIN, End, Graph, Node
from graphs.document.parameter_expressions import is_expression

if TYPE_CHECKING:
    from graphs.check.results import Checked
    from graphs.nodetypes.node_type import NodeType, Port

SUMMARY_ROOM = 210.0
"""How wide the line of parameters may be, in canvas units."""
SHOWN = 2


class Captions:
    """Describes the nodes of one graph from what is known now.

    The library and the last check may each not be there yet; the check may be of an older graph.
    """

    def __init__(
        self,
        graph: Graph,
        library: Mapping[str, type[NodeType]] | None = None,
        checked: Checked | None = None,
        checked_graph: Graph | None = None,
        graph_name: str = MAIN,
    ) -> None:
        self.graph = graph
        self.library = library or {}
        self._checked, self._checked_graph = checked, checked_graph
        self._graph_name = graph_name
        self._wired_in: dict[str, dict[str, None]] = defaultdict(dict)
        self._wired_out: dict[str, dict[str, None]] = defaultdict(dict)
        for wire in graph.wires:
            self._wired_in[wire.target.node][wire.target.port] = None
            self._wired_out[wire.source.node][wire.source.port] = None

    def shape(self, id: str, node: Node) -> NodeShape:
        """What a node looks like."""
        inputs, outputs = self.ports(id, node)
        return NodeShape(title_of(node), self.subtitle(node), inputs, outputs)

    def subtitle(self, node: Node) -> str:
        """The type, where the title does not say it, and the first parameters that differ from
        their defaults.
        """
        known = self.library.get(node.type)
        parts = kind_parts(node)
        if shares(known):
            parts += weights_parts(node)
        values = telling(known, node) if known else []
        while values and width(" · ".join([*parts, *values]), SMALL_SIZE) > SUMMARY_ROOM:
            values.pop()
        return shortened(" · ".join([*parts, *values]), SMALL_SIZE, SUMMARY_ROOM)

    def ports(self, id: str, node: Node) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The names of a node's inputs and outputs, with those that only its wires name at the
        end.
        """
        inputs, outputs = self._known_ports(id, node)
        return (
            tuple(dict.fromkeys((*inputs, *self._wired_in.get(id, ())))),
            tuple(dict.fromkeys((*outputs, *self._wired_out.get(id, ())))),
        )

    def is_wired(self, end: End, is_input: bool) -> bool:
        """A wire ends at a port."""
        wired = self._wired_in if is_input else self._wired_out
        return end.port in wired.get(end.node, ())

    def _known_ports(self, id: str, node: Node) -> tuple[list[str], list[str]]:
        if self._checked is not None and self.was_checked(id):
            ins = self._checked.inputs(self._graph_name, id)
            outs = self._checked.outputs(self._graph_name, id)
            return [port.name for port in ins], [port.name for port in outs]
        if known := self.library.get(node.type):
            return [port.name for port in known.inputs()], list(known.output_names())
        return [], []

    def was_checked(self, id: str) -> bool:
        """The last check saw this node, with the type it has now."""
        node = self.graph.nodes.get(id)
        seen = self._checked_graph.nodes.get(id) if self._checked_graph else None
        return node is not None and seen is not None and seen.type == node.type

    def input(self, end: End) -> Port | None:
        """An input port; None when it, or the node's type, is not known."""
        node = self.graph.nodes.get(end.node)
        known = self.library.get(node.type) if node else None
        if known is None:
            return None
        if self._checked is not None and self.was_checked(end.node):
            ports = self._checked.inputs(self._graph_name, end.node)
        else:
            ports = known.inputs()
        return next((port for port in ports if port.name == end.port), None)


def kind_parts(node: Node) -> list[str]:
    """What a node is, where the title does not say it: its type, or the block that it is."""
    kind = block_of(node) if node.type == USE and node.label else node.type
    return [kind] if kind and kind != title_of(node) else []


def weights_parts(node: Node) -> list[str]:
    """The name of weights that a node shares, the file that they start from, and that they are
    frozen or an average, each with its glyph.
    """
    parts = [f"{icon('link')} {name}"] if (name := weights_of(node)) else []
    parts += [f"{icon('download')} {name}"] if (name := started_from(node)) else []
    return parts + state_parts(node)


def started_from(node: Node) -> str:
    """The file that the weights of a node start from; empty where there is none."""
    return PurePath(str(node.parameters.get(START) or "")).stem


def state_parts(node: Node) -> list[str]:
    """What becomes of the weights of a use, where they are not trained."""
    if node.parameters.get("state") == "average":
        return [f"{icon('chart-line')} average of {node.parameters.get('average_of') or '?'}"]
    return [f"{icon('snowflake')} frozen"] if is_frozen(node) else []


def is_frozen(node: Node) -> bool:
    """No optimizer moves the weights of a use."""
    return str(node.parameters.get("state")).startswith("frozen")


def telling(known: type[NodeType], node: Node) -> list[str]:
    """The parameters that tell most of a node, as text: the first two that differ from their
    defaults, and are not said otherwise.
    """
    said = said_otherwise(known, node)
    changed = [
        (parameter.name, node.parameters[parameter.name])
        for parameter in known.parameters()
        if parameter.name in node.parameters
        and node.parameters[parameter.name] != parameter.default
        and parameter.name not in said
    ]
    return [value_text(name, value) for name, value in changed[:SHOWN]]


def said_otherwise(known: type[NodeType], node: Node) -> set[str]:
    """The parameters that the title or the glyphs of a node show."""
    block = set(fields_of(node, {node.type: known})) if node.type == USE else set()
    return block | (SAID if shares(known) else set())


def value_text(name: str, value: Any) -> str:
    """A parameter with its value, as people say it: `out_channels 16`, `no bias`."""
    words = name.replace("_", " ")
    if isinstance(value, bool):
        return words if value else f"no {words}"
    if isinstance(value, float):
        return f"{words} {value:g}"
    if isinstance(value, list | tuple) and value and all(map(_is_size, value)):
        return f"{words} {', '.join(str(part).lstrip('=') for part in value)}"
    if isinstance(value, list | tuple):
        return f"{len(value)} {words}"
    if isinstance(value, dict):
        return ", ".join(f"{key} {str(given).lstrip('=')}" for key, given in value.items())
    return f"{words} {value}"


def _is_size(value: Any) -> bool:
    return isinstance(value, int | float) or is_expression(value)
