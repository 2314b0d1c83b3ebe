"""Data sets of graphs: plain functions, each returns split -> an object that gives samples by
index.
"""

import random
from typing import Self

import networkx as nx
import torch
from torch import Tensor
from torch.nn import functional as F

from graphs.runtime.training.indexed_split import Split


class Graphs(Split):
    """Graphs by index. A batch is one large disconnected graph: nodes and edges one after another,
    and the node indices of edges shifted to where their nodes are.
    """

    def __init__(self, graphs: list[dict[str, Tensor]]) -> None:
        """Each graph: `nodes` (V, F), `edge_index` (2, E) from 0, and perhaps `edges` (E, D); all
        else is told of the whole graph.
        """
        self.sizes = torch.tensor([len(graph["nodes"]) for graph in graphs])
        self.edge_counts = torch.tensor([graph["edge_index"].shape[1] for graph in graphs])
        self.edge_index = torch.cat([graph["edge_index"] for graph in graphs], 1)
        self.rows = {
            name: torch.cat([graph[name] for graph in graphs])
            for name in ("nodes", "edges")
            if name in graphs[0]
        }
        told = graphs[0].keys() - {"nodes", "edge_index", "edges"}
        self.told = {name: torch.stack([graph[name] for graph in graphs]) for name in sorted(told)}

    def __len__(self) -> int:
        return len(self.sizes)

    def to(self, device: str | torch.device) -> Self:
        """The same graphs, on a device."""
        self.sizes = self.sizes.to(device)
        self.edge_counts = self.edge_counts.to(device)
        self.edge_index = self.edge_index.to(device)
        self.rows = {name: values.to(device) for name, values in self.rows.items()}
        self.told = {name: values.to(device) for name, values in self.told.items()}
        return self

    def take(self, index: Tensor) -> dict[str, Tensor]:
        """Some graphs as one, with the index of the graph of each node, and all their sizes."""
        index = index.to(self.sizes.device)
        sizes = self.sizes[index]
        graph_index, nodes = ranges(self.sizes, index)
        of_edges, edges = ranges(self.edge_counts, index)
        first = sizes.cumsum(0) - sizes
        kept = {"nodes": nodes, "edges": edges}
        return {
            "edge_index": self.edge_index[:, edges] + first[of_edges],
            "graph_index": graph_index,
            "sizes": sizes,
            **{name: values[kept[name]] for name, values in self.rows.items()},
            **{name: values[index] for name, values in self.told.items()},
        }


def ranges(counts: Tensor, index: Tensor) -> tuple[Tensor, Tensor]:
    """Rows that lie behind one another, `counts` of them for each graph: for those of the graphs in
    `index` which of these each belongs to, and where it lies.
    """
    first, wanted = counts.cumsum(0) - counts, counts[index]
    owner = torch.repeat_interleave(torch.arange(len(index), device=counts.device), wanted)
    place = torch.arange(len(owner), device=counts.device) - (wanted.cumsum(0) - wanted)[owner]
    return owner, first[index][owner] + place


class OneGraph(Split):
    """Labelled nodes of one graph, by index; all of the graph comes with every batch, as `nodes`
    (V, F) and `edge_index` (2, E).
    """

    def __init__(self, graph: dict[str, Tensor], asked: Tensor, label: Tensor) -> None:
        self.graph = graph
        self.asked = asked
        self.label = label

    def __len__(self) -> int:
        return len(self.asked)

    def to(self, device: str | torch.device) -> Self:
        """The same nodes, on a device."""
        graph = {name: values.to(device) for name, values in self.graph.items()}
        return type(self)(graph, self.asked.to(device), self.label.to(device))

    def take(self, index: Tensor) -> dict[str, Tensor]:
        """The graph, the indices of the nodes that are asked, and their labels."""
        index = index.to(self.asked.device)
        return {**self.graph, "asked": self.asked[index], "label": self.label[index]}


