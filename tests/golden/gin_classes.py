"""gin_classes: which graphs grew and which were laid at random: three GIN layers see nothing but
the shape

Run it: python gin_classes.py --epochs 30
Load the weights that it saves:
    GinClasses().load_state_dict(load_file("gin_classes.safetensors"))
"""

import argparse
import math
import random
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
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
BATCH_SIZE = 40
WIDTH = 32


class Chain(nn.ModuleList):
    """A stack of modules with skip outputs: the first input runs through them, others reach each
    one.

    Of several outputs the first goes on to the next module; each of the others is summed over all
    of them, as the skip connections of a WaveNet are (van den Oord et al. 2016, arXiv 1609.03499).
    """

    def __init__(self, blocks: Iterable[nn.Module]) -> None:
        super().__init__(blocks)

    def forward(self, x: Tensor, *others: Tensor) -> Tensor | tuple[Tensor, ...]:
        """The output of the last module, and the sums of the other outputs."""
        sums: list[Tensor] = []
        for block in self:
            result = block(x, *others)
            x, *rest = result if isinstance(result, tuple) else (result,)
            sums = [total + part for total, part in zip(sums, rest, strict=True)] if sums else rest
        return (x, *sums) if sums else x


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


def graph_of_nodes(sizes: Tensor, nodes: int) -> Tensor:
    """Which graph each node belongs to, from how many nodes each graph has: (G,) -> (V,)."""
    graphs = torch.arange(len(sizes), device=sizes.device)
    return torch.repeat_interleave(graphs, sizes, output_size=nodes)


def pool_graphs(x: Tensor, sizes: Tensor, reduce: str = "sum") -> Tensor:
    """Readout: one vector for each graph, of all its nodes: (V, F), (G,) -> (G, F)."""
    return scatter(x, graph_of_nodes(sizes, len(x)), len(sizes), reduce)


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


class GINConv(nn.Module):
    """Graph isomorphism layer, MLP((1 + epsilon) x_i + sum of the neighbours' x_j): it tells apart
    what any message passing network can (Xu et al. 2018, arXiv 1810.00826).
    """

    def __init__(
        self,
        in_features: int,
        hidden_features: int,
        out_features: int,
        epsilon: float = 0.0,
        train_epsilon: bool = False,
    ) -> None:
        super().__init__()
        self.epsilon = nn.Parameter(torch.tensor(epsilon)) if train_epsilon else epsilon
        self.mlp = nn.Sequential(
            nn.Linear(in_features, hidden_features),
            nn.ReLU(),
            nn.Linear(hidden_features, out_features),
        )

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        """(V, F), (2, E) -> (V, out_features)."""
        source, target = edge_ends(edge_index, len(x))
        arriving = scatter(x.index_select(0, source), target, len(x))
        result: Tensor = self.mlp((1 + self.epsilon) * x + arriving)
        return result


