"""Linear and embedding: fully connected layers, and vectors for tokens."""

from pydantic import NonNegativeInt, PositiveInt
from torch import nn
from torch.nn import functional as F

from graphs.document.identifiers import identifier
from graphs.nodetypes.expressions import Attribute, Call, call
from graphs.nodetypes.node_type import Example, Misfit, NodeType
from graphs.nodetypes.tensor_kinds import Features, Meta, Tokens
from graphs.nodetypes.time_dependence import alone, mixes
from nodes.layers.windows import Parametrization, parametrized


class Linear(NodeType):
    """Fully connected (dense) layer: each output is a weighted sum of every input, plus a bias.

    Use it last, with one output for each class (the logits), or several with activations between (a
    multilayer perceptron, MLP). On a sequence it acts on each step alone.
    """

    keywords = (
        "nn.Linear",
        "dense",
        "fully connected",
        "fc",
        "mlp",
        "perceptron",
        "multilayer perceptron",
        "feedforward",
        "ffn",
        "affine",
        "projection",
        "head",
        "logits",
        "classifier",
        "lazy linear",
        "weight normalisation",
        "spectral normalisation",
    )

    out_features: PositiveInt = 64
    """How many features leave; for a classifier's last layer, how many classes there are."""
    bias: bool = True
    """Add a learned bias to each output."""
    parametrization: Parametrization = "none"
    """weight_norm learns length and direction of each row apart, which steadies training
    (arXiv 1602.07868); spectral_norm divides the weight by its largest singular value, which bounds
    the slope of a discriminator (arXiv 1802.05957).
    """

    over_time = mixes(-1)
    examples = (
        Example({}, [(2, 16)], [(2, 64)]),
        Example({"parametrization": "weight_norm"}, [(2, 16)], [(2, 64)]),
        Example({"parametrization": "spectral_norm"}, [(2, 16)], [(2, 64)]),
        Example({"out_features": 10, "bias": False}, [(2, 7, 16)], [(2, 7, 10)]),
        Example({}, [(2, 3, 8, 8)], problem="needs (N, F) or (N, T, F), got (N, 3, 8, 8)"),
        Example({"out_features": -1}, [(2, 16)], problem="out_features"),
    )

    def build(self, x: Features) -> Call:
        layer = call(nn.Linear, x.features, self.out_features, bias=self.bias)
        return parametrized(layer, self.parametrization)


class Bilinear(NodeType):
    """Bilinear layer: each output is a weighted sum of all products of the features of two inputs,
    plus a bias.

    Use it to judge how two vectors go together, such as a question and an answer. It has a weight
    for every pair of features and every output, so keep them few.
    """

    keywords = ("nn.Bilinear", "bilinear form", "two inputs", "interaction")

    out_features: PositiveInt = 64
    """How many features leave."""
    bias: bool = True
    """Add a learned bias to each output."""

    over_time = mixes(-1)
    examples = (
        Example({"out_features": 4}, [(2, 16), (2, 8)], [(2, 4)]),
        Example({"out_features": 4, "bias": False}, [(2, 7, 5), (2, 7, 3)], [(2, 7, 4)]),
        Example({}, [(2, 7, 5), (2, 3)], problem="got (N, 7, 5) and (N, 3)"),
        Example({}, [(2, 3, 8, 8), (2, 3)], problem="needs (N, F) or (N, T, F)"),
    )

    def build(self, first: Features, second: Features) -> Call:
        if first.shape[:-1] != second.shape[:-1]:
            got = f"{first.meta.text} and {second.meta.text}"
            raise Misfit(f"needs two of one shape but for the features, got {got}")
        return call(nn.Bilinear, first.features, second.features, self.out_features, bias=self.bias)


class Embedding(NodeType):
    """Looks up a learned vector (an embedding) for each token, such as a character or a word.

    Use it first where a network reads text or other symbols: (N, T) integers become (N, T, F).
    """

    keywords = (
        "nn.Embedding",
        "lookup table",
        "token embedding",
        "word vectors",
        "word2vec",
        "embeddings",
        "vocabulary",
        "categorical features",
    )

    num_embeddings: PositiveInt = 256
    """How many different tokens there are; tokens count from 0."""
    embedding_dim: PositiveInt = 64
    """How many features each token's vector has."""
    padding_idx: NonNegativeInt | None = None
    """The padding token, which fills short texts up: its vector stays zeros and gets no gradient.
    None: there is no such token.
    """
    weights: str = ""
    """A name for its weights, which another Embedding or TokenScores of that name shares; none: its
    own.
    """

    @property
    def shared_weights(self) -> str:
        return f"Embedding {self.weights}" if self.weights else ""

    @property
    def module_name(self) -> str:
        return identifier(self.weights) if self.weights else ""

    over_time = alone
    examples = (
        Example({}, [Meta((2, 7), "int64")], [(2, 7, 64)]),
        Example({"embedding_dim": 8}, [Meta((2, 1), "int64")], [(2, 1, 8)]),
        Example({"padding_idx": 0}, [Meta((2, 7), "int64")], [(2, 7, 64)]),
        Example({}, [(2, 7)], problem="needs (N, T) of integers, got (N, 7) of float32"),
        Example({"padding_idx": 256}, [Meta((2, 7), "int64")], problem="there is no token 256"),
    )

    def build(self, tokens: Tokens) -> Call:
        if self.padding_idx is not None and self.padding_idx >= self.num_embeddings:
            raise Misfit(
                f"there is no token {self.padding_idx}: padding_idx is below {self.num_embeddings}",
                use={"padding_idx": None},
            )
        return call(
            nn.Embedding, self.num_embeddings, self.embedding_dim, padding_idx=self.padding_idx
        )


class TokenScores(NodeType):
    """Logits of every token at each step, the products with the tokens' embeddings: the head of a
    language model.

    Use it last in a network that predicts the next token. Give it the name of an Embedding's
    weights, and both use the same vectors (weight tying, Press and Wolf 2016, arXiv 1608.05859).
    """

    keywords = (
        "lm head",
        "output embedding",
        "tied embedding",
        "weight tying",
        "unembedding",
        "vocabulary logits",
        "logits",
        "language model head",
    )

    num_embeddings: PositiveInt = 256
    """How many different tokens there are, and so how many logits leave each step."""
    weights: str = ""
    """A name for its weights, which an Embedding of that name shares; none: its own."""

    @property
    def shared_weights(self) -> str:
        return f"Embedding {self.weights}" if self.weights else ""

    @property
    def module_name(self) -> str:
        return identifier(self.weights) if self.weights else ""

    over_time = mixes(-1)
    examples = (
        Example({}, [(2, 7, 64)], [(2, 7, 256)]),
        Example({"num_embeddings": 10, "weights": "letters"}, [(2, 16)], [(2, 10)]),
        Example({}, [(2, 3, 8, 8)], problem="needs (N, F) or (N, T, F), got (N, 3, 8, 8)"),
    )

    def build(self, x: Features) -> Call:
        vectors = call(nn.Embedding, self.num_embeddings, x.features)
        return call(F.linear, x, Attribute(vectors, "weight"))
