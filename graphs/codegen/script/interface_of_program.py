"""Finds out what runners need to know of a program."""

from __future__ import annotations

from collections.abc import Iterable

from graphs.check.results import Checked, CheckedGraph
from graphs.codegen.expressions.descriptions import described_nodes
from graphs.codegen.script.data_loading import DataSources
from graphs.document.document import End
from graphs.nodetypes.expressions import FolderFile, walk
from graphs.nodetypes.node_type import Data, Metric
from graphs.nodetypes.probe_type import Probe
from graphs.program.interface import Interface, Shown
from graphs.program.log_names import LogNames
from graphs.program.partition import Program


def interface_of(checked: Checked, program: Program, labels: LogNames) -> Interface:
    """What runners need to know of the program of a document without problems."""
    main = checked.main
    types = {label: main.types[id] for id, label in labels.logged.items()}
    metrics = {label: type_ for label, type_ in types.items() if isinstance(type_, Metric)}
    sources = sources_of(main, program)
    read = _outside(main, (*program.judging, *program.watching))
    layers = (*program.layers, *program.probing)
    return Interface(
        losses=tuple(label for label in types if label not in metrics),
        metrics={label: type_.better for label, type_ in metrics.items()},
        split_metrics=frozenset(label for label, t in metrics.items() if t.over_split),
        probes={label: _shown(main, id) for id, label in labels.probes.items()},
        data=program.data,
        inputs={field_name(program, e): main.metas[e] for e in _outside(main, program.network)},
        outputs={str(end): main.metas[end] for end in read if end.node in program.network},
        batch_size=int(next(type_.batch_size for type_ in sources.data.values())),
        skips_batches=sources.indexed,
        reads_files=reads_files(main, program),
        loads_weights=any(main.types[id].starts_from for id in layers),
        ends_epochs=program.ends_epochs,
        saved=_saved(main, program),
        keeps_gradients=program.accumulates,
    )


def _saved(main: CheckedGraph, program: Program) -> str:
    beside = any(main.weights.get(id) for id in (*program.judging, *program.watching))
    return "" if beside or len(program.statements) > 1 else "network"


def sources_of(main: CheckedGraph, program: Program) -> DataSources:
    """The data nodes of which a program makes mini-batches."""
    types = ((id, main.types[id]) for id in program.data)
    return DataSources({id: type_ for id, type_ in types if isinstance(type_, Data)})


def reads_files(main: CheckedGraph, program: Program) -> bool:
    """Whether data comes from files in the document's folder."""
    nodes = described_nodes(main, program.loaded).values()
    values = [list(node.outputs.values()) for node in nodes]
    return any(isinstance(expression, FolderFile) for expression in walk(values))


def field_name(program: Program, end: End) -> str:
    """A field's name in a batch; with several data nodes the node's id stands before it."""
    return end.port if len(program.data) == 1 else f"{end.node}.{end.port}"


def _outside(main: CheckedGraph, ids: Iterable[str]) -> list[End]:
    """The ends outside a part of the graph that its nodes read, in order."""
    part = dict.fromkeys(ids)
    ends = dict.fromkeys(wire.source for id in part for wire in main.graph.into(id))
    return [end for end in ends if end.node not in part]


def _shown(main: CheckedGraph, id: str) -> Shown:
    type_ = main.types[id]
    assert isinstance(type_, Probe)
    return Shown(id, type_.picture, type_.options())
