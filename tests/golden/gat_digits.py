"""gat_digits: handwritten digits joined to those that look alike: with two known labels of each
digit, graph attention classifies the others

Run it: python gat_digits.py --epochs 100
Load the weights that it saves:
    GatDigits().load_state_dict(load_file("gat_digits.safetensors"))
"""

import argparse
import math
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any, Self

import torch
from safetensors.torch import save_file
from sklearn.datasets import load_digits
from sklearn.neighbors import kneighbors_graph
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.lr_scheduler import LRScheduler

EPOCHS = 100
SEED = 0
BATCH_SIZE = 1024
HEADS = 4


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


def with_self_loops(edge_index: Tensor, nodes: int) -> tuple[Tensor, Tensor]:
    """Edges with a self-loop at each node, and which edges count: loops from before do not."""
    source, target = edge_ends(edge_index, nodes)
    loops = torch.arange(nodes, device=edge_index.device)
    counts = torch.cat([source != target, torch.ones_like(loops, dtype=torch.bool)])
    return torch.cat([edge_index, torch.stack([loops, loops])], 1), counts


class GATConv(nn.Module):
    """Graph attention: a node attends to its neighbours, with several heads, each a softmax of
    LeakyReLU(a . [x_i W, x_j W]) (Veličković et al. 2017, arXiv 1710.10903).

    The heads' results, `out_features` each, stand side by side (concat), or are averaged.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        heads: int = 1,
        concat: bool = True,
        negative_slope: float = 0.2,
        dropout: float = 0.0,
        self_loops: bool = True,
    ) -> None:
        super().__init__()
        self.heads = heads
        self.concat = concat
        self.negative_slope = negative_slope
        self.dropout = dropout
        self.self_loops = self_loops
        self.linear = nn.Linear(in_features, heads * out_features, bias=False)
        self.source_score = nn.Parameter(torch.empty(heads, out_features))
        self.target_score = nn.Parameter(torch.empty(heads, out_features))
        self.bias = nn.Parameter(torch.zeros(heads * out_features if concat else out_features))
        for weight in (self.linear.weight, self.source_score, self.target_score):
            nn.init.xavier_uniform_(weight)

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        """(V, F), (2, E) -> (V, heads * out_features), or (V, out_features) without concat."""
        count, masked = len(x), None
        if self.self_loops:
            edge_index, counts = with_self_loops(edge_index, count)
            masked = ~counts[:, None]
        source, target = edge_ends(edge_index, count)
        x = self.linear(x).unflatten(1, (self.heads, -1))
        score = (x * self.source_score).sum(-1).index_select(0, source)
        score = score + (x * self.target_score).sum(-1).index_select(0, target)
        score = F.leaky_relu(score, self.negative_slope)
        if masked is not None:
            score = score.masked_fill(masked, -torch.inf)
        attention = scatter_softmax(score, target, count)
        attention = F.dropout(attention, self.dropout, self.training)
        result = scatter(attention[..., None] * x.index_select(0, source), target, count)
        return (result.flatten(1) if self.concat else result.mean(1)) + self.bias


class GatDigits(nn.Module):
    """From nodes (V, 64), edge_index (2, E), asked (N,) to (N, 10)."""

    def __init__(self, heads: int = HEADS) -> None:
        super().__init__()
        self.drop_pixels = nn.Dropout(0.3)
        self.near = GATConv(64, 16, heads=heads, dropout=0.3)
        self.drop_features = nn.Dropout(0.3)
        self.far = GATConv(heads * 16, 10, heads=heads, concat=False, dropout=0.3)

    def forward(self, nodes: Tensor, edge_index: Tensor, asked: Tensor) -> Tensor:
        x = self.drop_pixels(nodes)  # (V, 64)
        x = F.elu(self.near(x, edge_index))  # (V, 64)
        x = self.drop_features(x)  # (V, 64)
        return torch.index_select(self.far(x, edge_index), 0, asked)  # (N, 10)


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

    def __init__(self, heads: int = HEADS) -> None:
        super().__init__()
        self.network = GatDigits(heads=heads)

    def evaluate(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Losses and metrics of one batch."""
        nodes = batch["nodes"]  # (V, 64)
        edge_index = batch["edge_index"]  # (2, E)
        asked = batch["asked"]  # (N,)
        label = batch["label"]  # (N,)
        digit = self.network(nodes, edge_index, asked)  # (N, 10)
        return {
            "loss": F.cross_entropy(digit, label, label_smoothing=0.0),
            "accuracy": accuracy(digit, label),
        }

    def configure_optimizers(self, steps_per_epoch: int, epochs: int = EPOCHS) -> None:
        """Make the optimizer, which do not depend on how long the training is."""
        self.adamw_optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=0.01, betas=(0.9, 0.999), weight_decay=0.05
        )

    def step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Evaluate one batch, then let the optimizer move its weights."""
        values = self.evaluate(batch)

        # minimise loss
        self.adamw_optimizer.zero_grad()
        values["loss"].backward()
        self.adamw_optimizer.step()

        return {name: value.detach() for name, value in values.items()}

    def probe(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """What the probes show of one batch."""
        nodes = batch["nodes"]  # (V, 64)
        edge_index = batch["edge_index"]  # (2, E)
        asked = batch["asked"]  # (N,)
        label = batch["label"]  # (N,)
        digit = self.network(nodes, edge_index, asked)  # (N, 10)
        return {"likeness.points": principal(digit)[:2000], "likeness.label": label[:2000]}

    def tally(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Counts of one batch, which add up over many."""
        nodes = batch["nodes"]  # (V, 64)
        edge_index = batch["edge_index"]  # (2, E)
        asked = batch["asked"]  # (N,)
        label = batch["label"]  # (N,)
        digit = self.network(nodes, edge_index, asked)  # (N, 10)
        return {"mistakes.counts": confusion(digit, label)}


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


def digits_graph(neighbours: int, labels: int, seed: int) -> dict[str, OneGraph]:
    """Nearest-neighbour graph of scikit-learn's 1,797 handwritten digits; a few labels of each
    class are known.
    """
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


def load(device: str) -> dict[str, Split]:
    """Every split of the data, on a device: samples by their indices."""
    splits = digits_graph(8, 2, seed=0)
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
    return len(batch["asked"])


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
        default="gat_digits.safetensors",
        help="where the last weights go; those of the lowest validation loss go to …_best",
    )
    parser.add_argument(
        "--resume",
        type=Path,
        help="keeps the training's state after each epoch, and goes on from it",
    )
    parser.add_argument("--probes", type=Path, help="folder for what the probes show, by epoch")
    parser.add_argument(
        "--heads", type=int, default=HEADS, help="Attention heads side by side, 1 to 8."
    )
    arguments = parser.parse_args()

    torch.manual_seed(arguments.seed)
    data = load(arguments.device)
    steps_per_epoch = steps_in(data["train"], arguments.batch_size)
    program = Program(heads=arguments.heads).to(arguments.device)
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
