"""Recurrence: layers that read a sequence step by step and keep a memory."""

from typing import Annotated, Any

import torch
from pydantic import Field, PositiveInt
from torch import nn

from graphs.expressions import Expression, call
from graphs.kinds import Sequence
from graphs.node_type import Example, Misfit, NodeType


class LSTM(NodeType):
    """Reads a sequence step by step with a memory that gates open and close (long short-term
    memory).

    Use `sequence` where every step needs an answer, and `last` where the whole sequence needs one.
    Weights and gates are those of torch.nn.LSTM (Hochreiter and Schmidhuber 1997).
    """

    hidden_size: PositiveInt = 64
    """How many features the memory has, and so how many leave for each step and direction."""
    num_layers: PositiveInt = 1
    """How many LSTMs stand on each other, each reading what the one below gives."""
    bidirectional: bool = False
    """Also read from the end to the beginning, and put both side by side: twice the features leave.
    """
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """The share of values dropped between layers while training, from 0 to below 1; needs two
    layers.
    """

    outputs = ("sequence", "last", "memory")
    examples = (
        Example({}, [(2, 7, 5)], [(2, 7, 64), (2, 64), (2, 64)]),
        Example(
            {"bidirectional": True, "num_layers": 2}, [(2, 7, 5)], [(2, 7, 128), (2, 128), (2, 128)]
        ),
        Example({"dropout": 0.5}, [(2, 7, 5)], problem="dropout needs at least 2 layers"),
        Example({}, [(2, 3, 8, 8)], problem="needs (N, T, F), got (N, 3, 8, 8)"),
    )

    def build(self, x: Sequence) -> tuple[Expression, ...]:
        if self.dropout and self.num_layers == 1:
            raise Misfit("dropout needs at least 2 layers, got num_layers 1", use={"num_layers": 2})
        lstm = call(
            nn.LSTM,
            x.features,
            self.hidden_size,
            num_layers=self.num_layers,
            batch_first=True,
            dropout=self.dropout,
            bidirectional=self.bidirectional,
        )
        result = lstm(x)
        return result[0], self._top(result[1][0]), self._top(result[1][1])

    def _top(self, layers: Expression) -> Any:
        """What the top layer holds after its last step, (N, H), both directions side by side."""
        return call(torch.cat, [layers[-2], layers[-1]], 1) if self.bidirectional else layers[-1]
