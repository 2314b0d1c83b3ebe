"""own_cell: a recurrent cell drawn from parts, a minimal gated unit, adds two marked numbers of a
sequence

Run it: python own_cell.py --epochs 12
Load the weights that it saves:
    OwnCell().load_state_dict(load_file("own_cell.safetensors"))
"""

import argparse
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.lr_scheduler import LRScheduler

EPOCHS = 12
SEED = 0
BATCH_SIZE = 64
HIDDEN = 48


def scan(
    cell: nn.Module,
    *inputs: Tensor | None,
    takes: tuple[str, ...],
    gives: tuple[str, ...],
    features: int,
    whole: tuple[str, ...] = (),
) -> Tensor | tuple[Tensor, ...]:
    """Recurrent loop: run a cell over time, on one step of every sequence and its states.

    `takes` and `gives` name the cell's inputs and outputs. A name in both is a state: what the cell
    gives for it is what it takes at the next step. States begin as inputs, or as zeros
    (N, features); their last values leave. Other outputs leave for all steps, (N, T, …). Inputs in
    `whole` are not cut into steps.
    """
    given = dict(zip(takes, [*inputs, *[None] * len(takes)], strict=False))
    sequences = {
        name: value.unbind(1)
        for name, value in given.items()
        if value is not None and name not in (*gives, *whole)
    }
    first = next(iter(sequences.values()))[0]
    zeros = torch.zeros(len(first), features, device=first.device)
    given = {name: zeros if value is None else value for name, value in given.items()}
    rows: list[dict[str, Tensor]] = []
    for steps in zip(*sequences.values(), strict=True):
        given.update(zip(sequences, steps, strict=True))
        result = cell(*given.values())
        rows.append(
            dict(zip(gives, result if isinstance(result, tuple) else [result], strict=True))
        )
        given.update({name: value for name, value in rows[-1].items() if name in takes})
    outputs = tuple(
        rows[-1][name] if name in takes else torch.stack([row[name] for row in rows], 1)
        for name in gives
    )
    return outputs if len(outputs) > 1 else outputs[0]


class MinimalGatedUnit(nn.Module):
    """A minimal gated unit: a recurrent cell with one gate (Zhou et al. 2016).

    From x (N, 2), h (N, hidden) to (N, hidden).
    """

    def __init__(self, in_features: int, hidden: int) -> None:
        super().__init__()
        self.forget = nn.Linear(in_features, hidden)
        self.recalled = nn.Linear(hidden, hidden, bias=False)
        self.seen = nn.Linear(2, hidden)

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        gate = torch.sigmoid(self.forget(torch.cat([x, h], dim=1)) - 1)  # (N, hidden)
        new = torch.tanh(self.seen(x) + self.recalled(gate * h))  # (N, hidden)
        return (1 - gate) * h + gate * new  # (N, hidden)


class OwnCell(nn.Module):
    """From sequence (N, 40, 2) to (N, 1)."""

    def __init__(self, hidden: int = HIDDEN) -> None:
        super().__init__()
        self.hidden = hidden
        self.minimal_gated_unit = MinimalGatedUnit(in_features=hidden + 2, hidden=hidden)
        self.total = nn.Linear(hidden, 1)

    def forward(self, sequence: Tensor) -> Tensor:
        read = scan(
            self.minimal_gated_unit, sequence, takes=("x", "h"), gives=("h",), features=self.hidden
        )  # (N, 48)
        return self.total(read)  # (N, 1)


