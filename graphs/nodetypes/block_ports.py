"""The ports of a block, as nodes inside it."""

from __future__ import annotations

from typing import Any

from graphs.nodetypes.node_type import NodeType
from graphs.nodetypes.tensor_kinds import Tensor
from graphs.nodetypes.time_dependence import alone


class BlockInput(NodeType, base=True):
    """An input port of a block, seen from inside."""

    role = "input"

    @property
    def takes(self) -> type[Tensor]:
        """What may arrive at the port."""
        return Tensor


class BlockOutput(NodeType, base=True):
    """An output port of a block, seen from inside."""

    role = "output"
    outputs = ()
    over_time = alone

    def build(self, value: Tensor) -> Any:
        """The value itself leaves the block."""
        return value
