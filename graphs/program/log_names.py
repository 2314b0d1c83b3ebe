"""The names under which numbers are logged and probes are shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from graphs.check.results import CheckedGraph
from graphs.document.identifiers import Names, identifier
from graphs.program.partition import Program


class LogNames(NamedTuple):
    """What nodes are called where numbers are logged, and where probes are shown."""

    logged: dict[str, str]
    probes: dict[str, str]


def labels_of(checked: CheckedGraph, program: Program) -> LogNames:
    """A name for each node, told apart from the others of its sort."""
    return LogNames(
        _told_apart(checked, program.logged),
        _told_apart(checked, (*program.probes, *program.tallies)),
    )


def _told_apart(checked: CheckedGraph, ids: Iterable[str]) -> dict[str, str]:
    names, nodes = Names(), checked.graph.nodes
    return {id: names.unique(identifier(nodes[id].label or id)) for id in ids}
