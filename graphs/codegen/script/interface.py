"""What runners need to know of a program, and would else have to guess from its source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from pydantic import JsonValue

from graphs.check.results import Checked, CheckedGraph
from graphs.codegen.expressions.descriptions import described_nodes
from graphs.codegen.script.data_loading import Handing
from graphs.document.document import End
from graphs.nodetypes.expressions import FolderFile, walk
from graphs.nodetypes.node_type import Data, Metric
from graphs.nodetypes.probe_type import Probe
from graphs.nodetypes.tensor_kinds import Meta
from graphs.program.log_names import Labels
from graphs.program.partition import Program


class Shown(NamedTuple):
    """A probe, as the monitor must know it."""

    node: str
    picture: str
    options: dict[str, JsonValue]


@dataclass(frozen=True)
class Interface:
    """A program as its runners see it: what it logs and shows, what it asks of them."""

    losses: tuple[str, ...]
    """The minimised first: it decides which epoch is the best."""
    metrics: Mapping[str, Literal["max", "min"]]
    """Each metric's better direction."""
    batch_size: int
    split_metrics: frozenset[str] = frozenset()
    """Metrics of a whole split: a batch gives what is kept for them, not their value."""
    probes: Mapping[str, Shown] = field(default_factory=dict)
    """What each probe shows, by its label."""
    data: tuple[str, ...] = ()
    """The data nodes of whose samples batches are made."""
    inputs: Mapping[str, Meta] = field(default_factory=dict)
    """The fields of a batch that the network reads, with their shapes and dtypes."""
    outputs: Mapping[str, Meta] = field(default_factory=dict)
    """What leaves the network for losses, metrics and probes, by `node.port`."""
    epoch_samples: int | None = None
    """How many training samples an epoch has at most, of a source that is cut into batches."""
    draws_places: bool = False
    """Whether the training split itself says how many samples an epoch has (`places`)."""
    skips_batches: bool = False
    """Whether `batches` can leave out the first ones unread, to go on inside an epoch."""
    reads_files: bool = False
    """Whether `load` takes the folder of the document's files."""
    loads_weights: bool = False
    """Whether weights start from files (`load_weights`)."""
    ends_epochs: bool = False
    """Whether learning rates change at an epoch's end (`end_epoch`)."""
    keeps_gradients: bool = False
    """Whether gradients last from one batch to the next, and belong into a checkpoint."""


def interface_of(checked: Checked, program: Program, labels: Labels) -> Interface:
    """What runners need to know of the program of a document without problems."""
    main = checked.main
    types = {label: main.types[id] for id, label in labels.logged.items()}
    metrics = {label: type_ for label, type_ in types.items() if isinstance(type_, Metric)}
    handing = handing_of(main, program)
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
        batch_size=int(next(type_.batch_size for type_ in handing.data.values())),
        epoch_samples=handing.fewer,
        draws_places=handing.samples,
        skips_batches=handing.by_number,
        reads_files=reads_files(main, program),
        loads_weights=any(main.types[id].starts_from for id in layers),
        ends_epochs=program.ends_epochs,
        keeps_gradients=program.accumulates,
    )


def handing_of(main: CheckedGraph, program: Program) -> Handing:
    """How a program hands out its data."""
    types = ((id, main.types[id]) for id in program.data)
    return Handing({id: type_ for id, type_ in types if isinstance(type_, Data)})


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
