"""lstm_lengths: An LSTM reads digits row by row at a changing pace, each to its own end, and says
which digit it was.

Run it: python lstm_lengths.py --device cpu --epochs 30
"""

import argparse
import math
import multiprocessing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import torch
from safetensors.torch import save_file
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from torch.utils.data import DataLoader, Dataset

EPOCHS = 30
SEED = 0
BATCH_SIZE = 32
HIDDEN = 64


def read_real_steps(layer: nn.RNNBase, x: Tensor, mask: Tensor, state: Any = None) -> Any:
    """Run a recurrent layer over the real steps of each sequence (N, T, F), so that what fills them
    up changes nothing; its answers to that are zeros.

    `mask` (N, T) is true at real steps, which come first; a sequence has at least one.
    """
    lengths = mask.sum(1).clamp(min=1).cpu()
    packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    result, state = layer(packed, state)
    sequence, _ = pad_packed_sequence(result, batch_first=True, total_length=x.shape[1])
    return sequence, state


def accuracy(prediction: Tensor, label: Tensor) -> Tensor:
    """The share of samples whose largest prediction is the right class: (N, C), (N,) -> ()."""
    return (prediction.argmax(1) == label).float().mean()


def confusion(prediction: Tensor, label: Tensor) -> Tensor:
    """How often each class (row) was taken for each (column): (N, C), (N,) -> (C, C)."""
    classes = prediction.shape[1]
    known = (label >= 0) & (label < classes)
    pairs = label.clamp(0, classes - 1) * classes + prediction.argmax(1)
    counts = torch.zeros(classes * classes, dtype=torch.int64, device=label.device)
    return counts.scatter_add(0, pairs, known.long()).view(classes, classes)


class Classifier(nn.Module):
    """From features (…) to (…)."""

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


class Program(nn.Module):
    """What happens on one batch."""

    def __init__(self, steps_per_epoch: int, epochs: int = EPOCHS, hidden: int = HIDDEN) -> None:
        super().__init__()
        self.network = LstmLengths(hidden=hidden)
        self.adam = torch.optim.AdamW(
            self.network.parameters(), lr=0.005, betas=(0.9, 0.999), weight_decay=0.0
        )
        self.adam_schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
            self.adam, T_max=epochs * steps_per_epoch
        )

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

    def step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Evaluate one batch, then let the optimizer move its weights."""
        values = self.evaluate(batch)

        # adam: minimise surprise
        self.adam.zero_grad()
        values["surprise"].backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.adam.step()
        self.adam_schedule.step()

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


def split(
    fields: dict[str, Tensor], validation: float, test: float, seed: int
) -> dict[str, dict[str, Tensor]]:
    """Deal samples at random into train, validation and test; equal seeds deal alike."""
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
    """The rows of each digit, each seen 1 to so many times: (N, T, 8), with 0 after the end."""
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
    digits = {"rows": rows, "label": torch.tensor(source.target)}
    draw = torch.Generator().manual_seed(seed)
    return {
        part: read_by_row(
            fields["rows"].repeat(paces, 1, 1), fields["label"].repeat(paces), longest_stay, draw
        )
        for part, fields in split(digits, validation, test, seed).items()
    }


class Tensors:
    """Samples whose fields lie in memory, each a tensor."""

    def __init__(self, fields: dict[str, Tensor]) -> None:
        self.fields = fields

    def __len__(self) -> int:
        return len(next(iter(self.fields.values())))

    def to(self, device: str | torch.device) -> Self:
        return type(self)({name: values.to(device) for name, values in self.fields.items()})

    def take(self, index: Tensor) -> dict[str, Tensor]:
        return {name: values[index.to(values.device)] for name, values in self.fields.items()}

    def column(self, name: str) -> Tensor:
        """One field of all samples."""
        return self.fields[name]


def in_memory(splits: dict[str, dict[str, Tensor]]) -> dict[str, Tensors]:
    """Splits whose fields are tensors, as splits that hand out their samples by number."""
    return {name: Tensors(fields) for name, fields in splits.items()}


class Batches(Dataset[dict[str, Tensor]]):
    """A split as a DataLoader takes it: an item is a batch."""

    def __init__(self, split: Any) -> None:
        self.split = split

    def __getitem__(self, index: list[int]) -> dict[str, Tensor]:
        batch: dict[str, Tensor] = self.split.take(torch.tensor(index))
        return batch


def again(numbers: Tensor, count: int) -> Tensor:
    """So many of the numbers: all of them in a random order, then in another, and so on."""
    rounds = math.ceil(count / len(numbers))
    drawn = [numbers[torch.randperm(len(numbers))] for _ in range(rounds)]
    return torch.cat(drawn)[:count]


def order_by_class(classes: Tensor, in_turn: bool) -> Tensor:
    """As many numbers as there are samples, of which each class has an equal part."""
    classes = classes.cpu()
    if not in_turn:
        weights = 1.0 / classes.bincount().clamp(min=1).double()
        return torch.multinomial(weights[classes], len(classes), replacement=True)
    present = sorted(set(classes.tolist()))
    members = [torch.nonzero(classes == number)[:, 0] for number in present]
    rounds = math.ceil(len(classes) / len(members))
    turns = [again(numbers, rounds) for numbers in members]
    return torch.stack(turns, 1).flatten()[: len(classes)]


class Sampled:
    """A split whose training samples come in an order of their own.

    Orders: shuffled; fixed; weighted, where samples are drawn again and again so that classes come
    equally often on average; balanced, where classes take turns. `by` names the field with classes,
    `limit` is the number of samples that an epoch has at most.
    """

    def __init__(
        self,
        split: Any,
        order: str = "shuffled",
        by: str = "",
        drop_last: bool = False,
        workers: int = 0,
        limit: int | None = None,
    ) -> None:
        self.split = split
        self.order = order
        self.by = by
        self.drop_last = drop_last
        self.workers = workers
        self.limit = limit
        self.device = torch.device("cpu")

    def __len__(self) -> int:
        return len(self.split)

    def to(self, device: str | torch.device) -> Self:
        self.device = torch.device(device)
        if not self.workers:
            self.split = self.split.to(device)
        return self

    def take(self, index: Tensor) -> dict[str, Tensor]:
        batch = self.split.take(index)
        return {name: values.to(self.device) for name, values in batch.items()}

    def places(self, batch_size: int) -> int:
        """How many samples an epoch has."""
        count = min(len(self), self.limit or len(self))
        return count - count % batch_size if self.drop_last else count

    def epoch(self, batch_size: int) -> Tensor:
        """The numbers of an epoch's samples in the order in which they come."""
        if len(self) and not self.places(batch_size):
            raise ValueError(f"drop_last leaves no batch of {batch_size} of {len(self)} samples")
        if self.order in ("weighted", "balanced") and len(self):
            order = order_by_class(self.split.column(self.by), self.order == "balanced")
        else:
            order = torch.arange(len(self)) if self.order == "fixed" else torch.randperm(len(self))
        return order[: self.places(batch_size)]

    def in_order(self) -> Tensor:
        """The numbers of all samples once."""
        return torch.arange(len(self))

    def read(self, places: list[Tensor]) -> Iterator[dict[str, Tensor]]:
        """Take batch by batch; with workers, other processes read the next ones meanwhile."""
        if not self.workers or "fork" not in multiprocessing.get_all_start_methods():
            return map(self.take, places)
        loader = DataLoader(
            Batches(self.split),
            batch_size=None,
            sampler=[place.tolist() for place in places],
            num_workers=self.workers,
            generator=torch.Generator(),  # it draws a seed, which must not come from ours
            multiprocessing_context="fork",
        )
        return ({name: values.to(self.device) for name, values in b.items()} for b in loader)


