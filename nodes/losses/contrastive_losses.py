"""Losses: contrastive, of pairs and views."""

from typing import Annotated

from pydantic import Field, PositiveFloat
from torch.nn import functional as F

from graphs.nodetypes.expressions import Call, call
from graphs.nodetypes.node_type import Example, Loss
from graphs.nodetypes.tensor_kinds import Labels, Meta, Vector
from graphs.runtime.measures import losses
from nodes.losses.classification_losses import require_equal

_UNEQUAL = Example({}, [(2, 8), (2, 4)], problem="needs equal shapes, got (N, 8) and (N, 4)")
_LABELS = Meta((2,), "int64")


class CosineDistance(Loss):
    """Cosine distance: one minus the cosine of the angle between two vectors, mean over the batch;
    0 where they point the same way, 2 where they point against each other.

    Use it where the direction of an embedding counts and its length does not.
    """

    keywords = ("cosine similarity", "nn.CosineSimilarity", "cosine loss", "angle")
    examples = (
        Example({}, [(2, 8), (2, 8)], [()]),
        Example({}, [(2, 3), (2, 3)], [()]),
        _UNEQUAL,
    )

    def build(self, x: Vector, target: Vector) -> Call:
        require_equal(x, target)
        return call(losses.cosine_distance, x, target)


class CosineEmbedding(Loss):
    """Cosine embedding loss: pulls pairs that belong together to one direction, and pushes others
    apart.

    `label` says which is which: 1 for a pair that belongs together, 0 for one that does not.
    """

    keywords = ("nn.CosineEmbeddingLoss", "siamese loss", "pair loss", "similarity learning")

    margin: Annotated[float, Field(ge=-1, le=1)] = 0.0
    """The cosine below which a pair that does not belong together is left alone, -1 to 1."""

    examples = (
        Example({}, [(2, 8), (2, 8), _LABELS], [()]),
        Example({"margin": 0.5}, [(2, 8), (2, 8), _LABELS], [()]),
        Example({"margin": 2}, [(2, 8), (2, 8), _LABELS], problem="margin"),
        Example({}, [(2, 8), (2, 8), (2, 1)], problem="label needs (N,) of integers"),
    )

    def build(self, x: Vector, other: Vector, label: Labels) -> Call:
        require_equal(x, other)
        return call(losses.cosine_embedding, x, other, label, margin=self.margin)


class Triplet(Loss):
    """Triplet margin loss: brings an anchor nearer to a positive than to a negative, by a margin.

    Use it to learn embeddings, such as of faces, in which distance says who it is (Schroff et al.
    2015, arXiv 1503.03832). Distances are Euclidean; a triplet that fulfils the margin costs
    nothing.
    """

    keywords = (
        "nn.TripletMarginLoss",
        "triplet loss",
        "triplet margin",
        "metric learning",
        "facenet",
        "siamese",
    )

    margin: PositiveFloat = 1.0
    """By how much farther the negative must lie than the positive."""

    examples = (
        Example({}, [(2, 8), (2, 8), (2, 8)], [()]),
        Example({"margin": 0.2}, [(2, 3), (2, 3), (2, 3)], [()]),
        Example({"margin": 0}, [(2, 3), (2, 3), (2, 3)], problem="margin"),
        Example({}, [(2, 8), (2, 8), (2, 4)], problem="needs equal shapes, got (N, 8) and (N, 4)"),
    )

    def build(self, anchor: Vector, positive: Vector, negative: Vector) -> Call:
        require_equal(anchor, positive)
        require_equal(anchor, negative)
        return call(F.triplet_margin_loss, anchor, positive, negative, margin=self.margin)


class InfoNCE(Loss):
    """InfoNCE: the contrastive cross-entropy of finding the key of each query among the keys of the
    whole batch, in nats.

    Use it where two things go together in each sample and with nothing else in the batch: a sound
    and what follows it (van den Oord et al. 2018, arXiv 1807.03748), an image and its caption.
    Larger batches make it harder and better: guessing costs log(N).
    """

    keywords = (
        "contrastive",
        "contrastive loss",
        "contrastive learning",
        "info nce",
        "clip loss",
        "cpc",
        "noise contrastive estimation",
        "self-supervised",
        "in-batch negatives",
    )

    temperature: PositiveFloat = 0.07
    """Temperature of the softmax: the lower, the sharper; vectors are of length 1, so their
    products are at most 1.
    """
    symmetric: bool = False
    """Find the query of each key as well and take the mean of both, as CLIP does (Radford et al.
    2021, arXiv 2103.00020).
    """

    examples = (
        Example({}, [(2, 8), (2, 8)], [()]),
        Example({"symmetric": True}, [(2, 8), (2, 8)], [()]),
        Example({"temperature": 0}, [(2, 8), (2, 8)], problem="temperature"),
        _UNEQUAL,
    )

    def build(self, query: Vector, key: Vector) -> Call:
        require_equal(query, key)
        options = {"symmetric": True} if self.symmetric else {}
        return call(losses.info_nce, query, key, temperature=self.temperature, **options)


class NTXent(Loss):
    """NT-Xent, the contrastive loss of SimCLR: the cross-entropy of finding the other view of each
    sample among all views of the batch, in nats.

    Use it for self-supervised learning: two random augmentations of each image are its two views
    (SimCLR, Chen et al. 2020, arXiv 2002.05709). Unlike in InfoNCE, the negatives of a first view
    are not only the second views of other samples but their first views too.
    """

    keywords = (
        "simclr",
        "nt-xent",
        "contrastive loss",
        "contrastive learning",
        "self-supervised",
        "normalised temperature cross entropy",
    )

    temperature: PositiveFloat = 0.5
    """Temperature of the softmax; lower looks harder at the nearest negatives."""

    examples = (
        Example({}, [(2, 8), (2, 8)], [()]),
        Example({"temperature": 0.1}, [(2, 3), (2, 3)], [()]),
        Example({"temperature": 0}, [(2, 8), (2, 8)], problem="temperature"),
        _UNEQUAL,
    )

    def build(self, first: Vector, second: Vector) -> Call:
        require_equal(first, second)
        return call(losses.nt_xent, first, second, temperature=self.temperature)
