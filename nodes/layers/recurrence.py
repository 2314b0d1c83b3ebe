"""Recurrence: LSTM, GRU and plain recurrent layers, and their cells."""

from typing import Annotated, Any, ClassVar, Literal

import torch
from pydantic import Field, PositiveInt
from torch import nn

from graphs.nodetypes.expressions import SHORTCUTS, Apply, Expression, call
from graphs.nodetypes.node_type import Example, Misfit, NodeType
from graphs.nodetypes.tensor_kinds import Mask, Meta, Sequence, Vector
from graphs.nodetypes.time_dependence import Arriving, Treatment, remembers
from graphs.runtime.layers.recurrence import read_real_steps
from nodes.layers.attention import require_mask

MASK = Meta((2, 7), "bool")
_BAD = (
    Example({"dropout": 0.5}, [(2, 7, 5)], problem="dropout needs at least 2 layers"),
    Example({}, [(2, 3, 8, 8)], problem="needs (N, T, F), got (N, 3, 8, 8)"),
    Example(
        {},
        [(2, 7, 5), Meta((2, 6), "bool")],
        problem="needs a mask of (N, 7), one for each step, got (N, 6)",
    ),
    Example(
        {"hidden_size": 8},
        [(2, 7, 5), MASK, (2, 4)],
        problem="begins with a state of 8 features, got (N, 4)",
    ),
)


class _Recurrent(NodeType, base=True):
    """What recurrent layers have in common."""

    layer: ClassVar[type[nn.RNNBase]]
    hidden_size: PositiveInt = 64
    """Hidden size: how many features the state has, and so how many leave for each step and
    direction.
    """
    num_layers: PositiveInt = 1
    """How many layers are stacked, each reading the outputs of the one below."""
    bidirectional: bool = False
    """Also read from the end to the beginning, and put both side by side: twice the features leave.
    """
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """The share of values dropped between layers while training, from 0 to below 1; needs two
    layers.
    """

    def over_time(self, arriving: tuple[Arriving, ...]) -> Treatment:
        timed = any(value.time is not None for value in arriving)
        masked = any(value.port == "mask" for value in arriving)
        if self.bidirectional or (timed and masked):
            return "looks"
        return remembers(1)(self, arriving)

    def _run(self, x: Sequence, mask: Mask | None, state: Any, **options: Any) -> Apply | Any:
        """The layer applied to all steps, or to those that are real."""
        if self.dropout and self.num_layers == 1:
            raise Misfit("dropout needs at least 2 layers, got num_layers 1", use={"num_layers": 2})
        require_mask(mask, x)
        made = call(
            self.layer,
            x.features,
            self.hidden_size,
            num_layers=self.num_layers,
            batch_first=True,
            dropout=self.dropout,
            bidirectional=self.bidirectional,
            **options,
        )
        given = [] if state is None else [state]
        return made(x, *given) if mask is None else call(read_real_steps, made, x, mask, *given)

    def _start(self, state: Vector | None) -> Expression | None:
        """What every layer and direction begins with, (layers, N, H)."""
        if state is None:
            return None
        if state.features != self.hidden_size:
            text = f"begins with a state of {self.hidden_size} features"
            raise Misfit(f"{text}, got {state.meta.text}", use={"hidden_size": state.features})
        return call(torch.stack, [state] * (self.num_layers * (1 + self.bidirectional)))

    def _top(self, layers: Expression) -> Any:
        """The last hidden state of the top layer, (N, H), both directions side by side."""
        return call(torch.cat, [layers[-2], layers[-1]], 1) if self.bidirectional else layers[-1]


class LSTM(_Recurrent):
    """Long short-term memory (LSTM): reads a sequence step by step, with a hidden state and a cell
    state behind gates.

    Use `sequence`, (N, T, H), where every step needs an answer, and `last`, (N, H), where the whole
    sequence needs one; H is hidden_size, and 2 H leave where it is bidirectional. With a wire to
    `mask` (N, T), which is true at real steps, padding behind them changes nothing. Every layer
    begins with `state` and `memory` (N, H), the hidden and the cell state, or with zeros. Weights
    and gates are those of torch.nn.LSTM (Hochreiter and Schmidhuber 1997).
    """

    keywords = (
        "nn.LSTM",
        "long short-term memory",
        "bilstm",
        "recurrent",
        "recurrent neural network",
        "sequence model",
    )

    layer = nn.LSTM
    outputs = ("sequence", "last", "memory")
    examples = (
        Example({}, [(2, 7, 5)], [(2, 7, 64), (2, 64), (2, 64)]),
        Example(
            {"bidirectional": True, "num_layers": 2}, [(2, 7, 5)], [(2, 7, 128), (2, 128), (2, 128)]
        ),
        Example(
            {"hidden_size": 8, "num_layers": 2, "bidirectional": True},
            [(2, 7, 5), MASK],
            [(2, 7, 16), (2, 16), (2, 16)],
        ),
        Example(
            {"hidden_size": 8},
            [(2, 7, 5), MASK, (2, 8), (2, 8)],
            [(2, 7, 8), (2, 8), (2, 8)],
        ),
        *_BAD,
    )

    def build(
        self,
        x: Sequence,
        mask: Mask | None = None,
        state: Vector | None = None,
        memory: Vector | None = None,
    ) -> tuple[Expression, ...]:
        given = [self._start(state), self._start(memory)]
        known = next((part for part in given if part is not None), None)
        start = None
        if known is not None:
            zeros = call(torch.zeros_like, known)
            start = tuple(zeros if part is None else part for part in given)
        result = self._run(x, mask, start)
        return result[0], self._top(result[1][0]), self._top(result[1][1])