def sampled(
    splits: Mapping[str, Any],
    order: str = "shuffled",
    by: str = "",
    drop_last: bool = False,
    workers: int = 0,
    limit: int | None = None,
) -> dict[str, Sampled]:
    """Splits whose training samples come in an order of their own."""
    return {
        name: Sampled(part, order, by, drop_last, workers, limit) for name, part in splits.items()
    }


def load(device: str) -> dict[str, Sampled]:
    """Every split of the data, on a device: handed out by number."""
    splits = sampled(
        in_memory(warped_digits(3, paces=8, validation=0.1, test=0.2, seed=0)), limit=1280
    )
    return {name: split.to(device) for name, split in splits.items()}


def batches(
    split: Sampled, batch_size: int, shuffle: bool = False, skip: int = 0
) -> Iterator[dict[str, Tensor]]:
    """Take a split batch by batch, in its own order for training; the first may be skipped.

    The order is drawn at once, each batch when its turn comes.
    """
    order = split.epoch(batch_size) if shuffle else split.in_order()
    starts = range(skip * batch_size, len(order), batch_size)
    return split.read([order[start : start + batch_size] for start in starts])


def size_of(batch: dict[str, Tensor]) -> int:
    """How many samples a batch has; other fields of it may differ in length."""
    return len(batch["sequence"])


def average(values: list[dict[str, Tensor]], sizes: list[int]) -> dict[str, float]:
    """The mean over all samples of what was measured on each batch."""
    weights = torch.tensor(sizes, dtype=torch.float64) / max(sum(sizes), 1)
    return {
        name: float(torch.stack([value[name] for value in values]).cpu().double() @ weights)
        for name in (values[0] if values else {})
    }


def train(program: Program, split: Sampled) -> dict[str, float]:
    """One epoch of training; the mean of what each step saw."""
    program.train()
    values, sizes = [], []
    for batch in batches(split, BATCH_SIZE, shuffle=True):
        values.append(program.step(batch))
        sizes.append(size_of(batch))
    return average(values, sizes)


@torch.no_grad()
def measure(program: Program, split: Sampled) -> dict[str, float]:
    """Losses and metrics on a split, with nothing updated."""
    program.eval()
    values, sizes = [], []
    for batch in batches(split, BATCH_SIZE):
        values.append(program.evaluate(batch))
        sizes.append(size_of(batch))
    return average(values, sizes)


@torch.no_grad()
def probed(program: Program, data: dict[str, Sampled]) -> dict[str, Tensor]:
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
    """Train, say after each epoch how it goes, and save the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1, mps")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="passes over the training data")
    parser.add_argument("--seed", type=int, default=SEED, help="fixes every random choice")
    parser.add_argument("--save", default="lstm_lengths.safetensors", help="where the weights go")
    parser.add_argument("--probes", type=Path, help="folder for what the probes show, by epoch")
    parser.add_argument("--hidden", type=int, default=HIDDEN)
    arguments = parser.parse_args()

    torch.manual_seed(arguments.seed)
    data = load(arguments.device)
    longest = data["train"].places(BATCH_SIZE)
    steps_per_epoch = math.ceil(longest / BATCH_SIZE)
    program = Program(steps_per_epoch, arguments.epochs, hidden=arguments.hidden).to(
        arguments.device
    )
    for epoch in range(1, arguments.epochs + 1):
        report(f"epoch {epoch} train", train(program, data["train"]))
        report(f"epoch {epoch} validation", measure(program, data["validation"]))
        if arguments.probes:
            arguments.probes.mkdir(parents=True, exist_ok=True)
            save_file(probed(program, data), arguments.probes / f"epoch_{epoch}.safetensors")
    report("test", measure(program, data["test"]))
    save_file(program.state_dict(), arguments.save)


if __name__ == "__main__":
    main()
