"""lstm_lengths: An LSTM reads digits row by row at a changing pace, each to its own end, and says
which digit it was.

Run it: python lstm_lengths.py --epochs 30
Load the weights that it saves:
    Program().load_state_dict(load_file("lstm_lengths.safetensors"))
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
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from torch.optim.lr_scheduler import LRScheduler

EPOCHS = 30
SEED = 0
BATCH_SIZE = 32
EPOCH_SAMPLES = 1280
HIDDEN = 64


def read_real_steps(layer: nn.RNNBase, x: Tensor, mask: Tensor, state: Any = None) -> Any:
    """Run a recurrent layer over padded sequences (N, T, F), so that padding changes nothing; its
    outputs there are zeros.

    `mask` (N, T) is true at real steps, which come first; a sequence has at least one.
    """
    lengths = mask.sum(1).clamp(min=1).cpu()
    packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    result, state = layer(packed, state)
    sequence, _ = pad_packed_sequence(result, batch_first=True, total_length=x.shape[1])
    return sequence, state


class Classifier(nn.Module):
    """The linear classifier.

    From features (…) to (…).
    """

    def __init__(self, in_features: int) -> None:
        super().__init__()
        self.head = nn.Linear(in_features, 10)

    def forward(self, features: Tensor) -> Tensor:
        return self.head(features)  # (…)


class LstmLengths(nn.Module):
    """From sequence (N, 24, 8), mask (N, 24) to (N, 10), (N, 24, 64)."""

    def __init__(self, hidden: int = HIDDEN) -> None:
        super().__init__()
        self.lstm = nn.LSTM(8, hidden, batch_first=True)
        self.classifier = Classifier(in_features=hidden)

    def forward(self, sequence: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        sequence_2, (last, _) = read_real_steps(self.lstm, sequence, mask)
        return self.classifier(last[-1]), sequence_2  # (N, 10), (N, 24, 64)


def accuracy(prediction: Tensor, label: Tensor) -> Tensor:
    """Accuracy: how often the largest logit is the right class: (N, C, …), (N, …) -> ()."""
    return (prediction.argmax(1) == label).float().mean()


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

    def __init__(self, hidden: int = HIDDEN) -> None:
        super().__init__()
        self.network = LstmLengths(hidden=hidden)

    def evaluate(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Losses and metrics of one batch."""
        sequence = batch["sequence"]  # (N, 24, 8)
        mask = batch["mask"]  # (N, 24)
        label = batch["label"]  # (N,)
        answer, _ = self.network(sequence, mask)  # (N, 10), (N, 24, 64)
        return {
            "surprise": F.cross_entropy(answer, label, label_smoothing=0.0),
            "accuracy": accuracy(answer, label),
        }

    def configure_optimizers(self, steps_per_epoch: int, epochs: int = EPOCHS) -> None:
        """Make the optimizer; their learning rates follow a schedule over the whole training."""
        self.adam_optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=0.005, betas=(0.9, 0.999), weight_decay=0.0
        )
        self.adam_scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(
            self.adam_optimizer, T_max=epochs * steps_per_epoch
        )

    def step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Evaluate one batch, then let the optimizer move its weights."""
        values = self.evaluate(batch)

        # minimise surprise
        self.adam_optimizer.zero_grad()
        values["surprise"].backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.adam_optimizer.step()
        self.adam_scheduler.step()

        return {name: value.detach() for name, value in values.items()}

    def probe(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """What the probes show of one batch."""
        sequence = batch["sequence"]  # (N, 24, 8)
        mask = batch["mask"]  # (N, 24)
        _, sequence_2 = self.network(sequence, mask)  # (N, 10), (N, 24, 64)
        surest = torch.amax(torch.softmax(self.network.classifier(sequence_2), -1), -1)  # (N, 24)
        return {"certainty.y": surest[:4]}

    def tally(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Counts of one batch, which add up over many."""
        sequence = batch["sequence"]  # (N, 24, 8)
        mask = batch["mask"]  # (N, 24)
        label = batch["label"]  # (N,)
        answer, _ = self.network(sequence, mask)  # (N, 10), (N, 24, 64)
        return {"mistaken.counts": confusion(answer, label)}