class GRU(_Recurrent):
    """Gated recurrent unit (GRU): reads a sequence step by step, with a hidden state behind two
    gates; an LSTM with less inside.

    Use it as an LSTM: `sequence`, (N, T, H), where every step needs an answer, `last`, (N, H),
    where the whole sequence needs one; H is hidden_size, and 2 H leave where it is bidirectional.
    With a wire to `mask` (N, T), which is true at real steps, padding behind them changes nothing.
    Every layer begins with `state` (N, H), or with zeros (Cho et al. 2014, arXiv 1406.1078).
    """

    keywords = ("nn.GRU", "gated recurrent unit", "bigru", "recurrent", "recurrent neural network")

    layer = nn.GRU
    outputs = ("sequence", "last")
    examples = (
        Example({}, [(2, 7, 5)], [(2, 7, 64), (2, 64)]),
        Example(
            {"hidden_size": 8, "num_layers": 2, "bidirectional": True},
            [(2, 7, 5), MASK, (2, 8)],
            [(2, 7, 16), (2, 16)],
        ),
        *_BAD,
    )

    def build(
        self, x: Sequence, mask: Mask | None = None, state: Vector | None = None
    ) -> tuple[Expression, ...]:
        result = self._run(x, mask, self._start(state))
        return result[0], self._top(result[1])


class RNN(_Recurrent):
    """Plain recurrent layer (Elman): reads a sequence step by step, each time making a new hidden
    state from the step and the old one.

    Use it to see what gates are good for: it forgets within some ten steps, where an LSTM or a GRU
    does not. Ports are those of a GRU (Elman 1990).
    """

    keywords = (
        "nn.RNN",
        "simplernn",
        "elman",
        "vanilla rnn",
        "recurrent",
        "recurrent neural network",
    )

    nonlinearity: Literal["tanh", "relu"] = "tanh"
    """The activation of the hidden state."""

    layer = nn.RNN
    outputs = ("sequence", "last")
    examples = (
        Example({}, [(2, 7, 5)], [(2, 7, 64), (2, 64)]),
        Example(
            {"hidden_size": 8, "nonlinearity": "relu"},
            [(2, 7, 5), MASK, (2, 8)],
            [(2, 7, 8), (2, 8)],
        ),
        *_BAD,
    )

    def build(
        self, x: Sequence, mask: Mask | None = None, state: Vector | None = None
    ) -> tuple[Expression, ...]:
        options = {} if self.nonlinearity == "tanh" else {"nonlinearity": self.nonlinearity}
        result = self._run(x, mask, self._start(state), **options)
        return result[0], self._top(result[1])


class LSTMCell(NodeType):
    """One step of an LSTM: from an input, the hidden state and the cell state to the new states.

    Use it inside a block that Scan runs over time, with inputs `h` and `c` of the block that have
    the names of its outputs.
    """

    keywords = ("nn.LSTMCell", "long short-term memory", "one step", "recurrent cell")
    outputs = ("h", "c")
    examples = (
        Example({}, [(2, 5), (2, 8), (2, 8)], [(2, 8), (2, 8)]),
        Example({}, [(2, 5), (2, 8), (2, 4)], problem="needs states of one size, got (N, 8) and"),
    )

    def build(self, x: Vector, h: Vector, c: Vector) -> tuple[Expression, ...]:
        if h.features != c.features:
            raise Misfit(f"needs states of one size, got {h.meta.text} and {c.meta.text}")
        result = call(nn.LSTMCell, x.features, h.features)(x, (h, c))
        return result[0], result[1]


class GRUCell(NodeType):
    """One step of a GRU: from an input and the hidden state to the new state.

    Use it inside a block that Scan runs over time, with an input `h` of the block that has the name
    of its output.
    """

    keywords = ("nn.GRUCell", "gated recurrent unit", "one step", "recurrent cell")
    outputs = "h"
    examples = (
        Example({}, [(2, 5), (2, 8)], [(2, 8)]),
        Example({}, [(2, 7, 5), (2, 8)], problem="x needs (N, F), got (N, 7, 5)"),
    )

    def build(self, x: Vector, h: Vector) -> Expression:
        return call(nn.GRUCell, x.features, h.features)


class RNNCell(NodeType):
    """One step of a plain recurrent layer: from an input and the hidden state to the new state.

    Use it inside a block that Scan runs over time, with an input `h` of the block that has the name
    of its output.
    """

    keywords = ("nn.RNNCell", "elman cell", "one step", "recurrent cell")

    nonlinearity: Literal["tanh", "relu"] = "tanh"
    """The activation of the new state."""

    outputs = "h"
    examples = (
        Example({}, [(2, 5), (2, 8)], [(2, 8)]),
        Example({"nonlinearity": "relu"}, [(2, 5), (2, 8)], [(2, 8)]),
        Example({}, [(2, 7, 5), (2, 8)], problem="x needs (N, F), got (N, 7, 5)"),
    )

    def build(self, x: Vector, h: Vector) -> Expression:
        return call(nn.RNNCell, x.features, h.features, nonlinearity=self.nonlinearity)


def _one_step(layer: nn.RNNBase, x: torch.Tensor, *state: Any) -> Any:
    """The shapes of a recurrent layer: on the meta device torch takes the steps one by one."""
    first, state_ = layer(x[:, :1], *state)
    return first.expand(-1, x.shape[1], -1), state_


def _masked(layer: nn.RNNBase, x: torch.Tensor, mask: torch.Tensor, *state: Any) -> Any:
    """The same with a mask, whose lengths are not known yet."""
    return _one_step(layer, x, *state)


SHORTCUTS.update({nn.LSTM: _one_step, nn.GRU: _one_step, nn.RNN: _one_step})
SHORTCUTS[read_real_steps] = _masked
