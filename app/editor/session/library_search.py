"""Finding node types by what a person types. No GUI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graphs.nodetypes.node_type import NodeType

ORDER = (
    "Data",
    "Convolution",
    "Pooling",
    "Dense",
    "Shape",
    "Non-linearities",
    "Normalisation",
    "Recurrence",
    "Attention",
    "Positions",
    "Connectivity",
    "Blocks",
    "Distributions",
    "Losses",
    "Metrics",
    "Optimizers",
)
"""Families as one builds a network; others come before the losses, by name."""


def by_family(
    library: Mapping[str, type[NodeType]], query: str = ""
) -> dict[str, list[type[NodeType]]]:
    """The types that a query finds, by family."""
    found: dict[str, list[type[NodeType]]] = {}
    for known in library.values():
        if rank(known, query) is not None:
            found.setdefault(known.family(), []).append(known)
    return {family: found[family] for family in sorted(found, key=_place)}


def ranked(library: Mapping[str, type[NodeType]], query: str) -> list[type[NodeType]]:
    """The types that a query finds, the best first."""
    places = [
        (place, known) for known in library.values() if (place := rank(known, query)) is not None
    ]
    return [
        known for _, known in sorted(places, key=lambda pair: (pair[0], _place(pair[1].family())))
    ]


def rank(known: type[NodeType], query: str) -> int | None:
    """How well a type answers a query, 0 the best; None when it does not."""
    wanted = "".join(query.lower().split())
    name = known.type_name().lower()
    if not wanted or name == wanted:
        return 0
    if name.startswith(wanted):
        return 1
    if wanted in name:
        return 2
    if _scattered(wanted, name):
        return 3
    return (
        4 if len(wanted) > 2 and wanted in f"{known.family()} {known.summary()}".lower() else None
    )


def _scattered(wanted: str, name: str) -> bool:
    """The letters come in this order, the first one first: `mp2` finds maxpool2d."""
    rest = iter(name)
    return name.startswith(wanted[0]) and all(letter in rest for letter in wanted)


def _place(family: str) -> tuple[float, str]:
    others = ORDER.index("Losses") - 0.5
    return next((i for i, known in enumerate(ORDER) if family.startswith(known)), others), family
