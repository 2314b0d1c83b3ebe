"""text_lm: An LSTM that learns to write like Patchbay's own documentation, letter by letter

Run it: python text_lm.py --epochs 12
Load the weights that it saves:
    TextLm().load_state_dict(load_file("text_lm.safetensors"))
"""

import argparse
import math
import sys
from collections import Counter
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
BATCH_SIZE = 32


class TextLm(nn.Module):
    """From tokens (N, 48) to (N, 48, 90)."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(90, 32)
        self.lstm = nn.LSTM(32, 96, batch_first=True)
        self.logits = nn.Linear(96, 90)

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.embedding(tokens)  # (N, 48, 32)
        sequence = self.lstm(x)[0]  # (N, 48, 96)
        return self.logits(sequence)  # (N, 48, 90)


class Program(nn.Module):
    """What happens on one batch."""

    def __init__(self) -> None:
        super().__init__()
        self.network = TextLm()

    def evaluate(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Losses and metrics of one batch."""
        tokens = batch["tokens"]  # (N, 48)
        target = batch["target"]  # (N, 48)
        logits = self.network(tokens)  # (N, 48, 90)
        cross_entropy = F.cross_entropy(
            torch.flatten(logits, 0, 1), torch.flatten(target), label_smoothing=0.0
        )
        return {"cross_entropy": cross_entropy}

    def configure_optimizers(self, steps_per_epoch: int, epochs: int = EPOCHS) -> None:
        """Make the optimizer, which do not depend on how long the training is."""
        self.adamw_optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=0.008, betas=(0.9, 0.999), weight_decay=0.01
        )

    def step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Evaluate one batch, then let the optimizer move its weights."""
        values = self.evaluate(batch)

        # minimise cross_entropy
        self.adamw_optimizer.zero_grad()
        values["cross_entropy"].backward()
        self.adamw_optimizer.step()

        return {name: value.detach() for name, value in values.items()}


def read_text(path: Path) -> str:
    """A text file. Raises ValueError, which names it, where it is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} is not UTF-8 text: read it as bytes") from error


def frequent(text: str, vocabulary: int) -> list[str]:
    """The vocabulary: the most frequent characters of a text, one fewer than there are tokens."""
    return [letter for letter, _ in Counter(text).most_common(vocabulary - 1)]


def characters(text: str, vocabulary: int) -> Tensor:
    """A text as tokens: 0 is any rare character, 1 the most frequent, and so on."""
    number = {letter: place for place, letter in enumerate(frequent(text, vocabulary), start=1)}
    return torch.tensor([number.get(letter, 0) for letter in text])


def equal_pieces(tokens: Tensor, length: int) -> dict[str, Tensor]:
    """A text cut into windows of equal length, what is left over dropped."""
    count = max(len(tokens) - 1, 0) // length
    return {
        "tokens": tokens[: count * length].reshape(count, length),
        "target": tokens[1 : count * length + 1].reshape(count, length),
    }


def continued(fields: dict[str, Tensor], readers: int) -> dict[str, Tensor]:
    """Windows in such an order that the same place in the next batch has the next window."""
    count = len(fields["tokens"]) // readers
    if not count:
        pieces_ = len(fields["tokens"])
        raise ValueError(f"the text has {pieces_} pieces, and a batch has {readers}: use fewer")
    order = torch.arange(readers * count).reshape(readers, count).T.flatten()
    return {name: values[order] for name, values in fields.items()}


def windows(
    tokens: Tensor, length: int, validation: float, test: float, side_by_side: int = 0
) -> dict[str, dict[str, Tensor]]:
    """Windows of a text and the tokens that come next, (N, T): its beginning to train on, its end
    for the test, and what lies between for validation.

    With a number of readers side by side, batches of that many go on where the last one ended, for
    stateful training.
    """
    tested, validated = round(len(tokens) * test), round(len(tokens) * validation)
    ends = [len(tokens) - tested - validated, len(tokens) - tested, len(tokens)]
    parts = {
        "train": tokens[: ends[0]],
        "validation": tokens[ends[0] : ends[1]],
        "test": tokens[ends[1] : ends[2]],
    }
    if len(parts["train"]) <= length:
        count = len(parts["train"])
        raise ValueError(f"there are {count} tokens to train on: more than {length} are needed")
    splits = {name: equal_pieces(part, length) for name, part in parts.items()}
    if side_by_side:
        splits["train"] = continued(splits["train"], side_by_side)
    return splits


def load(device: str, folder: Path) -> dict[str, dict[str, Tensor]]:
    """Every split of the data, on a device: split -> field -> tensor."""
    splits = windows(
        characters(read_text(folder / "patchbay.txt"), 90), 48, validation=0.1, test=0.1
    )
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
        default="text_lm.safetensors",
        help="where the last weights go; those of the lowest validation cross_entropy go to …_best",
    )
    parser.add_argument(
        "--resume",
        type=Path,
        help="keeps the training's state after each epoch, and goes on from it",
    )
    folder = Path(__file__).parent
    parser.add_argument("--data", type=Path, default=folder, help="folder of the data files")
    arguments = parser.parse_args()

    torch.manual_seed(arguments.seed)
    data = load(arguments.device, arguments.data)
    steps_per_epoch = steps_in(data["train"], arguments.batch_size)
    program = Program().to(arguments.device)
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
        loss = (validation or training)["cross_entropy"]
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
