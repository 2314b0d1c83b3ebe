"""The catalogue of node types: for people, for programs, and as `docs/nodes.md` holds it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from app.editor.inspector.forms import limits
from nodes.families import family_of
from nodes.search import found_in, ranked

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


def print_nodes(query: str, as_json: bool, as_markdown: bool) -> int:
    """Print the node types in the palette's order, or those that a query finds, the best first."""
    import nodes.library  # noqa: F401  (registers them)
    from graphs.nodetypes.node_type import node_types

    found = ranked(node_types(), query)
    if as_json:
        print(json.dumps([_described(type_, query) for type_ in found]))
    elif as_markdown:
        print(markdown(found), end="")
    elif query:
        print("\n".join(_found(type_, query) for type_ in found) or f"Nothing answers to {query}.")
    else:
        print("\n\n".join(_families(found)))
    return 0


def _found(type_: type[NodeType], query: str) -> str:
    return f"{type_.type_name():27}{found_in(type_, query):27}{type_.summary()}"


def _families(types: list[type[NodeType]]) -> Iterator[str]:
    for family, found in itertools.groupby(types, family_of):
        yield "\n".join([f"{family.name}: {family.about}", *map(_indented, found)])


def _indented(type_: type[NodeType]) -> str:
    ports = ", ".join(port.name for port in type_.inputs()) or "nothing"
    lines = [type_.summary(), f"takes {ports}; gives {', '.join(type_.output_names())}"]
    for parameter in type_.parameters():
        lines.append(f"{parameter.name} = {json.dumps(parameter.default)}: {parameter.help}")
    return "\n".join(
        f"  {name:27}{line}" for name, line in zip_longest([type_.type_name()], lines, fillvalue="")
    )


def _described(type_: type[NodeType], query: str) -> dict[str, Any]:
    place = {"found_in": found_in(type_, query)} if query else {}
    return {
        **place,
        "type": type_.type_name(),
        "family": family_of(type_).name,
        "keywords": list(type_.keywords),
        "role": type_.role,
        "help": type_.help(),
        "inputs": [
            {"name": p.name, "kind": p.kind, "optional": p.optional, "many": p.many}
            for p in type_.inputs()
        ],
        "outputs": list(type_.output_names()),
        "parameters": [parameter._asdict() for parameter in type_.parameters()],
    }


def markdown(types: list[type[NodeType]]) -> str:
    """The whole catalogue, families in the palette's order."""
    parts = [HEAD]
    for family, found in itertools.groupby(types, family_of):
        parts.append(f"## {family.name}\n\n{family.about}\n")
        parts += ["\n".join(_entry(type_)) for type_ in found]
    return "\n".join(parts)


def _entry(type_: type[NodeType]) -> Iterator[str]:
    yield f"### {type_.type_name()}\n"
    for paragraph in type_.help().split("\n\n"):
        yield f"{' '.join(paragraph.split())}\n"
    yield f"Keywords: {', '.join(type_.keywords)}.\n"
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
