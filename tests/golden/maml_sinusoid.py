"""maml_sinusoid: a network that learns a new sine wave from ten points in one gradient step (MAML,
second order)

Run it: python maml_sinusoid.py --epochs 25
Load the weights that it saves:
    MamlSinusoid().load_state_dict(load_file("maml_sinusoid.safetensors"))
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
from torch.func import functional_call, grad, vmap
from torch.nn import functional as F
from torch.optim.lr_scheduler import LRScheduler

EPOCHS = 25
SEED = 0
BATCH_SIZE = 25
STEP_SIZE = 0.01


def adapt(
    module: nn.Module,
    support: Tensor,
    answers: Tensor,
    query: Tensor,
    steps: int,
    lr: float,
    loss: str = "mean_squared_error",
    order: str = "second",
) -> Tensor:
    """Model-agnostic meta-learning (MAML): adapt a module to each task by gradient steps on its
    examples, and apply it to the task's queries.

    The first axis of every tensor is the task: support (N, K, …), answers (N, K, …), query
    (N, Q, …). The weights themselves stay as they are, and a gradient reaches them through the
    inner steps (Finn et al. 2017, arXiv 1703.03400); of first order, the inner gradients are taken
    as constants.
    """
    wrong = F.cross_entropy if loss == "cross_entropy" else F.mse_loss

    def loss_of(weights: dict[str, Tensor], x: Tensor, y: Tensor) -> Tensor:
        return wrong(functional_call(module, weights, (x,)), y)

    def one_task(support: Tensor, answers: Tensor, query: Tensor) -> Tensor:
        weights: dict[str, Tensor] = dict(module.named_parameters())
        for _ in range(steps):
            slopes = grad(loss_of)(weights, support, answers)
            if order == "first":
                slopes = {name: slope.detach() for name, slope in slopes.items()}
            weights = {name: weight - lr * slopes[name] for name, weight in weights.items()}
        predicted: Tensor = functional_call(module, weights, (query,))
        return predicted

    return vmap(one_task, randomness="different")(support, answers, query)


class WaveNetwork(nn.Module):
    """The regressor whose weights are adapted to each sinusoid.

    From x (10, 1) to (10, 1).
    """

    def __init__(self) -> None:
        super().__init__()
        self.hidden_1 = nn.Linear(1, 40)
        self.hidden_2 = nn.Linear(40, 40)
        self.height = nn.Linear(40, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.hidden_1(x))  # (10, 40)
        x = F.relu(self.hidden_2(x))  # (10, 40)
        return self.height(x)  # (10, 1)


class MamlSinusoid(nn.Module):
    """From support (N, 10, 1), answer (N, 10, 1), query (N, 10, 1) to (N, 10, 1), (N, 10, 1)."""

    def __init__(self, step_size: float = STEP_SIZE) -> None:
        super().__init__()
        self.step_size = step_size
        self.network = WaveNetwork()

    def forward(self, support: Tensor, answer: Tensor, query: Tensor) -> tuple[Tensor, Tensor]:
        one_step = adapt(
            self.network, support, answer, query, steps=1, lr=self.step_size
        )  # (N, 10, 1)
        ten_steps = adapt(
            self.network, support, answer, query, steps=10, lr=self.step_size, order="first"
        )  # (N, 10, 1)
        return one_step, ten_steps  # (N, 10, 1), (N, 10, 1)


class Program(nn.Module):
    """What happens on one batch."""

    def __init__(self, step_size: float = STEP_SIZE) -> None:
        super().__init__()
        self.network = MamlSinusoid(step_size=step_size)

    def evaluate(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Losses and metrics of one batch."""
        support = batch["support"]  # (N, 10, 1)
        answer = batch["answer"]  # (N, 10, 1)
        query = batch["query"]  # (N, 10, 1)
        target = batch["target"]  # (N, 10, 1)
        one_step, ten_steps = self.network(support, answer, query)  # (N, 10, 1), (N, 10, 1)
        return {
            "error_after_1": F.mse_loss(one_step, target),
            "error_after_10": F.mse_loss(ten_steps, target),
        }

    def configure_optimizers(self, steps_per_epoch: int, epochs: int = EPOCHS) -> None:
        """Make the optimizer; their learning rates follow a schedule over the whole training."""
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=0.002, betas=(0.9, 0.999), weight_decay=0.0
        )
        self.scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(
            self.optimizer, T_max=epochs * steps_per_epoch
        )

    def step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Evaluate one batch, then let the optimizer move its weights."""
        values = self.evaluate(batch)

        # minimise error_after_1
        self.optimizer.zero_grad()
        values["error_after_1"].backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 10.0)
        self.optimizer.step()
        self.scheduler.step()

        return {name: value.detach() for name, value in values.items()}

    def probe(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """What the probes show of one batch."""
        support = batch["support"]  # (N, 10, 1)
        answer = batch["answer"]  # (N, 10, 1)
        query = batch["query"]  # (N, 10, 1)
        target = batch["target"]  # (N, 10, 1)
        _, ten_steps = self.network(support, answer, query)  # (N, 10, 1), (N, 10, 1)
        return {"adapted.y": ten_steps[:3], "adapted.target": target[:3], "adapted.x": query[:3]}


def sine_waves(
    count: int, support: int, query: int, generator: torch.Generator
) -> dict[str, Tensor]:
    """Points of waves of height 0.1 to 5 and phase 0 to pi, between -5 and 5: (N, K, 1)."""
    height = 0.1 + 4.9 * torch.rand(count, 1, 1, generator=generator)
    phase = torch.pi * torch.rand(count, 1, 1, generator=generator)
    x = 10 * torch.rand(count, support + query, 1, generator=generator) - 5
    y = height * torch.sin(x - phase)
    return {
        "support": x[:, :support],
        "answer": y[:, :support],
        "query": x[:, support:],
        "target": y[:, support:],
    }


def sinusoid_tasks(
    tasks: int, held_out: int, support: int, query: int, seed: int
) -> dict[str, dict[str, Tensor]]:
    """Few-shot regression tasks, each a sine wave: support points to learn from, query points to
    predict.
    """
    generator = torch.Generator().manual_seed(seed)
    sizes = {"train": tasks, "validation": held_out, "test": held_out}
    return {part: sine_waves(count, support, query, generator) for part, count in sizes.items()}


def load(device: str) -> dict[str, dict[str, Tensor]]:
    """Every split of the data, on a device: split -> field -> tensor."""
    splits = sinusoid_tasks(tasks=6000, held_out=600, support=10, query=10, seed=0)
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
        default="maml_sinusoid.safetensors",
        help="where the last weights go; those of the lowest validation error_after_1 go to …_best",
    )
    parser.add_argument(
        "--resume",
        type=Path,
        help="keeps the training's state after each epoch, and goes on from it",
    )
    parser.add_argument("--probes", type=Path, help="folder for what the probes show, by epoch")
    parser.add_argument(
        "--step-size",
        type=float,
        default=STEP_SIZE,
        help="Learning rate of a gradient step on a task, 0.001 to 0.05.",
    )
    arguments = parser.parse_args()

    torch.manual_seed(arguments.seed)
    data = load(arguments.device)
    steps_per_epoch = steps_in(data["train"], arguments.batch_size)
    program = Program(step_size=arguments.step_size).to(arguments.device)
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
        loss = (validation or training)["error_after_1"]
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
