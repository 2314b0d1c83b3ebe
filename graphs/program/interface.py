"""What runners need to know of a program, and would else have to guess from its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from pydantic import JsonValue

from graphs.nodetypes.tensor_kinds import Meta


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
    skips_batches: bool = False
    """Whether `batches` can leave out the first ones unread, to go on inside an epoch."""
    reads_files: bool = False
    """Whether `load` takes the folder of the document's files."""
    loads_weights: bool = False
    """Whether weights start from files (`load_weights`)."""
    ends_epochs: bool = False
    """Whether learning rates change at an epoch's end (`end_epoch`)."""
    saved: str = ""
    """The attribute of the program whose weights a file of weights holds: its network, where no
    other part has weights; else all of the program's, by the names of its parts.
    """
    keeps_gradients: bool = False
    """Whether gradients last from one batch to the next, and belong into a checkpoint."""
