"""Few-shot learning: episodes, and layers of prototypical and matching networks."""

import operator
from collections.abc import Mapping
from typing import Literal

import torch
from pydantic import NonNegativeInt, PositiveFloat, PositiveInt

from graphs.nodetypes.expressions import Call, call
from graphs.nodetypes.node_type import Data, Example, Misfit, NodeType
from graphs.nodetypes.tensor_kinds import SYMBOLS, Labels, Meta, Sequence, Tensor, Tokens
from graphs.runtime.data_synthetic.episodes import episodes
from graphs.runtime.layers.few_shot import (
    cosine_attention,
    cosine_distances,
    known_labels,
    previous_labels,
    prototypes,
)
from nodes.data.splits import Share

N = SYMBOLS["N"]
_LABELS = Meta((2, 6), "int64")


class Episodes(Data):
    """Episodes for few-shot learning: deals the samples of a data node into tasks, each a few known
    examples (support) of a few classes, and others of these classes that are asked (query).

    These are the n-way k-shot tasks of Vinyals et al. 2016 (arXiv 1606.04080). Wire the samples and
    labels of any data node to it. Their split is given up: the classes are dealt into training,
    validation and test, so that a network is asked of classes that it never saw. In a batch of N
    tasks, `support` is (N, way * shot, …), its examples, and `query` (N, way * queries, …);
    `support_label` and `query_label` are (N, way * shot) and (N, way * queries), the number that a
    class has in its task. All samples lie in memory once.
    """

    keywords = (
        "few-shot",
        "n-way k-shot",
        "meta-learning",
        "episode sampler",
        "support and query",
        "tasks",
        "omniglot",
        "miniimagenet",
    )

    way: PositiveInt = 5
    """Way: how many classes a task has."""
    shot: PositiveInt = 1
    """Shot: how many examples of each class are known (support)."""
    queries: PositiveInt = 5
    """How many other samples of each class are asked (query)."""
    tasks: PositiveInt = 1000
    """How many tasks there are to train on, which is one epoch."""
    held_out: PositiveInt = 200
    """How many there are for validation, and as many again for the test after training."""
    training_tasks: Literal["once", "anew"] = "once"
    """Dealt once, so that each epoch has the same in another order, or anew in every epoch, which
    prevents overfitting to single tasks.
    """
    validation: Share = 0.15
    """The share of classes kept for validation, from 0 to 0.45."""
    test: Share = 0.15
    """The share of classes kept for a test after training, from 0 to 0.45."""
    deal_seed: NonNegativeInt = 0
    """Fixes which class goes where and the tasks, whatever the run's own seed."""

    outputs = ("support", "support_label", "query", "query_label")
    examples = (
        Example(
            {"way": 3, "tasks": 7, "held_out": 2},
            [(N, 1, 8, 8), Meta((N,), "int64")],
            [
                (N, 3, 1, 8, 8),
                Meta((N, 3), "int64"),
                (N, 15, 1, 8, 8),
                Meta((N, 15), "int64"),
            ],
        ),
        Example(
            {"way": 2, "shot": 4, "queries": 1, "tasks": 3, "validation": 0.0},
            [Meta((N, 12), "int64"), Meta((N,), "int64")],
            [
                Meta((N, 8, 12), "int64"),
                Meta((N, 8), "int64"),
                Meta((N, 2, 12), "int64"),
                Meta((N, 2), "int64"),
            ],
        ),
        Example(
            {"way": 2, "queries": 1, "training_tasks": "anew"},
            [(N, 4), Meta((N,), "int64")],
            [(N, 2, 4), Meta((N, 2), "int64"), (N, 2, 4), Meta((N, 2), "int64")],
        ),
        Example({"way": 0}, [(N, 4), Meta((N,), "int64")], problem="way"),
        Example({}, [(N, 4), (N, 1)], problem="label needs (N,) of integers, got (N, 1)"),
    )

    @property
    def hands_out(self) -> bool:
        return True

    @property
    def counted(self) -> str:
        return "support_label"

    @property
    def class_field(self) -> None:
        return None

    def fields_from(self, given: Mapping[str, Meta]) -> dict[str, Meta]:
        known, asked = self.way * self.shot, self.way * self.queries
        (count, *shape), dtype = given["sample"]
        return {
            "support": Meta((count, known, *shape), dtype),
            "support_label": Meta((count, known), "int64"),
            "query": Meta((count, asked, *shape), dtype),
            "query_label": Meta((count, asked), "int64"),
        }

    def build(self, sample: Tensor, label: Labels) -> Call:
        return call(
            episodes,
            sample,
            label,
            way=self.way,
            shot=self.shot,
            queries=self.queries,
            tasks=self.tasks,
            held_out=self.held_out,
            validation=self.validation,
            test=self.test,
            seed=self.deal_seed,
            **({"anew": True} if self.training_tasks == "anew" else {}),
        )


class Prototypes(NodeType):
    """Class prototypes: the mean embedding of each class's examples, with which a prototypical
    network compares queries.

    `embedding`, (N, K, F), are the K known examples of each task as a network sees them, `label`,
    (N, K), their classes; out come (N, classes, F). Follow it by Distances with scores (Snell et
    al. 2017, arXiv 1703.05175).
    """

    keywords = (
        "prototypical network",
        "class mean",
        "centroid",
        "protonet",
        "few-shot",
        "nearest class mean",
    )

    classes: PositiveInt = 5
    """How many classes a task has."""

    outputs = "prototypes"
    examples = (
        Example({"classes": 3}, [(2, 6, 8), _LABELS], [(2, 3, 8)]),
        Example({}, [(2, 5, 8), _LABELS], problem="as many labels as examples, got 6 and 5"),
        Example({}, [(2, 8), _LABELS], problem="embedding needs (N, T, F)"),
    )

    def build(self, embedding: Sequence, label: Tokens) -> Call:
        _require_a_label_each(embedding, label)
        return call(prototypes, embedding, label, classes=self.classes)


