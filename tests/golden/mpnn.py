"""mpnn: energies of small molecules: four rounds of messages along bonds, then a readout that
looks at the atoms again and again

Run it: python mpnn.py --epochs 30
Load the weights that it saves:
    Mpnn().load_state_dict(load_file("mpnn.safetensors"))
"""

import argparse
import math
import random
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any, Self

import networkx as nx
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.lr_scheduler import LRScheduler

EPOCHS = 30
SEED = 0
BATCH_SIZE = 50
WIDTH = 24


class Again(nn.Module):
    """Weight sharing in depth: applies one module several times in a row."""

    def __init__(self, block: nn.Module, times: int) -> None:
        super().__init__()
        self.block = block
        self.times = times

    def forward(self, x: Tensor, *others: Tensor) -> Tensor:
        """The output of the last time: the shape of x."""
        for _ in range(self.times):
            x = self.block(x, *others)
        return x


def scatter(x: Tensor, index: Tensor, count: int, reduce: str = "sum") -> Tensor:
    """Scatter-reduce: the sum, mean or max of the rows that have an equal index: (E, …), (E,) ->
    (count, …).

    A place that no row goes to is 0.
    """
    places = x.new_zeros(count, *x.shape[1:])
    if reduce == "max":
        wide = index.reshape(-1, *[1] * (x.dim() - 1)).expand_as(x)
        return places.scatter_reduce(0, wide, x, "amax", include_self=False)
    total = places.index_add(0, index, x)
    if reduce == "sum":
        return total
    rows = x.new_zeros(count).index_add(0, index, x.new_ones(len(index)))
    return total / rows.clamp(min=1).reshape(-1, *[1] * (x.dim() - 1))


def scatter_softmax(x: Tensor, index: Tensor, count: int) -> Tensor:
    """A softmax among the rows that have an equal index: (E, …), (E,) -> (E, …)."""
    largest = scatter(x.detach(), index, count, "max")
    weight = torch.exp(x - largest.index_select(0, index))
    return weight / scatter(weight, index, count).index_select(0, index)


def graph_of_nodes(sizes: Tensor, nodes: int) -> Tensor:
    """Which graph each node belongs to, from how many nodes each graph has: (G,) -> (V,)."""
    graphs = torch.arange(len(sizes), device=sizes.device)
    return torch.repeat_interleave(graphs, sizes, output_size=nodes)


class Set2Set(nn.Module):
    """Set2Set readout: an LSTM attends to a graph's nodes several times (Vinyals et al. 2015,
    arXiv 1511.06391).
    """

    def __init__(self, features: int, steps: int = 3) -> None:
        super().__init__()
        self.steps = steps
        self.cell = nn.LSTMCell(2 * features, features)

    def forward(self, x: Tensor, sizes: Tensor) -> Tensor:
        """(V, F), (G,) -> (G, 2 F): the last query, and what was read for it."""
        index, count = graph_of_nodes(sizes, len(x)), len(sizes)
        question, memory = x.new_zeros(count, x.shape[1]), x.new_zeros(count, x.shape[1])
        read = torch.zeros_like(question)
        for _ in range(self.steps):
            seen = torch.cat([question, read], 1)
            question, memory = self.cell(seen, (question, memory))
            score = (x * question.index_select(0, index)).sum(1)
            attention = scatter_softmax(score, index, count)
            read = scatter(attention[:, None] * x, index, count)
        return torch.cat([question, read], 1)


def edge_ends(edge_index: Tensor, nodes: int) -> tuple[Tensor, Tensor]:
    """Source and target nodes of the edges, (E,) each.

    Raises IndexError where that is no node; on a GPU nothing is checked, which would make it wait.
    """
    if edge_index.device.type == "cpu" and edge_index.numel():
        first, last = int(edge_index.min()), int(edge_index.max())
        if first < 0 or last >= nodes:
            odd = first if first < 0 else last
            raise IndexError(
                f"an edge ends at node {odd}, and there are {nodes} nodes, 0 to {nodes - 1}"
            )
    return edge_index[0], edge_index[1]


