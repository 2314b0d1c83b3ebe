"""Attention: multi-head, dot-product and additive."""

from typing import Annotated, Any, Literal

from pydantic import Field, PositiveInt
from torch import nn

from graphs.nodetypes.expressions import Call, Expression, call
from graphs.nodetypes.node_type import Example, Misfit, NodeType
from graphs.nodetypes.tensor_kinds import Features, Mask, Meta, Sequence
from graphs.nodetypes.time_dependence import Arriving, Treatment
from graphs.runtime.layers import attention
from graphs.runtime.layers.positions import causal_mask, hidden_steps


def looks_back(self: Any, arriving: tuple[Arriving, ...]) -> Treatment:
    """Causal self-attention remembers earlier steps; a query may look at what is no step."""
    timed = {value.port for value in arriving if value.time is not None}
    ports = {value.port for value in arriving}
    if self.causal and ports == {"query"} and timed in ({"query"}, set()):
        return "remembers"
    return "alone" if timed == {"query"} and len(ports) > 1 and not self.causal else "looks"


class MultiheadAttention(NodeType):
    """Multi-head attention: every step of a sequence looks at all others, in several heads at a
    time.

    With `query` alone it is self-attention. With a wire to `context` as well it is cross-attention:
    the steps of `query` look at those of `context`. `mask` (N, T) is true at the real steps of what
    is looked at, false at padding. It knows nothing of order: choose `positions`, or put a
    positional encoding such as SinusoidalPositions before it (Vaswani et al. 2017,
    arXiv 1706.03762).
    """

    keywords = (
        "nn.MultiheadAttention",
        "attention",
        "mha",
        "self-attention",
        "cross-attention",
        "multi-head attention",
        "query key value",
        "qkv",
        "transformer attention",
    )

    num_heads: PositiveInt = 4
    """How many heads share the features; it must divide their number."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """The share of attention weights dropped while training, from 0 to below 1."""
    causal: bool = False
    """Causal mask: no step sees a later one, as a network needs that predicts what comes next."""
    bias: bool = True
    """Add a bias to the projections of queries, keys, values and the result."""
    positions: Literal["none", "rotary", "alibi"] = "none"
    """Positional encoding, for self-attention: none; rotary, which rotates queries and keys by
    their position (RoPE, arXiv 2104.09864); or alibi, which weighs down what is far away
    (arXiv 2108.12409).
    """

    over_time = looks_back
    examples = (
        Example({}, [(2, 7, 32)], [(2, 7, 32)]),
        Example({"num_heads": 2}, [(2, 7, 32), (2, 5, 16)], [(2, 7, 32)]),
        Example({}, [(2, 7, 32), (2, 5, 16), Meta((2, 5), "bool")], [(2, 7, 32)]),
        Example({"causal": True, "bias": False}, [(2, 7, 32)], [(2, 7, 32)]),
        Example({"causal": True, "positions": "rotary"}, [(2, 7, 32)], [(2, 7, 32)]),
        Example({"causal": True, "positions": "alibi"}, [(2, 7, 32)], [(2, 7, 32)]),
        Example({"positions": "alibi", "num_heads": 2}, [(2, 7, 32)], [(2, 7, 32)]),
        Example({"causal": True}, [(2, 7, 32), (2, 7, 16)], [(2, 7, 32)]),
        Example(
            {"causal": True},
            [(2, 7, 32), (2, 5, 32)],
            problem="causal needs as many steps in context as in query, got 5 and 7",
        ),
        Example({"num_heads": 3}, [(2, 7, 32)], problem="3 heads do not divide 32 features"),
        Example(
            {"num_heads": 2, "positions": "rotary"},
            [(2, 7, 6)],
            problem="rotary positions need an even number of features in each head, got 3",
        ),
        Example(
            {"positions": "alibi"},
            [(2, 7, 32), (2, 7, 32)],
            problem="positions are for self-attention: take the wire to context away",
        ),
        Example({}, [(2, 32)], problem="needs (N, T, F), got (N, 32)"),
    )

    def build(
        self, query: Sequence, context: Sequence | None = None, mask: Mask | None = None
    ) -> Expression:
        require_heads(self.num_heads, query.features, self.positions)
        require_mask(mask, context or query)
        if context is None and (self.causal or self.positions != "none"):
            return self._self_attention(query)(query, *([mask] if mask else []))
        if self.positions != "none":
            raise Misfit(
                "positions are for self-attention: take the wire to context away, or set none",
                use={"positions": "none"},
            )
        return self._torchs(query, context or query, mask)

    def _self_attention(self, query: Sequence) -> Call:
        """A module of ours, which knows positions and can remember what it saw."""
        return call(
            attention.SelfAttention,
            query.features,
            self.num_heads,
            dropout=self.dropout,
            bias=self.bias,
            causal=self.causal,
            positions=self.positions,
        )

    def _torchs(self, query: Sequence, source: Sequence, mask: Mask | None) -> Expression:
        if self.causal and source.shape[1] != query.shape[1]:
            raise Misfit(
                "causal needs as many steps in context as in query, "
                f"got {source.shape[1]} and {query.shape[1]}",
                use={"causal": False},
            )
        own_size = source.features if source.features != query.features else None
        made = call(
            nn.MultiheadAttention,
            query.features,
            self.num_heads,
            dropout=self.dropout,
            bias=self.bias,
            batch_first=True,
            kdim=own_size,
            vdim=own_size,
        )
        options: dict[str, Any] = {"need_weights": False}
        if self.causal:
            options |= {"attn_mask": call(causal_mask, query), "is_causal": mask is None}
        if mask is not None:
            options["key_padding_mask"] = call(hidden_steps, mask)
        return made(query, source, source, **options)[0]


class DotProductAttention(NodeType):
    """Scaled dot-product attention, without weights: each step of `query` takes from `value` what
    matches by its key.

    Use it where you draw attention from parts: Linear layers make query, key and value. `key` and
    `value` have the same steps; `mask` (N, S) says which of them are real, not padding ( Vaswani et
    al. 2017, arXiv 1706.03762).
    """

    keywords = (
        "scaled_dot_product_attention",
        "sdpa",
        "scaled dot product",
        "flash attention",
        "attention",
        "query key value",
        "qkv",
    )

    num_heads: PositiveInt = 1
    """Into how many heads the features are split, each of which looks on its own."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """The share of attention weights dropped while training, from 0 to below 1."""
    causal: bool = False
    """Causal mask: no step sees a later one, as a network needs that predicts what comes next."""
    positions: Literal["none", "rotary", "alibi"] = "none"
    """Positional encoding: none; rotary, which rotates queries and keys by their position; or
    alibi, which weighs down what is far away. The last two need as many steps in `key` as in
    `query`.
    """

    examples = (
        Example({}, [(2, 7, 8), (2, 5, 8), (2, 5, 3)], [(2, 7, 3)]),
        Example(
            {"num_heads": 2},
            [(2, 7, 8), (2, 5, 8), (2, 5, 4), Meta((2, 5), "bool")],
            [(2, 7, 4)],
        ),
        Example({"causal": True}, [(2, 7, 8), (2, 7, 8), (2, 7, 3)], [(2, 7, 3)]),
        Example(
            {"causal": True, "positions": "rotary"},
            [(2, 7, 8), (2, 7, 8), (2, 7, 3)],
            [(2, 7, 3)],
        ),
        Example(
            {"causal": True, "positions": "alibi", "num_heads": 2},
            [(2, 7, 8), (2, 7, 8), (2, 7, 4)],
            [(2, 7, 4)],
        ),
        Example(
            {},
            [(2, 7, 8), (2, 5, 6), (2, 5, 3)],
            problem="needs 8 features in key, as in query, got (N, 5, 6)",
        ),
        Example(
            {},
            [(2, 7, 8), (2, 5, 8), (2, 4, 3)],
            problem="needs as many steps in value as in key, got (N, 4, 3) and (N, 5, 8)",
        ),
        Example(
            {"causal": True},
            [(2, 7, 8), (2, 5, 8), (2, 5, 3)],
            problem="causal needs as many steps in key as in query, got 5 and 7",
        ),
    )

    def over_time(self, arriving: tuple[Arriving, ...]) -> Treatment:
        timed = {value.port for value in arriving if value.time is not None}
        ports = {value.port for value in arriving}
        if self.causal and ports == {"query", "key", "value"} and timed in (ports, set()):
            return "remembers"
        return "alone" if timed == {"query"} and not self.causal else "looks"

    def build(
        self, query: Sequence, key: Sequence, value: Sequence, mask: Mask | None = None
    ) -> Expression:
        self._require_fit(query, key, value)
        require_mask(mask, key)
        made = call(
            attention.DotProductAttention,
            self.num_heads,
            dropout=self.dropout,
            causal=self.causal,
            positions=self.positions,
        )
        return made(query, key, value, *([mask] if mask else []))

    def _require_fit(self, query: Sequence, key: Sequence, value: Sequence) -> None:
        require_heads(self.num_heads, query.features, self.positions)
        require_heads(self.num_heads, value.features, "none")
        if key.features != query.features:
            text = f"needs {query.features} features in key, as in query"
            raise Misfit(f"{text}, got {key.meta.text}")
        if key.shape[1] != value.shape[1]:
            text = f"{value.meta.text} and {key.meta.text}"
            raise Misfit(f"needs as many steps in value as in key, got {text}")
        ordered = "causal" if self.causal else f"{self.positions} positions"
        if (self.causal or self.positions != "none") and key.shape[1] != query.shape[1]:
            verb = "needs" if self.causal else "need"
            raise Misfit(
                f"{ordered} {verb} as many steps in key as in query, "
                f"got {key.shape[1]} and {query.shape[1]}"
            )


class AdditiveAttention(NodeType):
    """Additive attention (Bahdanau): a small network compares a query with each step of a memory,
    whose weighted mean leaves.

    Use it in a decoder that is drawn as the block of a Scan: `query` is its hidden state (N, F),
    `memory` the outputs of the encoder, `mask` is true at its real steps, false at padding. `found`
    is the weighted mean, `shares` are the attention weights, which add up to 1 (Bahdanau et al.
    2014, arXiv 1409.0473).
    """

    keywords = ("bahdanau", "additive", "mlp attention", "seq2seq attention", "memory", "attention")

    hidden_size: PositiveInt = 64
    """Hidden size of the network that compares the query with a step."""

    outputs = ("found", "shares")
    examples = (
        Example({}, [(2, 16), (2, 5, 8)], [(2, 8), (2, 5)]),
        Example({}, [(2, 7, 16), (2, 5, 8), Meta((2, 5), "bool")], [(2, 7, 8), (2, 7, 5)]),
        Example({}, [(2, 16), (2, 8)], problem="memory needs (N, T, F), got (N, 8)"),
    )

    def over_time(self, arriving: tuple[Arriving, ...]) -> Treatment:
        timed = {value.port for value in arriving if value.time is not None}
        return "alone" if timed == {"query"} else "looks"

    def build(
        self, query: Features, memory: Sequence, mask: Mask | None = None
    ) -> tuple[Expression, ...]:
        require_mask(mask, memory)
        made = call(attention.AdditiveAttention, query.features, memory.features, self.hidden_size)
        result = made(query, memory, *([mask] if mask else []))
        return result[0], result[1]


def require_heads(num_heads: int, features: int, positions: str) -> None:
    """Heads share the features evenly, and rotary positions rotate pairs of them."""
    if features % num_heads:
        fitting = max(n for n in range(1, num_heads + 1) if features % n == 0)
        raise Misfit(
            f"{num_heads} heads do not divide {features} features: "
            f"use {fitting}, or change the features before it",
            use={"num_heads": fitting},
        )
    if positions == "rotary" and features // num_heads % 2:
        text = "rotary positions need an even number of features in each head"
        raise Misfit(f"{text}, got {features // num_heads}")


def require_mask(mask: Mask | None, sequence: Sequence) -> None:
    """A mask says of each step of a sequence whether it is real."""
    if mask is not None and mask.shape != sequence.shape[:2]:
        wanted = Meta(sequence.shape[:2]).text
        raise Misfit(f"needs a mask of {wanted}, one for each step, got {mask.meta.text}")