class Distances(NodeType):
    """Pairwise distances between two sets of vectors, or scores, which are distances times -1.

    `x` is (N, Q, F), such as queries, `y` (N, P, F), such as prototypes; out come (N, Q, P). With
    scores the nearest has the largest logit, as a cross-entropy takes it.
    """

    keywords = (
        "cdist",
        "pairwise distance",
        "euclidean distance",
        "nearest neighbour",
        "knn",
        "nn.PairwiseDistance",
        "similarity matrix",
        "pairwise cosine similarity",
    )

    measure: Literal["squared", "euclidean", "cosine"] = "squared"
    """The squared distance, the distance itself, or one minus the cosine of the angle."""
    give: Literal["scores", "distances"] = "scores"
    """Distances as they are, or scores: distances times -1."""

    examples = (
        Example({}, [(2, 6, 8), (2, 3, 8)], [(2, 6, 3)]),
        Example({"measure": "euclidean"}, [(2, 6, 8), (2, 3, 8)], [(2, 6, 3)]),
        Example({"measure": "cosine", "give": "distances"}, [(2, 6, 8), (2, 3, 8)], [(2, 6, 3)]),
        Example({}, [(2, 6, 8), (2, 3, 7)], problem="needs vectors of one length, got 8 and 7"),
    )

    def build(self, x: Sequence, y: Sequence) -> Call:
        _require_one_length(x, y)
        far = call(cosine_distances if self.measure == "cosine" else torch.cdist, x, y)
        if self.measure == "squared":
            far = call(operator.pow, far, 2)
        return call(torch.neg, far) if self.give == "scores" else far


class CosineAttention(NodeType):
    """Attention over labelled examples by cosine similarity: the log-probabilities of a matching
    network.

    `query`, (N, Q, F), and `support`, (N, K, F), are embeddings of the samples, `label`, (N, K),
    the examples' classes. Each query attends to the known examples; out come the logarithms of each
    class's share of the attention, (N, Q, classes), which a cross-entropy takes as they are
    (Vinyals et al. 2016, arXiv 1606.04080).
    """

    keywords = ("matching network", "soft nearest neighbour", "few-shot")

    classes: PositiveInt = 5
    """How many classes a task has."""
    sharpness: PositiveFloat = 10.0
    """What the cosine is multiplied by, an inverse temperature: the higher, the more the likest
    example counts.
    """

    outputs = "scores"
    examples = (
        Example({"classes": 3}, [(2, 4, 8), (2, 6, 8), _LABELS], [(2, 4, 3)]),
        Example({}, [(2, 4, 8), (2, 6, 7), _LABELS], problem="vectors of one length, got 8 and 7"),
        Example({}, [(2, 4, 8), (2, 5, 8), _LABELS], problem="as many labels as examples"),
    )

    def build(self, query: Sequence, support: Sequence, label: Tokens) -> Call:
        _require_one_length(query, support)
        _require_a_label_each(support, label)
        return call(
            cosine_attention,
            query,
            support,
            label,
            classes=self.classes,
            sharpness=self.sharpness,
        )


class PreviousLabels(NodeType):
    """One-hot labels of the step before, for a network with a memory that learns what belongs
    together.

    Labels, (N, T), become one-hot vectors, (N, T, classes), one step late; the first is all zeros.
    Put it beside the samples of the steps: the network is asked for a label before it sees it
    (Santoro et al. 2016, arXiv 1605.06065).
    """

    keywords = ("memory-augmented network", "shifted labels", "one-hot", "meta-learning", "mann")

    classes: PositiveInt = 5
    """How many classes there are."""

    examples = (
        Example({"classes": 3}, [_LABELS], [(2, 6, 3)]),
        Example({}, [(2, 6)], problem="label needs (N, T) of integers"),
    )

    def build(self, label: Tokens) -> Call:
        return call(previous_labels, label, classes=self.classes)


class KnownLabels(NodeType):
    """One-hot labels of known examples, and zeros for the queries after them.

    Labels, (N, K), become (N, K + asked, classes): one-hot, and all zeros in the last steps. Put it
    beside the examples followed by queries, for a network that reads them as one sequence (SNAIL,
    Mishra et al. 2017, arXiv 1707.03141).
    """

    keywords = ("snail", "one-hot labels", "few-shot", "meta-learning")

    classes: PositiveInt = 5
    """How many classes there are."""
    asked: PositiveInt = 1
    """How many steps without a label follow."""

    examples = (
        Example({"classes": 3}, [_LABELS], [(2, 7, 3)]),
        Example({"classes": 3, "asked": 4}, [_LABELS], [(2, 10, 3)]),
        Example({}, [(2, 6)], problem="label needs (N, T) of integers"),
    )

    def build(self, label: Tokens) -> Call:
        return call(known_labels, label, classes=self.classes, asked=self.asked)


def _require_one_length(x: Sequence, y: Sequence) -> None:
    if x.features != y.features:
        raise Misfit(f"needs vectors of one length, got {x.features} and {y.features}")


def _require_a_label_each(embedding: Sequence, label: Tokens) -> None:
    if embedding.shape[1] != label.shape[1]:
        counts = f"{label.shape[1]} and {embedding.shape[1]}"
        raise Misfit(f"needs as many labels as examples, got {counts}")
