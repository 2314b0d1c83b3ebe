"""Attention: layers in which every step looks at all others and takes what it needs."""

from typing import Annotated

from pydantic import Field, PositiveInt
from torch import nn

from graphs.expressions import Expression, call
from graphs.kinds import Sequence
from graphs.node_type import Example, Misfit, NodeType
from nodes.modules.sequences import causal_mask


class MultiheadAttention(NodeType):
    """Lets every step of a sequence look at all others, in several ways (heads) at a time.

    With `query` alone it is self-attention. With a wire to `context` as well, the steps of `query`
    look at those of `context`. It knows nothing of order: give the steps positions, or flatten
    afterwards (Vaswani et al. 2017, arXiv 1706.03762).
    """

    num_heads: PositiveInt = 4
    """How many heads share the features; it must divide their number."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """The share of attention weights dropped while training, from 0 to below 1."""
    causal: bool = False
    """No step sees a later one, as a network needs that predicts what comes next."""
    bias: bool = True
    """Add learned numbers where queries, keys, values and the result are made."""

    examples = (
        Example({}, [(2, 7, 32)], [(2, 7, 32)]),
        Example({"num_heads": 2}, [(2, 7, 32), (2, 5, 16)], [(2, 7, 32)]),
        Example({"causal": True, "bias": False}, [(2, 7, 32)], [(2, 7, 32)]),
        Example(
            {"causal": True},
            [(2, 7, 32), (2, 5, 32)],
            problem="causal needs as many steps in context as in query, got 5 and 7",
        ),
        Example({"num_heads": 3}, [(2, 7, 32)], problem="3 heads do not divide 32 features"),
        Example({}, [(2, 32)], problem="needs (N, T, F), got (N, 32)"),
    )

    def build(self, query: Sequence, context: Sequence | None = None) -> Expression:
        if query.features % self.num_heads:
            fitting = max(n for n in range(1, self.num_heads + 1) if query.features % n == 0)
            raise Misfit(
                f"{self.num_heads} heads do not divide {query.features} features: "
                f"use {fitting}, or change the features before it",
                use={"num_heads": fitting},
            )
        if self.causal and context is not None and context.shape[1] != query.shape[1]:
            raise Misfit(
                "causal needs as many steps in context as in query, "
                f"got {context.shape[1]} and {query.shape[1]}",
                use={"causal": False},
            )
        source = context if context is not None else query
        own_size = source.features if source.features != query.features else None
        attention = call(
            nn.MultiheadAttention,
            query.features,
            self.num_heads,
            dropout=self.dropout,
            bias=self.bias,
            batch_first=True,
            kdim=own_size,
            vdim=own_size,
        )
        if not self.causal:
            return attention(query, source, source, need_weights=False)[0]
        mask = call(causal_mask, query)
        options = {"need_weights": False, "attn_mask": mask, "is_causal": True}
        return attention(query, source, source, **options)[0]
