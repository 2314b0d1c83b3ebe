"""The catalogue of node types as Markdown, which is what `docs/nodes.md` holds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from app.editor.inspector.forms import limits
from app.editor.session.library_search import by_family

if TYPE_CHECKING:
    from graphs.nodetypes.node_type import NodeType, Port
    from graphs.nodetypes.parameters import Parameter

HEAD = """\
# Node types

All that the palette holds, by family: what it does, when to use it, what it takes and gives, and
its parameters with their defaults. In shapes N is the batch, C channels, T steps of time, F
features, and D, H, W depth, height and width.

This page is the output of `python main.py nodes --markdown`.
"""


def markdown(library: Mapping[str, type[NodeType]]) -> str:
    """The whole catalogue, families in the palette's order."""
    parts = [HEAD]
    for family, types in by_family(library).items():
        parts.append(f"## {family}\n")
        parts += ["\n".join(_entry(type_)) for type_ in types]
    return "\n".join(parts)


def _entry(type_: type[NodeType]) -> Iterator[str]:
    yield f"### {type_.type_name()}\n"
    for paragraph in type_.help().split("\n\n"):
        yield f"{' '.join(paragraph.split())}\n"
    takes = ", ".join(map(_port, type_.inputs())) or "nothing"
    gives = ", ".join(f"`{name}`" for name in type_.output_names()) or "nothing"
    yield f"Takes {takes}; gives {gives}.\n"
    if type_.parameters():
        yield from map(_parameter, type_.parameters())
        yield ""


def _port(port: Port) -> str:
    notes = [port.kind, *["optional"] * port.optional, *["any number of wires"] * port.many]
    return f"`{port.name}` ({', '.join(notes)})"


def _parameter(parameter: Parameter) -> str:
    default = "none" if parameter.default is None else json.dumps(parameter.default)
    notes = filter(None, [", ".join(map(str, parameter.choices)), limits(parameter)])
    said = "".join(f" ({note})" for note in notes)
    return f"- `{parameter.name}` = `{default}`{said}: {parameter.help}"
