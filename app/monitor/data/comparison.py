"""How the runs that lie over each other differ: settings, parameters of nodes, nodes, wires."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from app.runs.records import Info, RunError
from app.runs.run_folder import Run
from graphs.document.document import MAIN, Document, Graph, Node
from graphs.document.document_io import DocumentError, read

ABSENT = "–"
"""What stands in the table where a run does not have a thing at all."""
LONGEST = 60


class Difference(NamedTuple):
    """One line of the table: what differs, and its value in each run."""

    name: str
    values: tuple[str, ...]


class RunSettings(NamedTuple):
    """What a run was told to do, flat, and the sentence that says why it could not all be read."""

    values: dict[str, str]
    trouble: str = ""


def settings_of(run: Run) -> RunSettings:
    """The settings of a run and everything in its document, by name."""
    try:
        return RunSettings({**_settings(run.info()), **_document(read(run.document_path))})
    except (RunError, DocumentError) as error:
        return RunSettings({}, str(error))


def differences(runs: Sequence[Mapping[str, str]]) -> list[Difference]:
    """What is not the same in every run, in the order in which the names first come."""
    names = dict.fromkeys(name for run in runs for name in run)
    lines = [Difference(name, tuple(run.get(name, ABSENT) for run in runs)) for name in names]
    return [line for line in lines if len(set(line.values)) > 1]


def _settings(info: Info) -> dict[str, str]:
    asked = {name: getattr(info, name) for name in ("title", "seed", "epochs", "device")}
    versions = {f"version of {name}": version for name, version in info.versions.items()}
    sizes = {"weights": info.parameters, "steps per epoch": info.steps_per_epoch}
    return {name: text(value) for name, value in {**asked, **sizes, **versions}.items()}


def _document(document: Document) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, graph in document.graphs.items():
        found.update(_graph("" if name == MAIN else f"{name} / ", graph))
    return found


def _graph(prefix: str, graph: Graph) -> dict[str, str]:
    found: dict[str, str] = {}
    for node_id, node in graph.nodes.items():
        found.update(_node(f"{prefix}{node_id}", node))
    for wire in graph.wires:
        found[f"{prefix}wire {wire.source} to {wire.target}"] = "yes"
    return found


def _node(name: str, node: Node) -> dict[str, str]:
    parameters = {f"{name}.{key}": text(value) for key, value in node.parameters.items()}
    return {name: node.type, **parameters}


def text(value: Any) -> str:
    """A value as it is read in a table: short, strings without quotes."""
    written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return written if len(written) <= LONGEST else written[: LONGEST - 1] + "…"