def random_split(
    fields: dict[str, Tensor], validation: float, test: float, seed: int
) -> dict[str, dict[str, Tensor]]:
    """Split samples at random into train, validation and test; equal seeds give equal splits."""
    count = len(next(iter(fields.values())))
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    tested, validated = round(count * test), round(count * validation)
    parts = {
        "train": order[tested + validated :],
        "validation": order[tested : tested + validated],
        "test": order[:tested],
    }
    return {
        part: {name: values[index] for name, values in fields.items()}
        for part, index in parts.items()
    }


def read_by_row(
    rows: Tensor, label: Tensor, longest_stay: int, draw: torch.Generator
) -> dict[str, Tensor]:
    """The rows of each digit, each repeated 1 to so many times: (N, T, 8), padded with 0."""
    stays = torch.randint(1, longest_stay + 1, (len(rows), 8), generator=draw)
    length = stays.sum(1)
    step = torch.arange(8 * longest_stay)
    place = (step[None, :, None] >= stays.cumsum(1)[:, None]).sum(2).clamp(max=7)
    mask = step < length[:, None]
    sequence = rows.gather(1, place[..., None].expand(-1, -1, 8)) * mask[..., None]
    return {"sequence": sequence, "mask": mask, "length": length, "label": label}


def warped_digits(
    longest_stay: int, validation: float, test: float, seed: int, paces: int = 1
) -> dict[str, dict[str, Tensor]]:
    """Handwritten digits, each read at so many paces: no digit is in two splits."""
    source = load_digits()
    rows = torch.tensor(source.images, dtype=torch.float32) / 16
    drawn = {"rows": rows, "label": torch.tensor(source.target)}
    draw = torch.Generator().manual_seed(seed)
    return {
        part: read_by_row(
            fields["rows"].repeat(paces, 1, 1), fields["label"].repeat(paces), longest_stay, draw
        )
        for part, fields in random_split(drawn, validation, test, seed).items()
    }


def load(device: str) -> dict[str, dict[str, Tensor]]:
    """Every split of the data, on a device: split -> field -> tensor."""
    splits = warped_digits(3, paces=8, validation=0.1, test=0.2, seed=0)
    return {
        split: {name: values.to(device) for name, values in fields.items()}
        for split, fields in splits.items()
    }


def size_of(batch: dict[str, Tensor]) -> int:
    """How many samples a batch has."""
    return len(next(iter(batch.values())))


def steps_in(split: dict[str, Tensor], batch_size: int) -> int:
    """How many mini-batches an epoch of training has."""
    return math.ceil(min(len(split["sequence"]), EPOCH_SAMPLES) / batch_size)


def epoch_order(split: dict[str, Tensor], batch_size: int) -> Tensor:
    """The indices of an epoch's samples, in the order in which they come."""
    return torch.randperm(len(split["sequence"]))[:EPOCH_SAMPLES]


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
        default="lstm_lengths.safetensors",
        help="where the last weights go; those of the lowest validation surprise go to …_best",
    )
    parser.add_argument(
        "--resume",
        type=Path,
        help="keeps the training's state after each epoch, and goes on from it",
    )
    parser.add_argument("--probes", type=Path, help="folder for what the probes show, by epoch")
    parser.add_argument(
        "--hidden", type=int, default=HIDDEN, help="Hidden size of the LSTM, 16 to 128."
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
        loss = (validation or training)["surprise"]
        if loss < best:
            best = loss
            best_weights = arguments.save.with_stem(f"{arguments.save.stem}_best")
            save_file(program.state_dict(), best_weights)
        if arguments.resume:
            save_training(arguments.resume, program, epoch, best)
    report("test", measure(program, data["test"], arguments.batch_size))
    save_file(program.state_dict(), arguments.save)


if __name__ == "__main__":
    main()
