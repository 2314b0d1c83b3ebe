"""Data: graphs, each batch a union of several, or one graph of which some nodes are asked."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveInt

from graphs.nodetypes.expressions import Call, call
from graphs.nodetypes.node_type import Data, Example
from graphs.nodetypes.tensor_kinds import SYMBOLS, Meta
from graphs.runtime.data_synthetic.graph_data import (
    digits_graph,
    karate_club,
    molecules,
    random_graphs,
)

N, V, E, G = (SYMBOLS[letter] for letter in "NVEG")
_EDGE_INDEX = Meta((2, E), "int64")
_OF_GRAPHS = {"graph_index": Meta((V,), "int64"), "sizes": Meta((G,), "int64")}


class _Graphs(Data, base=True):
    """A data node whose batches differ in how many nodes and edges they have."""

    @property
    def hands_out(self) -> bool:
        return True


class _OneGraph(_Graphs, base=True):
    """One graph, of which some nodes have labels. A sample is such a node; every batch has the
    whole graph.
    """

    split_seed: NonNegativeInt = 0
    """Fixes which labels are known and where others go, whatever the run's own seed."""

    outputs = ("nodes", "edge_index", "asked", "label")

    def features(self) -> int:
        """How many features a node has."""
        raise TypeError(f"{type(self).__name__} does not say its features")

    def fields(self) -> dict[str, Meta]:
        return {
            "nodes": Meta((V, self.features())),
            "edge_index": _EDGE_INDEX,
            "asked": Meta((N,), "int64"),
            "label": Meta((N,), "int64"),
        }


_ASKED = Meta((N,), "int64")


class KarateClub(_OneGraph):
    """Zachary's karate club, a graph for semi-supervised node classification: 34 members, 78
    friendships, and a quarrel (Zachary 1977, from networkx).

    One member of each group is known and trains the network. `nodes`, (V, 34), says no more than
    who each is; `edge_index`, (2, E), are the friendships, both ways: from whom, and to whom.
    `asked`, (N,), are the members whose group is asked, and `label` their groups: GatherRows takes
    the rows of those asked from what a network says of all nodes.
    """

    keywords = (
        "zachary",
        "graph data",
        "node classification",
        "social network",
        "community detection",
        "semi-supervised",
        "networkx",
        "dataset",
    )

    groups: Literal["sides", "circles"] = "sides"
    """The two sides of the quarrel, or the four circles of friends of Kipf and Welling (2016)."""

    examples = (
        Example({}, [], [(V, 34), _EDGE_INDEX, _ASKED, _ASKED]),
        Example({"groups": "circles"}, [], [(V, 34), _EDGE_INDEX, _ASKED, _ASKED]),
        Example({"groups": "three"}, [], problem="groups"),
    )

    def features(self) -> int:
        return 34

    def build(self) -> Call:
        return call(karate_club, self.groups, seed=self.split_seed)


class DigitsGraph(_OneGraph):
    """Nearest-neighbour graph of 1,797 handwritten digits, for semi-supervised node classification:
    only a few have a known label.

    Each digit is joined to those that look most like it. Use it to see what a graph adds to few
    labels. `nodes`, (V, 64), are pixels, scaled to length 1; `asked`, (N,), are the digits that are
    asked, and `label` what they are: GatherRows takes the rows of those asked from what a network
    says of all nodes.
    """

    keywords = (
        "knn graph",
        "semi-supervised",
        "node classification",
        "label propagation",
        "graph data",
        "cora",
        "dataset",
    )

    neighbours: Annotated[int, Field(ge=1, le=100)] = 8
    """To how many others each digit is joined; edges run both ways."""
    labels: Annotated[int, Field(ge=1, le=100)] = 2
    """How many labels of each digit are known."""

    examples = (
        Example({}, [], [(V, 64), _EDGE_INDEX, _ASKED, _ASKED]),
        Example({"neighbours": 3, "labels": 1}, [], [(V, 64), _EDGE_INDEX, _ASKED, _ASKED]),
        Example({"labels": 0}, [], problem="labels"),
    )

    def features(self) -> int:
        return 64

    def build(self) -> Call:
        return call(digits_graph, self.neighbours, self.labels, seed=self.split_seed)


class RandomGraphs(_Graphs):
    """Random graphs for graph classification: edges laid anywhere (Erdős–Rényi), or graphs that
    grew (Barabási–Albert).

    Label 0 is Erdős–Rényi, label 1 Barabási–Albert, where a new node prefers well-connected ones
    (preferential attachment); both have equally many edges, and 20 to 40 nodes with the feature 1:
    only the shape can tell. A batch is one graph that falls into G: `graph_index`, (V,), is the
    graph of each node, `sizes`, (G,), how many nodes each has.
    """

    keywords = (
        "graph classification",
        "erdos renyi",
        "barabasi albert",
        "synthetic graphs",
        "graph data",
        "dataset",
    )

    samples: PositiveInt = 800
    """How many graphs there are to train on."""
    held_out: PositiveInt = 200
    """How many there are for validation, and as many again for the test after training."""
    draw_seed: NonNegativeInt = 0
    """Fixes the graphs, whatever the run's own seed."""

    outputs = ("nodes", "edge_index", "graph_index", "sizes", "label")
    examples = (
        Example(
            {"samples": 4, "held_out": 2},
            [],
            [(V, 1), _EDGE_INDEX, *_OF_GRAPHS.values(), Meta((G,), "int64")],
        ),
        Example({"samples": 0}, [], problem="samples"),
    )

    def fields(self) -> dict[str, Meta]:
        label = Meta((G,), "int64")
        return {"nodes": Meta((V, 1)), "edge_index": _EDGE_INDEX, **_OF_GRAPHS, "label": label}

    def build(self) -> Call:
        return call(
            random_graphs, samples=self.samples, held_out=self.held_out, seed=self.draw_seed
        )


class Molecules(_Graphs):
    """Synthetic molecules for graph regression, each with an energy to predict from its atoms and
    bonds.

    `nodes`, (V, 4), are atoms (C, N, O, F), `edges`, (E, 3), bonds (single, double, triple), both
    ways; `target`, (G, 1), is made of bonds, rings and angles, with mean 0 and standard deviation
    1. A batch is one graph that falls into G molecules: `graph_index`, (V,), is the molecule of
    each atom, `sizes`, (G,), how many atoms each has. They are made up, and obey valences alone.
    """

    keywords = (
        "chemistry",
        "graph regression",
        "qm9",
        "zinc",
        "atoms",
        "bonds",
        "energy",
        "property prediction",
        "graph data",
        "dataset",
    )

    samples: PositiveInt = 2000
    """How many molecules there are to train on."""
    held_out: PositiveInt = 500
    """How many there are for validation, and as many again for the test after training."""
    draw_seed: NonNegativeInt = 0
    """Fixes the molecules, whatever the run's own seed."""

    outputs = ("nodes", "edge_index", "edges", "graph_index", "sizes", "target")
    examples = (
        Example(
            {"samples": 4, "held_out": 2},
            [],
            [(V, 4), _EDGE_INDEX, (E, 3), *_OF_GRAPHS.values(), (G, 1)],
        ),
        Example({"held_out": 0}, [], problem="held_out"),
    )

    def fields(self) -> dict[str, Meta]:
        return {
            "nodes": Meta((V, 4)),
            "edge_index": _EDGE_INDEX,
            "edges": Meta((E, 3)),
            **_OF_GRAPHS,
            "target": Meta((G, 1)),
        }

    def build(self) -> Call:
        return call(molecules, samples=self.samples, held_out=self.held_out, seed=self.draw_seed)