class NNConv(nn.Module):
    """Edge-conditioned messages: a network turns each edge's features into a matrix, by which the
    source's features are multiplied (edge network of an MPNN, Gilmer et al. 2017,
    arXiv 1704.01212).

    With `root` a linear map of the node itself and a bias are added.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        edge_features: int,
        hidden_features: int | None = 32,
        reduce: str = "sum",
        root: bool = True,
    ) -> None:
        super().__init__()
        self.shape = (in_features, out_features)
        self.reduce = reduce
        hidden = [nn.Linear(edge_features, hidden_features), nn.ReLU()] if hidden_features else []
        last = nn.Linear(hidden_features or edge_features, in_features * out_features)
        self.edge_network = nn.Sequential(*hidden, last)
        self.root = nn.Linear(in_features, out_features) if root else None

    def forward(self, x: Tensor, edge_index: Tensor, edge_features: Tensor) -> Tensor:
        """(V, F), (2, E), (E, …) -> (V, out_features)."""
        source, target = edge_ends(edge_index, len(x))
        matrices = self.edge_network(edge_features).unflatten(1, self.shape)
        messages = (x.index_select(0, source)[:, None] @ matrices)[:, 0]
        result = scatter(messages, target, len(x), self.reduce)
        return result if self.root is None else result + self.root(x)


class Round(nn.Module):
    """One round of message passing: messages along the bonds, then a GRU update of the atoms.

    From h (V, width), edge_index (2, E), bonds (E, 3) to (V, width).
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.messages = NNConv(width, width, 3, hidden_features=None, root=False)
        self.gru = nn.GRUCell(width, width)

    def forward(self, h: Tensor, edge_index: Tensor, bonds: Tensor) -> Tensor:
        x = self.messages(h, edge_index, bonds)  # (V, width)
        return self.gru(x, h)  # (V, width)


class Mpnn(nn.Module):
    """From nodes (V, 4), edge_index (2, E), edges (E, 3), sizes (G,) to (G, 1)."""

    def __init__(self, width: int = WIDTH) -> None:
        super().__init__()
        self.start = nn.Linear(4, width)
        self.rounds = Again(Round(width=width), 4)
        self.molecule = Set2Set(width * 2)
        self.hidden = nn.Linear(width * 4, 64)
        self.energy = nn.Linear(64, 1)

    def forward(self, nodes: Tensor, edge_index: Tensor, edges: Tensor, sizes: Tensor) -> Tensor:
        relu = F.relu(self.start(nodes))  # (V, 24)
        both = torch.cat([self.rounds(relu, edge_index, edges), relu], dim=1)  # (V, 48)
        x = self.molecule(both, sizes)  # (G, 96)
        x = F.relu(self.hidden(x))  # (G, 64)
        return self.energy(x)  # (G, 1)