class Layer(nn.Module):
    """A graph isomorphism layer with ReLU.

    From x (V, width), edge_index (2, E) to (V, width).
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gin = GINConv(width, width, width)

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        return F.relu(self.gin(x, edge_index))  # (V, width)


class GinClasses(nn.Module):
    """From nodes (V, 1), edge_index (2, E), sizes (G,) to (G, 2), (G, 32)."""

    def __init__(self, width: int = WIDTH) -> None:
        super().__init__()
        self.start = nn.Linear(1, width)
        self.layers = Chain([Layer(width=width) for _ in range(3)])
        self.origin = nn.Linear(width, 2)

    def forward(self, nodes: Tensor, edge_index: Tensor, sizes: Tensor) -> tuple[Tensor, Tensor]:
        x = self.start(nodes)  # (V, 32)
        graph = pool_graphs(self.layers(x, edge_index), sizes, reduce="mean")  # (G, 32)
        return self.origin(graph), graph  # (G, 2), (G, 32)


def accuracy(prediction: Tensor, label: Tensor) -> Tensor:
    """Accuracy: how often the largest logit is the right class: (N, C, …), (N, …) -> ()."""
    return (prediction.argmax(1) == label).float().mean()


def principal(points: Tensor) -> Tensor:
    """Projection to the first two principal components (PCA): (N, F) -> (N, 2).

    Each direction points to where its largest weight is positive, so that pictures do not flip.
    """
    centred = torch.nan_to_num(points.float() - points.float().mean(0))
    directions = torch.linalg.eigh(centred.T @ centred).eigenvectors[:, -2:].flip(1)
    largest = directions.gather(0, directions.abs().argmax(0, keepdim=True))
    upright: Tensor = directions * largest.sign()
    return centred @ upright


def confusion(prediction: Tensor, label: Tensor) -> Tensor:
    """Confusion matrix: how often each class (row) was taken for each (column): (N, C), (N,) ->
    (C, C).
    """
    classes = prediction.shape[1]
    known = (label >= 0) & (label < classes)
    pairs = label.clamp(0, classes - 1) * classes + prediction.argmax(1)
    counts = torch.zeros(classes * classes, dtype=torch.int64, device=label.device)
    return counts.scatter_add(0, pairs, known.long()).view(classes, classes)


class Program(nn.Module):
    """What happens on one batch."""

    def __init__(self, width: int = WIDTH) -> None:
        super().__init__()
        self.network = GinClasses(width=width)

    def evaluate(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Losses and metrics of one batch."""
        nodes = batch["nodes"]  # (V, 1)
        edge_index = batch["edge_index"]  # (2, E)
        sizes = batch["sizes"]  # (G,)
        label = batch["label"]  # (G,)
        origin, _ = self.network(nodes, edge_index, sizes)  # (G, 2), (G, 32)
        return {
            "loss": F.cross_entropy(origin, label, label_smoothing=0.0),
            "accuracy": accuracy(origin, label),
        }

    def configure_optimizers(self, steps_per_epoch: int, epochs: int = EPOCHS) -> None:
        """Make the optimizer; their learning rates follow a schedule over the whole training."""
        self.adamw_optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=0.003, betas=(0.9, 0.999), weight_decay=0.0
        )
        self.adamw_scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(
            self.adamw_optimizer, T_max=epochs * steps_per_epoch
        )

    def step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Evaluate one batch, then let the optimizer move its weights."""
        values = self.evaluate(batch)

        # minimise loss
        self.adamw_optimizer.zero_grad()
        values["loss"].backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 2.0)
        self.adamw_optimizer.step()
        self.adamw_scheduler.step()

        return {name: value.detach() for name, value in values.items()}

    def probe(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """What the probes show of one batch."""
        nodes = batch["nodes"]  # (V, 1)
        edge_index = batch["edge_index"]  # (2, E)
        sizes = batch["sizes"]  # (G,)
        label = batch["label"]  # (G,)
        _, graph = self.network(nodes, edge_index, sizes)  # (G, 2), (G, 32)
        return {"origins.points": principal(graph)[:500], "origins.label": label[:500]}

    def tally(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Counts of one batch, which add up over many."""
        nodes = batch["nodes"]  # (V, 1)
        edge_index = batch["edge_index"]  # (2, E)
        sizes = batch["sizes"]  # (G,)
        label = batch["label"]  # (G,)
        origin, _ = self.network(nodes, edge_index, sizes)  # (G, 2), (G, 32)
        return {"mistakes.counts": confusion(origin, label)}


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


def both_ways(edges: Tensor, nodes: int) -> Tensor:
    """The undirected edges, each in both directions and once, (2, E), of edges (2, E) that may be
    listed twice.
    """
    linked = torch.zeros(nodes, nodes, dtype=torch.bool)
    linked[edges[0], edges[1]] = True
    return (linked | linked.T).nonzero().T.contiguous()


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


def load(device: str) -> dict[str, Split]:
    """Every split of the data, on a device: samples by their indices."""
    splits = random_graphs(samples=800, held_out=200, seed=0)
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
        for batch in batches(split, BATCH_SIZE):
            for name, count in program.tally(batch).items():
                shown[name] = shown.get(name, 0) + count
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
        default="gin_classes.safetensors",
        help="where the last weights go; those of the lowest validation loss go to …_best",
    )
    parser.add_argument(
        "--resume",
        type=Path,
        help="keeps the training's state after each epoch, and goes on from it",
    )
    parser.add_argument("--probes", type=Path, help="folder for what the probes show, by epoch")
    parser.add_argument("--width", type=int, default=WIDTH, help="Features of a node, 8 to 64.")
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
