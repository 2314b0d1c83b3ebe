"""What a document is: frozen values that an edit replaces. Imports no torch, so a window can open
on it at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cached_property
from keyword import iskeyword
from typing import Any, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator

from graphs.document.identifiers import IDENTIFIER

MAIN = "main"
"""The name of the graph in which training happens."""


class Frozen(BaseModel):
    """A value that is never changed. What a newer version of the program wrote is kept."""

    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False)

    def __copy__(self) -> Self:
        """A copy, perhaps with other values: it keeps nothing that was worked out from these."""
        copied = super().__copy__()
        for name in copied.__dict__.keys() - type(self).model_fields.keys():
            del copied.__dict__[name]
        return copied


class End(NamedTuple):
    """Where a wire ends: a node and one of its ports."""

    node: str
    port: str

    def __str__(self) -> str:
        return f"{self.node}.{self.port}"


class Wire(Frozen):
    """Carries what leaves an output port to an input port."""

    source: End
    target: End


class Node(Frozen):
    """One use of a node type. Parameters are kept as they were written; the type gives them their
    meaning.
    """

    type: str
    version: int = Field(default=1, ge=1)
    label: str = ""
    parameters: dict[str, JsonValue] = {}
    position: tuple[float, float] = (0.0, 0.0)

    @property
    def content(self) -> str:
        """What decides the node's behaviour, as text: equal content, equal meaning."""
        return self._content

    @cached_property  # under a name that is not written down with the node's fields
    def _content(self) -> str:
        return json.dumps([self.type, self.version, self.parameters], sort_keys=True)


class Graph(Frozen):
    """Nodes by their id, and wires. The order of the wires is the order at a port that takes
    several.
    """

    nodes: dict[str, Node] = {}
    wires: tuple[Wire, ...] = ()
    parameters: dict[str, int | float] = {}
    """Named values that nodes may refer to (`=width * 2`); those of main are hyperparameters."""
    help: dict[str, str] = {}
    """What a parameter is and which values make sense, by its name."""
    description: str = ""
    """What a block is for: the first sentence of its class's docstring."""

    @property
    def content(self) -> str:
        """What decides the graph's meaning, as text: all but where things lie."""
        return self._content

    @cached_property
    def _content(self) -> str:
        nodes = [(id, node.label, node.content) for id, node in self.nodes.items()]
        wires = [(*wire.source, *wire.target) for wire in self.wires]
        return json.dumps(
            [nodes, wires, list(self.parameters.items()), self.help, self.description]
        )

    @field_validator("parameters")
    @classmethod
    def _names_are_identifiers(cls, parameters: dict[str, int | float]) -> dict[str, int | float]:
        for name in parameters:
            if not IDENTIFIER.fullmatch(name) or iskeyword(name):
                raise ValueError(f"a parameter's name is letters, digits and _, got {name!r}")
        return parameters

    @field_validator("nodes")
    @classmethod
    def _ids_are_identifiers(cls, nodes: dict[str, Node]) -> dict[str, Node]:
        for name in nodes:
            if not IDENTIFIER.fullmatch(name):
                raise ValueError(f"a node's id is made of letters, digits and _, got {name!r}")
        return nodes

    def into(self, node: str, port: str | None = None) -> Iterator[Wire]:
        """The wires that end at a node, or at one of its ports, in order."""
        return (w for w in self._by_target.get(node, ()) if port in (None, w.target.port))

    def out_of(self, node: str, port: str | None = None) -> Iterator[Wire]:
        """The wires that start at a node, or at one of its ports, in order."""
        return (w for w in self._by_source.get(node, ()) if port in (None, w.source.port))

    @cached_property
    def _by_target(self) -> dict[str, list[Wire]]:
        return _grouped((wire.target.node, wire) for wire in self.wires)

    @cached_property
    def _by_source(self) -> dict[str, list[Wire]]:
        return _grouped((wire.source.node, wire) for wire in self.wires)

    def free_id(self, stem: str) -> str:
        """An id that no node has yet: `conv2d`, then `conv2d_2`, …"""
        if stem not in self.nodes:
            return stem
        number = 2
        while f"{stem}_{number}" in self.nodes:
            number += 1
        return f"{stem}_{number}"


def _grouped(pairs: Iterable[tuple[str, Wire]]) -> dict[str, list[Wire]]:
    groups: dict[str, list[Wire]] = {}
    for node, wire in pairs:
        groups.setdefault(node, []).append(wire)
    return groups


class Settings(Frozen):
    """How a run goes when nobody says otherwise."""

    device: str = "auto"
    """Where to train: auto, cpu, cuda, cuda:1, mps."""
    epochs: int = Field(default=10, ge=1, le=1_000_000)
    """How many passes over the training data."""
    seed: int = Field(default=0, ge=0, lt=2**63)
    """Fixes every random choice of a run."""


class Document(Frozen):
    """One file: a graph called main, any number of blocks, run settings."""

    format: int = 1
    title: str = "untitled"
    description: str = ""
    settings: Settings = Settings()
    graphs: dict[str, Graph] = {MAIN: Graph()}

    @field_validator("graphs")
    @classmethod
    def _has_main(cls, graphs: dict[str, Graph]) -> dict[str, Graph]:
        if MAIN not in graphs:
            raise ValueError("a document has a graph called main")
        for name in graphs:
            if not IDENTIFIER.fullmatch(name):
                raise ValueError(f"a block's name is made of letters, digits and _, got {name!r}")
        return graphs

    @property
    def main(self) -> Graph:
        return self.graphs[MAIN]

    @property
    def content(self) -> str:
        """What decides what the document compiles to, as text: all but where things lie."""
        return self._content

    @cached_property
    def _content(self) -> str:
        graphs = [(name, graph.content) for name, graph in self.graphs.items()]
        return json.dumps([self.title, self.description, self.settings.model_dump(), graphs])

    def replace(self, **changes: Any) -> Document:
        """A document with some fields changed, and checked."""
        return Document.model_validate({**dict(self), **changes})

    def with_graph(self, name: str, graph: Graph) -> Document:
        """A document with one graph put in."""
        return self.replace(graphs={**self.graphs, name: graph})
