"""Positions and masks: positional encodings, the class token, and masks of padded sequences."""

from pydantic import NonNegativeInt, PositiveInt

from graphs.nodetypes.expressions import Call, call
from graphs.nodetypes.node_type import Example, Misfit, NodeType
from graphs.nodetypes.tensor_kinds import Labels, Meta, Sequence, Tensor, Tokens
from graphs.nodetypes.time_dependence import alone, remembers
from graphs.runtime.layers import positions
from graphs.runtime.layers.attention import RotaryPositions as RotaryModule
from nodes.layers.attention import require_heads


class SinusoidalPositions(NodeType):
    """Sinusoidal positional encoding: adds to each step sines and cosines of its position, from
    short waves to long ones.

    Use it before attention: it has no parameters, and takes sequences of any length (Vaswani et al.
    2017, arXiv 1706.03762).
    """

    keywords = (
        "positional encoding",
        "position encoding",
        "position embedding",
        "sinusoidal encoding",
        "sine and cosine",
        "fourier features",
        "transformer positions",
    )
    over_time = remembers(1)
    examples = (
        Example({}, [(2, 7, 32)], [(2, 7, 32)]),
        Example({}, [(2, 7, 5)], [(2, 7, 5)]),
        Example({}, [(2, 7)], problem="needs (N, T, F), got (N, 7)"),
    )

    def build(self, x: Sequence) -> Call:
        return call(positions.SinusoidalPositions)


class LearnedPositions(NodeType):
    """Learned positional embedding: adds to each step a learned vector, one for each position.

    Use it before attention where no sequence is longer than those seen in training, as in GPT-2 and
    in Transformers that see images.
    """

    keywords = (
        "positional embedding",
        "learned positional encoding",
        "position embedding",
        "absolute positions",
        "gpt-2",
        "vit",
    )

    length: PositiveInt | None = None
    """How many positions there are; none is as many as the sequence has steps."""

    over_time = remembers(1)
    examples = (
        Example({}, [(2, 7, 32)], [(2, 7, 32)]),
        Example({"length": 16}, [(2, 7, 5)], [(2, 7, 5)]),
        Example({"length": 5}, [(2, 7, 5)], problem="5 positions are too few for 7 steps"),
        Example({}, [(2, 7)], problem="needs (N, T, F), got (N, 7)"),
    )

    def build(self, x: Sequence) -> Call:
        steps = x.shape[1]
        if self.length is not None and self.length < steps:
            raise Misfit(
                f"{self.length} positions are too few for {steps} steps", use={"length": steps}
            )
        return call(positions.LearnedPositions, self.length or steps, x.features)


class RotaryPositions(NodeType):
    """Rotary position embedding (RoPE): rotates the features of each step by its position, so that
    a product of two steps knows how far apart they are.

    Use it on queries and on keys, before DotProductAttention; MultiheadAttention has it as an
    option (Su et al. 2021, arXiv 2104.09864).
    """

    keywords = (
        "rope",
        "rotary embedding",
        "rotary position embedding",
        "relative positions",
        "llama",
    )

    num_heads: PositiveInt = 1
    """How many heads share the features; those of each are rotated on their own."""

    over_time = remembers(1)
    examples = (
        Example({}, [(2, 7, 8)], [(2, 7, 8)]),
        Example({"num_heads": 2}, [(2, 7, 8)], [(2, 7, 8)]),
        Example({"num_heads": 3}, [(2, 7, 8)], problem="3 heads do not divide 8 features"),
        Example({}, [(2, 7, 5)], problem="need an even number of features in each head, got 5"),
    )

    def build(self, x: Sequence) -> Call:
        require_heads(self.num_heads, x.features, "rotary")
        return call(RotaryModule, self.num_heads)


class ClassToken(NodeType):
    """Class token ([CLS]): puts a learned step before a sequence, for attention to gather in it
    what the whole is about.

    Use it before the positions of a Transformer that classifies, and read step 0 with Select at its
    end (Devlin et al. 2018, arXiv 1810.04805).
    """

    keywords = ("cls", "cls token", "class token", "bert", "vit", "prepend token")
    examples = (
        Example({}, [(2, 7, 32)], [(2, 8, 32)]),
        Example({}, [(2, 7)], problem="needs (N, T, F), got (N, 7)"),
    )

    def build(self, x: Sequence) -> Call:
        return call(positions.ClassToken, x.features)


class PaddingMask(NodeType):
    """Mask of padded sequences: true at real tokens, false at padding, the token that fills up.

    Wire it to the `mask` of recurrent layers and of attention, and padding changes nothing.
    """

    keywords = (
        "key_padding_mask",
        "pad mask",
        "mask",
        "padding token",
        "attention mask",
        "ignore padding",
        "masking",
    )

    padding: NonNegativeInt = 0
    """The padding token."""

    adapter = True
    over_time = alone
    examples = (
        Example({}, [Meta((2, 7), "int64")], [Meta((2, 7), "bool")]),
        Example({"padding": 3}, [Meta((2, 7), "int64")], [Meta((2, 7), "bool")]),
        Example({}, [(2, 7)], problem="needs (N, T) of integers, got (N, 7) of float32"),
    )

    def build(self, tokens: Tokens) -> Call:
        return call(positions.padding_mask, tokens, self.padding)


class LengthMask(NodeType):
    """Mask from sequence lengths: true at real steps, false at padding; (N,) lengths become (N, T).

    Wire it to the `mask` of recurrent layers and of attention; `like` is any sequence with as many
    steps, (N, T) or (N, T, F).
    """

    keywords = (
        "sequence lengths",
        "pack_padded_sequence",
        "packed sequence",
        "sequence mask",
        "mask from lengths",
        "mask",
        "masking",
    )
    examples = (
        Example({}, [Meta((2,), "int64"), (2, 7, 5)], [Meta((2, 7), "bool")]),
        Example({}, [Meta((2,), "int64"), (2,)], problem="needs a sequence, (N, T, …), got (N,)"),
    )

    def build(self, lengths: Labels, like: Tensor) -> Call:
        if len(like.shape) < 2:
            raise Misfit(f"needs a sequence, (N, T, …), got {like.meta.text}")
        return call(positions.length_mask, lengths, like)
