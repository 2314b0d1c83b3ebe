"""Probes: nodes that are looked at and move nothing."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import JsonValue

from graphs.nodetypes.expressions import Expression
from graphs.nodetypes.node_type import NodeType


class Probe(NodeType, base=True):
    """Something to look at: computed now and then for the monitor, never in a training step.

    `build` describes the parts of what is shown, by name.
    """

    role = "probe"
    outputs = ()
    picture: ClassVar[
        Literal["images", "curves", "histogram", "scatter", "matrix", "sound", "text", "table"]
    ]
    """How the monitor draws it."""
    adds_up: ClassVar[bool] = False
    """Whether its parts are counts, summed over all validation batches; else it shows the first."""

    def options(self) -> dict[str, JsonValue]:
        """What the monitor must know besides its parts, such as a sample rate."""
        return {}

    def build(self, *args: Any, **blocks: Any) -> dict[str, Expression]:
        """Describe each part of what is shown."""
        raise TypeError(f"{type(self).__name__} has no build")