def few_labels(
    graph: dict[str, Tensor], label: Tensor, known: Tensor, seed: int
) -> dict[str, OneGraph]:
    """One graph with a few known labels, for semi-supervised learning: they are for training, half
    of the others for validation and half for the test, split at random.
    """
    rest = torch.ones(len(label), dtype=torch.bool)
    rest[known] = False
    others = rest.nonzero()[:, 0]
    others = others[torch.randperm(len(others), generator=torch.Generator().manual_seed(seed))]
    half = len(others) // 2
    parts = {"train": known, "validation": others[:half], "test": others[half:]}
    return {part: OneGraph(graph, asked, label[asked]) for part, asked in parts.items()}


def both_ways(edges: Tensor, nodes: int) -> Tensor:
    """The undirected edges, each in both directions and once, (2, E), of edges (2, E) that may be
    listed twice.
    """
    linked = torch.zeros(nodes, nodes, dtype=torch.bool)
    linked[edges[0], edges[1]] = True
    return (linked | linked.T).nonzero().T.contiguous()


def karate_club(groups: str, seed: int) -> dict[str, OneGraph]:
    """Zachary's karate club: 34 members, their friendships, and on which of two sides or in which
    of four circles each is.

    One member of each group is known. Features are one-hot: who each member is.
    """
    club = nx.karate_club_graph()
    edge_index = both_ways(torch.tensor(list(club.edges)).T, len(club))
    sides = [int(club.nodes[member]["club"] != "Mr. Hi") for member in club]
    circles = [int(group) for group in "1111333101311100310101002200200200"]
    label, known = (sides, [0, 33]) if groups == "sides" else (circles, [0, 4, 8, 24])
    graph = {"nodes": torch.eye(len(label)), "edge_index": edge_index}
    return few_labels(graph, torch.tensor(label), torch.tensor(known), seed)


def digits_graph(neighbours: int, labels: int, seed: int) -> dict[str, OneGraph]:
    """Nearest-neighbour graph of scikit-learn's 1,797 handwritten digits; a few labels of each
    class are known.
    """
    from sklearn.datasets import load_digits
    from sklearn.neighbors import kneighbors_graph

    source = load_digits()
    nodes = F.normalize(torch.tensor(source.data, dtype=torch.float32))
    near = kneighbors_graph(nodes.numpy(), neighbours).tocoo()
    pairs = torch.stack([torch.tensor(near.row), torch.tensor(near.col)]).long()
    edge_index = both_ways(pairs, len(nodes))
    label = torch.tensor(source.target)
    draw = torch.Generator().manual_seed(seed)
    members = [(label == digit).nonzero()[:, 0] for digit in range(10)]
    known = [m[torch.randperm(len(m), generator=draw)[:labels]] for m in members]
    return few_labels({"nodes": nodes, "edge_index": edge_index}, label, torch.cat(known), seed)


def random_graphs(samples: int, held_out: int, seed: int) -> dict[str, Graphs]:
    """Random graphs with equally many edges: edges laid anywhere (label 0, Erdős and Rényi), and
    preferential attachment, where new nodes prefer well-connected ones (label 1, Barabási and
    Albert).
    """
    sizes = {"train": samples, "validation": held_out, "test": held_out}
    draw = random.Random(seed)
    return {
        part: Graphs([random_graph(draw) for _ in range(count)]) for part, count in sizes.items()
    }


def random_graph(draw: random.Random) -> dict[str, Tensor]:
    """A random graph of 20 to 40 nodes of one kind or the other, its nodes in random order."""
    nodes, links, label = draw.randint(20, 40), draw.randint(2, 3), draw.randint(0, 1)
    if label:
        graph = nx.barabasi_albert_graph(nodes, links, seed=draw.randrange(1 << 30))
    else:
        graph = nx.gnm_random_graph(nodes, links * (nodes - links), seed=draw.randrange(1 << 30))
    order = torch.tensor(draw.sample(range(nodes), nodes))
    edges = order[torch.tensor(list(graph.edges)).T]
    return {
        "nodes": torch.ones(nodes, 1),
        "edge_index": both_ways(edges, nodes),
        "label": torch.tensor(label),
    }