class Program(nn.Module):
    """What happens on one batch."""

    def __init__(self, hidden: int = HIDDEN) -> None:
        super().__init__()
        self.network = OwnCell(hidden=hidden)

    def evaluate(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Losses and metrics of one batch."""
        sequence = batch["sequence"]  # (N, 40, 2)
        target = batch["target"]  # (N, 1)
        total = self.network(sequence)  # (N, 1)
        return {"squared_error": F.mse_loss(total, target)}

    def configure_optimizers(self, steps_per_epoch: int, epochs: int = EPOCHS) -> None:
        """Make the optimizer; their learning rates follow a schedule over the whole training."""
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=0.006, betas=(0.9, 0.999), weight_decay=0.0
        )
        self.scheduler = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, max_lr=0.006, total_steps=epochs * steps_per_epoch, cycle_momentum=False
        )

    def step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Evaluate one batch, then let the optimizer move its weights."""
        values = self.evaluate(batch)

        # minimise squared_error
        self.optimizer.zero_grad()
        values["squared_error"].backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.scheduler.step()

        return {name: value.detach() for name, value in values.items()}

    def probe(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """What the probes show of one batch."""
        sequence = batch["sequence"]  # (N, 40, 2)
        target = batch["target"]  # (N, 1)
        total = self.network(sequence)  # (N, 1)
        return {"sums.points": torch.cat([target, total], dim=1)[:500]}


def marked_numbers(count: int, length: int, generator: torch.Generator) -> dict[str, Tensor]:
    """Numbers of 0 to 1 beside their marks, (N, T, 2), and the sums of the marked, (N, 1)."""
    numbers = torch.rand(count, length, generator=generator)
    marks = torch.zeros(count, length)
    half = length // 2
    for first, last in ((0, half), (half, length)):
        place = torch.randint(first, last, (count, 1), generator=generator)
        marks.scatter_(1, place, 1.0)
    total = (numbers * marks).sum(1, keepdim=True)
    return {"sequence": torch.stack([numbers, marks], 2), "target": total}


def adding_problem(
    samples: int, held_out: int, length: int, seed: int
) -> dict[str, dict[str, Tensor]]:
    """The adding problem: sequences of numbers, two of them marked, and the sum of these two."""
    generator = torch.Generator().manual_seed(seed)
    sizes = {"train": samples, "validation": held_out, "test": held_out}
    return {part: marked_numbers(count, length, generator) for part, count in sizes.items()}


def load(device: str) -> dict[str, dict[str, Tensor]]:
    """Every split of the data, on a device: split -> field -> tensor."""
    splits = adding_problem(samples=8000, held_out=2000, length=40, seed=0)
    return {
        split: {name: values.to(device) for name, values in fields.items()}
        for split, fields in splits.items()
    }


def size_of(batch: dict[str, Tensor]) -> int:
    """How many samples a batch has."""
    return len(next(iter(batch.values())))


def steps_in(split: dict[str, Tensor], batch_size: int) -> int:
    """How many mini-batches an epoch of training has."""
    return math.ceil(size_of(split) / batch_size)


def epoch_order(split: dict[str, Tensor], batch_size: int) -> Tensor:
    """The indices of an epoch's samples, in the order in which they come: all, shuffled."""
    return torch.randperm(size_of(split))


def batches(
    split: dict[str, Tensor], batch_size: int, shuffle: bool = False
) -> Iterator[dict[str, Tensor]]:
    """Cut a split into mini-batches, in the order of a new epoch when shuffled."""
    if shuffle:
        order = epoch_order(split, batch_size)
        split = {name: values[order] for name, values in split.items()}
    for start in range(0, size_of(split), batch_size):
        yield {name: values[start : start + batch_size] for name, values in split.items()}


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
    program: Program,
    split: dict[str, Tensor],
    batch_size: int = BATCH_SIZE,
    title: str = "training",
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
def measure(
    program: Program, split: dict[str, Tensor], batch_size: int = BATCH_SIZE
) -> dict[str, float]:
    """Losses and metrics on a split, with nothing updated."""
    program.eval()
    values, sizes = [], []
    for batch in batches(split, batch_size):
        values.append(program.evaluate(batch))
        sizes.append(size_of(batch))
    return average(values, sizes)


@torch.no_grad()
def probed(program: Program, data: dict[str, dict[str, Tensor]]) -> dict[str, Tensor]:
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
        default="own_cell.safetensors",
        help="where the last weights go; those of the lowest validation squared_error go to …_best",
    )
    parser.add_argument(
        "--resume",
        type=Path,
        help="keeps the training's state after each epoch, and goes on from it",
    )
    parser.add_argument("--probes", type=Path, help="folder for what the probes show, by epoch")
    parser.add_argument(
        "--hidden", type=int, default=HIDDEN, help="Hidden size of the cell, 8 to 128."
    )
    arguments = parser.parse_args()

    torch.manual_seed(arguments.seed)
    data = load(arguments.device)
    steps_per_epoch = steps_in(data["train"], arguments.batch_size)
    program = Program(hidden=arguments.hidden).to(arguments.device)
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
        loss = (validation or training)["squared_error"]
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
