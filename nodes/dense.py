"""Dense and shape: layers that mix all features, and nodes that change only the shape."""

import torch
from pydantic import PositiveInt
from torch import nn

from graphs.expressions import Call, call
from graphs.kinds import Features, Meta, Tensor, Tokens
from graphs.node_type import Example, Misfit, NodeType


class Linear(NodeType):
    """Mixes all features into new ones: each output is a weighted sum of every input, plus a bias.

    Use it to end a network with one number for each class, or in a chain with non-linearities
    between (a perceptron). On a sequence it acts on each step alone.
    """

    out_features: PositiveInt = 64
    """How many features leave; for a classifier's last layer, how many classes there are."""
    bias: bool = True
    """Add a learned number to each output."""

    examples = (
        Example({}, [(2, 16)], [(2, 64)]),
        Example({"out_features": 10, "bias": False}, [(2, 7, 16)], [(2, 7, 10)]),
        Example({}, [(2, 3, 8, 8)], problem="needs (N, F) or (N, T, F), got (N, 3, 8, 8)"),
        Example({"out_features": -1}, [(2, 16)], problem="out_features"),
    )

    def build(self, x: Features) -> Call:
        return call(nn.Linear, x.features, self.out_features, bias=self.bias)


class Embedding(NodeType):
    """Looks up a learned vector for each token, such as a character or a word.

    Use it first where a network reads text or other symbols: (N, T) whole numbers become (N, T, F).
    """

    num_embeddings: PositiveInt = 256
    """How many different tokens there are; tokens count from 0."""
    embedding_dim: PositiveInt = 64
    """How many features each token's vector has."""

    examples = (
        Example({}, [Meta((2, 7), "int64")], [(2, 7, 64)]),
        Example({"embedding_dim": 8}, [Meta((2, 1), "int64")], [(2, 1, 8)]),
        Example({}, [(2, 7)], problem="needs (N, T) of whole numbers, got (N, 7) of float32"),
    )

    def build(self, tokens: Tokens) -> Call:
        return call(nn.Embedding, self.num_embeddings, self.embedding_dim)


class Flatten(NodeType):
    """Lays all values of a sample in one row, so that a Linear layer can read an image.

    Use it between the last convolution, or the last attention, and the first Linear layer.
    """

    adapter = True
    examples = (
        Example({}, [(2, 3, 8, 8)], [(2, 192)]),
        Example({}, [(2, 7, 5)], [(2, 35)]),
        Example({}, [(2,)], problem="at least two axes"),
    )

    def build(self, x: Tensor) -> Call:
        if len(x.shape) < 2:
            raise Misfit(f"needs at least two axes, got {x.meta.text}")
        return call(torch.flatten, x, 1)