def molecules(samples: int, held_out: int, seed: int) -> dict[str, Graphs]:
    """Synthetic molecules, each with an energy, standardised on the training set."""
    draw = random.Random(seed)
    bond_table = torch.Generator().manual_seed(42)
    bonds, angles = torch.randn(4, 4, 3, generator=bond_table), torch.randn(4, generator=bond_table)
    sizes = {"train": samples, "validation": held_out, "test": held_out}
    parts = {}
    for part, count in sizes.items():
        drawn = [random_molecule(draw) for _ in range(count)]
        parts[part] = [(*made, bond_energy(*made, bonds, angles)) for made in drawn]
    seen = torch.tensor([value for *_, value in parts["train"]])
    mean, deviation = seen.mean(), seen.std().clamp(min=1e-6)
    return {
        part: Graphs([as_graph(a, b, (value - mean) / deviation) for a, b, value in made])
        for part, made in parts.items()
    }


def random_molecule(draw: random.Random) -> tuple[list[int], dict[tuple[int, int], int]]:
    """Atoms as numbers in C, N, O, F, and bonds (first, second) -> order. A random tree whose atoms
    have as many bonds as they may, some rings closed, some bonds double or triple.
    """
    bonds: dict[tuple[int, int], int] = {}
    atoms = draw.choices(range(4), weights=[6, 2, 2, 1], k=draw.randint(6, 14))
    free = [4 - atom for atom in atoms]  # carbon has four bonds, fluorine one

    def bind(first: int, second: int) -> None:
        bonds[first, second] = bonds.get((first, second), 0) + 1
        free[first] -= 1
        free[second] -= 1

    for atom in range(1, len(atoms)):
        open_atoms = [other for other in range(atom) if free[other]]
        if not open_atoms:
            return random_molecule(draw)  # no atom is left to bind to: begin again
        bind(draw.choice(open_atoms), atom)
    for _ in range(draw.randint(0, 3)):
        pairs = [
            (first, second)
            for second in range(len(atoms))
            for first in range(second)
            if free[first] and free[second] and (first, second) not in bonds
        ]
        if pairs:
            bind(*draw.choice(pairs))
    for first, second in list(bonds):
        if free[first] and free[second] and draw.random() < 0.3:
            bind(first, second)
    return atoms, bonds


def bond_energy(
    atoms: list[int], bonds: dict[tuple[int, int], int], bond_table: Tensor, angles: Tensor
) -> float:
    """What a molecule's bonds, rings and neighbouring pairs of atoms add up to."""
    graph = nx.Graph(list(bonds))
    total = sum(
        float(bond_table[atoms[i], atoms[j], order - 1] + bond_table[atoms[j], atoms[i], order - 1])
        for (i, j), order in bonds.items()
    )
    strain = {3: 2.0, 4: 1.5, 5: 0.3, 6: -0.5}
    total += sum(strain.get(len(ring), 0.2) for ring in nx.minimum_cycle_basis(graph))
    for atom in graph:
        around = [atoms[other] for other in graph[atom]]
        pairs = [(a, b) for place, a in enumerate(around) for b in around[place + 1 :]]
        total += float(angles[atoms[atom]]) * sum((a != b) - 0.5 for a, b in pairs)
    return total


def as_graph(
    atoms: list[int], bonds: dict[tuple[int, int], int], value: Tensor
) -> dict[str, Tensor]:
    """One-hot atoms (V, 4) and bond orders (E, 3), and the value."""
    pairs = torch.tensor(list(bonds)).T
    orders = F.one_hot(torch.tensor(list(bonds.values())) - 1, 3).float()
    return {
        "nodes": F.one_hot(torch.tensor(atoms), 4).float(),
        "edge_index": torch.cat([pairs, pairs.flip(0)], 1),
        "edges": torch.cat([orders, orders]),
        "target": value.reshape(1),
    }
