"""Attention: whole layers of a Transformer."""

from typing import Annotated, Any, Literal

from pydantic import Field, PositiveInt
from torch import nn

from graphs.nodetypes.expressions import Call, Expression, call
from graphs.nodetypes.node_type import Example, Misfit, NodeType
from graphs.nodetypes.tensor_kinds import Mask, Meta, Sequence
from graphs.nodetypes.time_dependence import Arriving, Treatment
from graphs.runtime.layers.attention import TransformerLayer
from graphs.runtime.layers.positions import hidden_steps
from nodes.layers.attention import require_heads, require_mask

_SMALL = {"num_heads": 2, "dim_feedforward": 16}


class _TransformerLayer(NodeType, base=True):
    """What both kinds of layers have in common."""

    num_heads: PositiveInt = 4
    """How many heads share the features; it must divide their number."""
    dim_feedforward: PositiveInt = 256
    """Hidden size of the feedforward network, usually four times the features."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """The share of values dropped while training, from 0 to below 1."""
    activation: Literal["relu", "gelu"] = "relu"
    """The activation of the feedforward network."""
    norm_first: bool = False
    """Normalise before each part (as GPT-2 does) and not after it (as in the paper); deep networks
    then train more steadily, and need one more LayerNorm at their end.
    """
    causal: bool = False
    """Causal mask: no step sees a later one, as a network needs that predicts what comes next."""
    positions: Literal["none", "rotary", "alibi"] = "none"
    """Positional encoding of self-attention: none; rotary, which rotates queries and keys by their
    position (RoPE); or alibi, which weighs down what is far away.
    """

    def over_time(self, arriving: tuple[Arriving, ...]) -> Treatment:
        timed = {value.port for value in arriving if value.time is not None}
        masked = any(value.port == "mask" for value in arriving)
        return "remembers" if self.causal and not masked and timed in ({"x"}, set()) else "looks"

    @property
    def _plain(self) -> bool:
        """Whether torch's own layer does it."""
        return not self.causal and self.positions == "none"

    def _made(self, torchs: type[nn.Module], features: int, **options: Any) -> Call:
        require_heads(self.num_heads, features, self.positions)
        shared = {
            "dim_feedforward": self.dim_feedforward,
            "dropout": self.dropout,
            "activation": self.activation,
            "norm_first": self.norm_first,
        }
        if self._plain:
            return call(torchs, features, self.num_heads, **shared, batch_first=True)
        own = {"causal": self.causal, "positions": self.positions}
        return call(TransformerLayer, features, self.num_heads, **shared, **own, **options)


class TransformerEncoderLayer(_TransformerLayer):
    """Transformer encoder layer: self-attention, then a feedforward network on each step, each with
    a residual connection and a LayerNorm.

    Use several in a row (Repeat) to read a sequence whose steps have positions. Causal ones predict
    what comes next, as in GPT. `mask` (N, T) is true at real steps, false at padding (Vaswani et
    al. 2017, arXiv 1706.03762).
    """

    keywords = (
        "nn.TransformerEncoderLayer",
        "transformer",
        "encoder",
        "transformer block",
        "transformer encoder",
        "bert",
        "gpt",
        "vit",
        "vision transformer",
        "decoder-only",
        "self-attention",
    )
    examples = (
        Example(_SMALL, [(2, 7, 8)], [(2, 7, 8)]),
        Example({**_SMALL, "norm_first": True}, [(2, 7, 8), Meta((2, 7), "bool")], [(2, 7, 8)]),
        Example({**_SMALL, "causal": True, "activation": "gelu"}, [(2, 7, 8)], [(2, 7, 8)]),
        Example(
            {**_SMALL, "causal": True, "norm_first": True, "positions": "rotary"},
            [(2, 7, 8)],
            [(2, 7, 8)],
        ),
        Example({**_SMALL, "causal": True, "positions": "alibi"}, [(2, 7, 8)], [(2, 7, 8)]),
        Example({"num_heads": 3}, [(2, 7, 8)], problem="3 heads do not divide 8 features"),
        Example({}, [(2, 8)], problem="needs (N, T, F), got (N, 8)"),
    )

    def build(self, x: Sequence, mask: Mask | None = None) -> Expression:
        require_mask(mask, x)
        made = self._made(nn.TransformerEncoderLayer, x.features)
        if mask is None:
            return made(x)
        hidden = {"src_key_padding_mask": call(hidden_steps, mask)}
        return made(x, **(hidden if self._plain else {"mask": mask}))


class TransformerDecoderLayer(_TransformerLayer):
    """Transformer decoder layer: causal self-attention, cross-attention to a memory, then a
    feedforward network on each step, each with a residual connection and a LayerNorm.

    Use several in a row (Repeat) after an encoder, to translate what it read: `memory` are the
    outputs of the encoder, `memory_mask` (N, S) is true at its real steps, `mask` (N, T) at those
    of `x` (Vaswani et al. 2017, arXiv 1706.03762).
    """

    keywords = (
        "nn.TransformerDecoderLayer",
        "decoder",
        "transformer decoder",
        "cross-attention",
        "encoder-decoder",
        "translation",
        "t5",
    )

    causal: bool = True
    """Causal mask: no step sees a later one, as a network needs that predicts what comes next."""

    examples = (
        Example(_SMALL, [(2, 7, 8), (2, 5, 8)], [(2, 7, 8)]),
        Example(
            {**_SMALL, "norm_first": True, "positions": "rotary"},
            [(2, 7, 8), (2, 5, 8), Meta((2, 7), "bool"), Meta((2, 5), "bool")],
            [(2, 7, 8)],
        ),
        Example({**_SMALL, "causal": False}, [(2, 7, 8), (2, 5, 8)], [(2, 7, 8)]),
        Example(
            {**_SMALL, "causal": False},
            [(2, 7, 8), (2, 5, 8), Meta((2, 7), "bool"), Meta((2, 5), "bool")],
            [(2, 7, 8)],
        ),
        Example({}, [(2, 7, 8), (2, 5, 6)], problem="needs 8 features in memory, got (N, 5, 6)"),
    )

    def build(
        self,
        x: Sequence,
        memory: Sequence,
        mask: Mask | None = None,
        memory_mask: Mask | None = None,
    ) -> Expression:
        if memory.features != x.features:
            raise Misfit(f"needs {x.features} features in memory, got {memory.meta.text}")
        require_mask(mask, x)
        require_mask(memory_mask, memory)
        made = self._made(nn.TransformerDecoderLayer, x.features, reads_memory=True)
        masks = {"mask": mask, "memory_mask": memory_mask}
        given: dict[str, Expression] = {n: m for n, m in masks.items() if m is not None}
        if self._plain:
            names = {"mask": "tgt_key_padding_mask", "memory_mask": "memory_key_padding_mask"}
            given = {names[name]: call(hidden_steps, value) for name, value in given.items()}
        return made(x, memory, **given)
