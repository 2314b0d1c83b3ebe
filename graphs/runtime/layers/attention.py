"""Attention that torch has no module for."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def in_heads(x: Tensor, num_heads: int) -> Tensor:
    """Features split into heads: (N, T, F) to (N, heads, T, F / heads)."""
    return x.reshape(*x.shape[:2], num_heads, -1).transpose(1, 2)


def rotated(x: Tensor, first: int = 0) -> Tensor:
    """Rotary embedding: rotate each pair of features by an angle that grows with the step, counted
    from `first`: (…, T, F) with an even F (Su et al. 2021, arXiv 2104.09864).
    """
    length, features = x.shape[-2:]
    position = torch.arange(first, first + length, device=x.device)[:, None]
    angle = position * 10_000 ** -(torch.arange(0, features, 2, device=x.device) / features)
    left, right = x[..., ::2], x[..., 1::2]
    cosine, sine = angle.cos(), angle.sin()
    return torch.stack([left * cosine - right * sine, left * sine + right * cosine], -1).flatten(-2)


def alibi_slopes(num_heads: int) -> list[float]:
    """ALiBi slopes: how much each head weighs down distance (Press et al. 2021, arXiv 2108.12409).

    Where their number is no power of 2, the slopes of the next smaller one come first, then those
    that lie between, as in the authors' code.
    """
    power = 2 ** int(math.log2(num_heads))
    slopes = [2 ** (-8 * number / power) for number in range(1, power + 1)]
    between = [2 ** (-4 * number / power) for number in range(1, 2 * power, 2)]
    return [*slopes, *between][:num_heads]


class RotaryPositions(nn.Module):
    """Rotary position embedding: rotates the features of each head by the step's position,
    (N, T, F).

    While it `remembers`, its `past` is how many steps it has seen.
    """

    past: int | None = None
    remembers = False

    def __init__(self, num_heads: int = 1) -> None:
        super().__init__()
        self.num_heads = num_heads

    def forward(self, sequence: Tensor) -> Tensor:
        """The sequence, its features rotated."""
        first = self.past or 0
        if self.remembers:
            self.past = first + sequence.shape[1]
        return rotated(in_heads(sequence, self.num_heads), first).transpose(1, 2).flatten(2)


class DotProductAttention(nn.Module):
    """Scaled dot-product attention in several heads: (N, T, F), (N, S, F) and (N, S, V) to
    (N, T, V). Each step of a query takes from the values what matches by its key.

    `positions` are "none", "rotary" or "alibi". While it `remembers` and is causal, the keys and
    values that it has seen are its `past`, the key-value cache.
    """

    past: tuple[Tensor, Tensor] | None = None
    remembers = False

    def __init__(
        self, num_heads: int, dropout: float = 0.0, causal: bool = False, positions: str = "none"
    ) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.dropout = dropout
        self.causal = causal
        self.positions = positions

    def forward(
        self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
    ) -> Tensor:
        """The weighted values for each step; `mask` (N, S) is true at the steps that may be looked
        at.
        """
        query, key, value = (in_heads(x, self.num_heads) for x in (query, key, value))
        if self.positions == "rotary":
            seen = 0 if self.past is None else self.past[0].shape[2]
            query, key = rotated(query, seen), rotated(key, seen)
        if self.past is not None:
            key, value = torch.cat([self.past[0], key], 2), torch.cat([self.past[1], value], 2)
        if self.remembers and self.causal:
            self.past = key, value
        bias = self.bias(query, key, mask)
        result = F.scaled_dot_product_attention(
            query,
            key,
            value,
            bias,
            dropout_p=self.dropout if self.training else 0.0,
            is_causal=self.causal and bias is None and query.shape[2] == key.shape[2],
        )
        joined: Tensor = result.transpose(1, 2).flatten(2)
        return joined

    def bias(self, query: Tensor, key: Tensor, mask: Tensor | None) -> Tensor | None:
        """The attention bias: how far a step looks back, and what it may not look at.

        The steps of the query are the last of those that there are keys for.
        """
        length, seen = query.shape[2], key.shape[2]
        alibi = self.positions == "alibi"
        if mask is None and not alibi and (length in (1, seen) or not self.causal):
            return None
        bias = query.new_zeros(length, seen)
        if self.causal or alibi:
            step = torch.arange(seen, device=query.device)
            ahead = step - step[seen - length :, None]
            if alibi:
                slopes = query.new_tensor(alibi_slopes(self.num_heads))
                bias = bias - slopes[:, None, None] * ahead.abs()
            if self.causal:
                bias = bias.masked_fill(ahead > 0, -math.inf)
        if mask is not None:
            bias = bias.masked_fill(~mask[:, None, None], -math.inf)
        return bias


class SelfAttention(nn.Module):
    """Multi-head self-attention, (N, T, F), with the weights and the initialisation of
    nn.MultiheadAttention.
    """

    def __init__(
        self,
        features: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        causal: bool = False,
        positions: str = "none",
    ) -> None:
        super().__init__()
        self.read = nn.Linear(features, 3 * features, bias=bias)
        self.attend = DotProductAttention(num_heads, dropout, causal, positions)
        self.write = nn.Linear(features, features, bias=bias)
        nn.init.xavier_uniform_(self.read.weight)
        if bias:
            nn.init.zeros_(self.read.bias)
            nn.init.zeros_(self.write.bias)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """The attended sequence; `mask` (N, T) is true at real steps, false at padding."""
        query, key, value = self.read(x).chunk(3, 2)
        result: Tensor = self.write(self.attend(query, key, value, mask))
        return result


class AdditiveAttention(nn.Module):
    """Additive attention (Bahdanau et al. 2014, arXiv 1409.0473): a small network compares a query
    with each step of a memory (N, S, F), whose weighted mean leaves.
    """

    def __init__(self, query_features: int, memory_features: int, hidden_size: int) -> None:
        super().__init__()
        self.query = nn.Linear(query_features, hidden_size, bias=False)
        self.memory = nn.Linear(memory_features, hidden_size)
        self.score = nn.Linear(hidden_size, 1, bias=False)

    def forward(
        self, query: Tensor, memory: Tensor, mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """The weighted mean and the attention weights: (N, F) and (N, S), or for a query with steps
        (N, T, F) and (N, T, S). `mask` (N, S) is true at real steps.
        """
        steps = query if query.dim() == 3 else query[:, None]
        fit = torch.tanh(self.query(steps)[:, :, None] + self.memory(memory)[:, None])
        scores = self.score(fit)[..., 0]
        if mask is not None:
            scores = scores.masked_fill(~mask[:, None], -math.inf)
        shares = scores.softmax(2)
        found = shares @ memory
        return (found, shares) if query.dim() == 3 else (found[:, 0], shares[:, 0])


class TransformerLayer(nn.Module):
    """A Transformer layer: self-attention, cross-attention where there is a memory, and a
    feedforward network, each with a residual connection (Vaswani et al. 2017, arXiv 1706.03762).

    It is nn.TransformerDecoderLayer, or without a memory nn.TransformerEncoderLayer, but has rotary
    or ALiBi positions, and a cache of what it has seen while steps are generated.
    """

    def __init__(
        self,
        features: int,
        num_heads: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str = "relu",
        norm_first: bool = False,
        causal: bool = True,
        positions: str = "none",
        reads_memory: bool = False,
    ) -> None:
        super().__init__()
        self.norm_first = norm_first
        self.attention = SelfAttention(
            features, num_heads, dropout, causal=causal, positions=positions
        )
        self.norms = nn.ModuleList(nn.LayerNorm(features) for _ in range(2 + reads_memory))
        if reads_memory:
            self.across = nn.MultiheadAttention(
                features, num_heads, dropout=dropout, batch_first=True
            )
        self.dense = nn.Sequential(
            nn.Linear(features, dim_feedforward),
            nn.GELU() if activation == "gelu" else nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(dim_feedforward, features),
        )
        self.dropout = nn.Dropout(dropout)

    def forward(
        self,
        x: Tensor,
        memory: Tensor | None = None,
        mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
    ) -> Tensor:
        """The sequence (N, T, F), transformed; masks are true at real steps, false at padding."""
        parts: list[Callable[[Tensor], Tensor]] = [lambda x: self.attention(x, mask), self.dense]
        if memory is not None:
            parts.insert(1, lambda x: self.look_across(x, memory, memory_mask))
        for part, norm in zip(parts, self.norms, strict=True):
            if self.norm_first:
                x = x + self.dropout(part(norm(x)))
            else:
                x = norm(x + self.dropout(part(x)))
        return x

    def look_across(self, x: Tensor, memory: Tensor, mask: Tensor | None) -> Tensor:
        """Cross-attention: what each step finds in the memory."""
        hidden = None if mask is None else ~mask
        found: Tensor = self.across(x, memory, memory, hidden, need_weights=False)[0]
        return found