class Program(nn.Module):
    """What happens on one batch."""

    def __init__(self, width: int = WIDTH) -> None:
        super().__init__()
        self.network = Mpnn(width=width)

    def evaluate(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Losses and metrics of one batch."""
        nodes = batch["nodes"]  # (V, 4)
        edge_index = batch["edge_index"]  # (2, E)
        edges = batch["edges"]  # (E, 3)
        sizes = batch["sizes"]  # (G,)
        target = batch["target"]  # (G, 1)
        energy = self.network(nodes, edge_index, edges, sizes)  # (G, 1)
        return {"loss": F.mse_loss(energy, target), "error": F.l1_loss(energy, target)}

    def configure_optimizers(self, steps_per_epoch: int, epochs: int = EPOCHS) -> None:
        """Make the optimizer; their learning rates follow a schedule over the whole training."""
        self.adamw_optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=0.004, betas=(0.9, 0.999), weight_decay=0.0
        )
        self.adamw_scheduler = torch.optim.lr_scheduler.OneCycleLR(
            self.adamw_optimizer,
            max_lr=0.004,
            total_steps=epochs * steps_per_epoch,
            cycle_momentum=False,
        )

    def step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Evaluate one batch, then let the optimizer move its weights."""
        values = self.evaluate(batch)

        # minimise loss
        self.adamw_optimizer.zero_grad()
        values["loss"].backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.adamw_optimizer.step()
        self.adamw_scheduler.step()

        return {name: value.detach() for name, value in values.items()}

    def probe(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """What the probes show of one batch."""
        nodes = batch["nodes"]  # (V, 4)
        edge_index = batch["edge_index"]  # (2, E)
        edges = batch["edges"]  # (E, 3)
        sizes = batch["sizes"]  # (G,)
        target = batch["target"]  # (G, 1)
        energy = self.network(nodes, edge_index, edges, sizes)  # (G, 1)
        return {"energies.points": torch.cat([target, energy], dim=1)[:500]}


class Split(ABC):
    """A map-style data set that gives whole mini-batches by the indices of their samples."""

    @abstractmethod
    def __len__(self) -> int:
        """How many samples there are."""

    @abstractmethod
    def to(self, device: str | torch.device) -> Self:
        """The same samples, given on a device."""

    @abstractmethod
    def take(self, index: Tensor) -> dict[str, Tensor]:
        """The mini-batch of some samples, by their indices; its fields may differ in length."""

    def in_order(self) -> Tensor:
        """The indices of all samples."""
        return torch.arange(len(self))

    def take_each(self, places: list[Tensor]) -> Iterator[dict[str, Tensor]]:
        """The mini-batches of some indices, one after another, each when it is asked for."""
        return map(self.take, places)


def ranges(counts: Tensor, index: Tensor) -> tuple[Tensor, Tensor]:
    """Rows that lie behind one another, `counts` of them for each graph: for those of the graphs in
    `index` which of these each belongs to, and where it lies.
    """
    first, wanted = counts.cumsum(0) - counts, counts[index]
    owner = torch.repeat_interleave(torch.arange(len(index), device=counts.device), wanted)
    place = torch.arange(len(owner), device=counts.device) - (wanted.cumsum(0) - wanted)[owner]
    return owner, first[index][owner] + place


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


def load(device: str) -> dict[str, Split]:
    """Every split of the data, on a device: samples by their indices."""
    splits = molecules(samples=2000, held_out=500, seed=0)
    return {name: split.to(device) for name, split in splits.items()}


def steps_in(split: Split, batch_size: int) -> int:
    """How many mini-batches an epoch of training has."""
    return math.ceil(len(split) / batch_size)


def epoch_order(split: Split, batch_size: int) -> Tensor:
    """The indices of an epoch's samples, in the order in which they come: all, shuffled."""
    return torch.randperm(len(split))


def batches(
    split: Split, batch_size: int, shuffle: bool = False, skip: int = 0
) -> Iterator[dict[str, Tensor]]:
    """Take a split mini-batch by mini-batch, in the order of a new epoch when shuffled; the first
    ones may be skipped unread. The order is drawn at once, each mini-batch when its turn comes.
    """
    order = epoch_order(split, batch_size) if shuffle else split.in_order()
    starts = range(skip * batch_size, len(order), batch_size)
    return split.take_each([order[start : start + batch_size] for start in starts])


def size_of(batch: dict[str, Tensor]) -> int:
    """How many samples a batch has; other fields of it may differ in length."""
    return len(batch["sizes"])


def average(values: list[dict[str, Tensor]], sizes: list[int]) -> dict[str, float]:
    """The mean over all samples of what was measured on each batch."""
    weights = torch.tensor(sizes, dtype=torch.float64) / max(sum(sizes), 1)
    return {
        name: float(torch.stack([value[name] for value in values]).cpu().double() @ weights)
        for name in (values[0] if values else {})
    }


def with_progress(
    loader: Iterator[dict[str, Tensor]], title: str, count: int
) -> Iterator[dict[str, Tensor]]:
    """The same mini-batches; in a terminal a line that is written over says once a second how many
    of them are done.
    """
    watched, told, line = sys.stderr.isatty(), monotonic(), ""
    for number, batch in enumerate(loader, 1):
        yield batch
        if watched and monotonic() - told > 1:
            told, line = monotonic(), f"{title}: batch {number} of {count}"
            print(f"\r{line}", end="", file=sys.stderr, flush=True)
    if line:
        print(f"\r{' ' * len(line)}\r", end="", file=sys.stderr, flush=True)


def moving_parts(program: nn.Module) -> dict[str, Any]:
    """The optimizers and learning-rate schedulers of a program, by name."""
    kinds = (torch.optim.Optimizer, LRScheduler)
    return {name: part for name, part in vars(program).items() if isinstance(part, kinds)}


def save_training(path: Path, program: nn.Module, epoch: int, best: float) -> None:
    """Keep all that the training needs to go on: weights, optimizers, schedulers, gradients that
    are being accumulated, and the states of torch's random generators.
    """
    device = next(program.parameters()).device
    state = {
        "epoch": epoch,
        "best": best,
        "batches": getattr(program, "batches", 0),
        "weights": program.state_dict(),
        "gradients": {name: weight.grad for name, weight in program.named_parameters()},
        "parts": {name: part.state_dict() for name, part in moving_parts(program).items()},
        "random": torch.get_rng_state(),
        "cuda_random": torch.cuda.get_rng_state(device) if device.type == "cuda" else None,
    }
    unfinished = path.with_name(f"{path.name}.unfinished")
    torch.save(state, unfinished)
    unfinished.replace(path)


def resume_training(path: Path, program: Any) -> tuple[int, float]:
    """Go on from what a file keeps; the epoch that comes next, and the best loss so far. Only
    tensors and plain values are read: nothing in the file is executed.
    """
    device = next(program.parameters()).device
    state = torch.load(path, map_location="cpu", weights_only=True)
    program.load_state_dict(state["weights"])
    program.batches = state["batches"]
    for name, part in moving_parts(program).items():
        part.load_state_dict(state["parts"][name])
    for name, weight in program.named_parameters():
        gradient = state["gradients"][name]
        weight.grad = None if gradient is None else gradient.to(device)
    torch.set_rng_state(state["random"])
    if state["cuda_random"] is not None and device.type == "cuda":
        torch.cuda.set_rng_state(state["cuda_random"], device)
    return state["epoch"] + 1, state["best"]


def train(
    program: Program, split: Split, batch_size: int = BATCH_SIZE, title: str = "training"
) -> dict[str, float]:
    """One epoch of training; the mean of what each step saw."""
    program.train()
    values, sizes = [], []
    for batch in with_progress(
        batches(split, batch_size, shuffle=True), title, steps_in(split, batch_size)
    ):
        values.append(program.step(batch))
        sizes.append(size_of(batch))
    return average(values, sizes)


@torch.no_grad()
def measure(program: Program, split: Split, batch_size: int = BATCH_SIZE) -> dict[str, float]:
    """Losses and metrics on a split, with nothing updated."""
    program.eval()
    values, sizes = [], []
    for batch in batches(split, batch_size):
        values.append(program.evaluate(batch))
        sizes.append(size_of(batch))
    return average(values, sizes)


@torch.no_grad()
def probed(program: Program, data: dict[str, Split]) -> dict[str, Tensor]:
    """What the probes show of the validation data. Random numbers drawn later stay the same."""
    program.eval()
    device = next(program.parameters()).device
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(SEED)
        split = data["validation"]
        if next(batches(split, BATCH_SIZE), None) is None:
            split = data["train"]
        shown: dict[str, Tensor] = program.probe(next(batches(split, BATCH_SIZE)))
    return {
        name: value.clone(memory_format=torch.contiguous_format).cpu()
        for name, value in shown.items()
    }


def report(name: str, values: dict[str, float]) -> None:
    """Print one line of measurements."""
    print(name, *(f"{key} {value:.9g}" for key, value in values.items()), sep="  ")


def main() -> None:
    """Train, say after each epoch how it goes, and save the last and the best weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    parser.add_argument("--device", default=device, help="cpu, cuda, cuda:1, mps")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="passes over the training data")
    parser.add_argument("--batch-size", type=int, default=BATCH_SIZE, help="samples a step")
    parser.add_argument("--seed", type=int, default=SEED, help="fixes every random choice")
    parser.add_argument(
        "--save",
        type=Path,
        default="mpnn.safetensors",
        help="where the last weights go; those of the lowest validation loss go to …_best",
    )
    parser.add_argument(
        "--resume",
        type=Path,
        help="keeps the training's state after each epoch, and goes on from it",
    )
    parser.add_argument("--probes", type=Path, help="folder for what the probes show, by epoch")
    parser.add_argument(
        "--width",
        type=int,
        default=WIDTH,
        help="Features of an atom, 8 to 64; a bond's matrix has its square.",
    )
    arguments = parser.parse_args()

    torch.manual_seed(arguments.seed)
    data = load(arguments.device)
    steps_per_epoch = steps_in(data["train"], arguments.batch_size)
    program = Program(width=arguments.width).to(arguments.device)
    program.configure_optimizers(steps_per_epoch, arguments.epochs)
    first, best = 1, math.inf
    if arguments.resume and arguments.resume.exists():
        first, best = resume_training(arguments.resume, program)
    for epoch in range(first, arguments.epochs + 1):
        title = f"epoch {epoch} train"
        training = train(program, data["train"], arguments.batch_size, title)
        report(title, training)
        validation = measure(program, data["validation"], arguments.batch_size)
        report(f"epoch {epoch} validation", validation)
        if arguments.probes:
            arguments.probes.mkdir(parents=True, exist_ok=True)
            save_file(probed(program, data), arguments.probes / f"epoch_{epoch}.safetensors")
        loss = (validation or training)["loss"]
        if loss < best:
            best = loss
            best_weights = arguments.save.with_stem(f"{arguments.save.stem}_best")
            save_file(program.network.state_dict(), best_weights)
        if arguments.resume:
            save_training(arguments.resume, program, epoch, best)
    report("test", measure(program, data["test"], arguments.batch_size))
    save_file(program.network.state_dict(), arguments.save)


if __name__ == "__main__":
    main()
