"""wine_mlp: 13 chemical measurements tell three cultivars of wine apart, from a CSV file

Run it: python wine_mlp.py --epochs 40
Load the weights that it saves:
    WineMlp().load_state_dict(load_file("wine_mlp.safetensors"))
"""

import argparse
import csv
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.lr_scheduler import LRScheduler

EPOCHS = 40
SEED = 0
BATCH_SIZE = 16


class WineMlp(nn.Module):
    """From features (N, 13) to (N, 3)."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(13, 32)
        self.logits = nn.Linear(32, 3)

    def forward(self, features: Tensor) -> Tensor:
        x = F.relu(self.hidden(features))  # (N, 32)
        return self.logits(x)  # (N, 3)


def accuracy(prediction: Tensor, label: Tensor) -> Tensor:
    """Accuracy: how often the largest logit is the right class: (N, C, …), (N, …) -> ()."""
    return (prediction.argmax(1) == label).float().mean()


class Program(nn.Module):
    """What happens on one batch."""

    def __init__(self) -> None:
        super().__init__()
        self.network = WineMlp()

    def evaluate(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Losses and metrics of one batch."""
        features = batch["features"]  # (N, 13)
        target = batch["target"]  # (N,)
        logits = self.network(features)  # (N, 3)
        return {
            "cross_entropy": F.cross_entropy(logits, target, label_smoothing=0.0),
            "accuracy": accuracy(logits, target),
        }

    def configure_optimizers(self, steps_per_epoch: int, epochs: int = EPOCHS) -> None:
        """Make the optimizer, which do not depend on how long the training is."""
        self.adamw_optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=0.005, betas=(0.9, 0.999), weight_decay=0.01
        )

    def step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Evaluate one batch, then let the optimizer move its weights."""
        values = self.evaluate(batch)

        # minimise cross_entropy
        self.adamw_optimizer.zero_grad()
        values["cross_entropy"].backward()
        self.adamw_optimizer.step()

        return {name: value.detach() for name, value in values.items()}


class Sheet(NamedTuple):
    """The columns of a file: the cells of one row stand at the same place in each."""

    name: str
    rows: list[int]
    """The number of each row in the file."""
    columns: dict[str, list[Any]]


def read_csv(path: Path) -> Sheet:
    """A CSV file whose first row names the columns. Raises ValueError, which names the row."""
    rows, cells = [], []
    with path.open(newline="", encoding="utf-8-sig") as file:
        lines = csv.reader(file)
        names = next(lines, [])
        for line in lines:
            if any(line):
                if len(line) != len(names):
                    counts = f"{len(line)} cells, and there are {len(names)} columns"
                    raise ValueError(f"{path.name}, row {lines.line_num} has {counts}")
                rows.append(lines.line_num)
                cells.append(line)
    columns = zip(*cells, strict=True) if cells else [()] * len(names)
    return Sheet(path.name, rows, dict(zip(names, map(list, columns), strict=True)))


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


def is_gap(cell: Any) -> bool:
    """Whether a cell is a missing value: empty, or a sign that people write for that."""
    marks = ("", "na", "n/a", "nan", "null", "none", "?", "-")
    return cell is None or str(cell).strip().lower() in marks


def without_gaps(sheet: Sheet, names: list[str]) -> Sheet:
    """The rows in which some columns have no missing value."""
    whole = [
        place
        for place in range(len(sheet.rows))
        if not any(is_gap(sheet.columns[name][place]) for name in names)
    ]
    columns = {name: [cells[i] for i in whole] for name, cells in sheet.columns.items()}
    return Sheet(sheet.name, [sheet.rows[i] for i in whole], columns)


def number_column(sheet: Sheet, name: str, refuse_gaps: bool = True) -> Tensor:
    """One column as numbers. Raises ValueError, which names the row, where there is none."""
    values = []
    for row, cell in zip(sheet.rows, sheet.columns[name], strict=True):
        place = f"{sheet.name}, row {row}: column {name}"
        if is_gap(cell):
            if refuse_gaps:
                raise ValueError(f"{place} is empty: say what to do with what is missing")
            values.append(math.nan)
            continue
        try:
            values.append(float(cell))
        except (TypeError, ValueError):
            raise ValueError(f"{place} has {cell!r}, which is not a number") from None
        if not math.isfinite(values[-1]):
            raise ValueError(f"{place} has {cell!r}, which is not finite")
    return torch.tensor(values)


def class_column(sheet: Sheet, name: str, refuse_gaps: bool = True) -> Tensor:
    """One column as classes: integers from 0, in alphabetical order; missing values are one of
    them.
    """
    cells = ["" if is_gap(cell) else str(cell) for cell in sheet.columns[name]]
    if refuse_gaps and "" in cells:
        place = f"{sheet.name}, row {sheet.rows[cells.index('')]}: column {name}"
        raise ValueError(f"{place} is empty: say what to do with what is missing")
    number = {cell: place for place, cell in enumerate(sorted(set(cells)))}
    return torch.tensor([number[cell] for cell in cells])


def table(
    sheet: Sheet,
    features: list[str],
    target: str,
    target_is: str,
    standardise: bool,
    validation: float,
    test: float,
    seed: int,
    categories: tuple[str, ...] = (),
    missing: str = "refuse",
    fill: float = 0.0,
) -> dict[str, dict[str, Tensor]]:
    """Columns of a table: features as numbers, categories and the target as classes from 0.

    Where a feature is missing, the row is refused or dropped, or the training mean or a value is
    imputed. A row without a target is refused or dropped.
    """
    refuse, every = missing == "refuse", [*features, *categories, target]
    if lost := [name for name in every if name not in sheet.columns]:
        raise ValueError(f"{sheet.name} has no column {lost[0]}")
    sheet = without_gaps(sheet, [] if refuse else every if missing == "drop" else [target])
    if len(sheet.rows) < 3:
        raise ValueError(f"{sheet.name} has {len(sheet.rows)} rows to use; training needs 3")
    columns = [number_column(sheet, name, refuse) for name in features]
    wanted = (
        class_column(sheet, target)
        if target_is == "class"
        else number_column(sheet, target)[:, None]
    )
    if target_is == "class" and int(wanted.max()) == 0:
        raise ValueError(f"{sheet.name}: column {target} has one class: nothing to tell apart")
    fields = {"features": torch.stack(columns, 1), "target": wanted}
    if categories:
        fields["categories"] = torch.stack(
            [class_column(sheet, name, refuse) for name in categories], 1
        )
    parts = random_split(fields, validation, test, seed)
    seen = parts["train"]["features"]
    value = seen.nanmean(0).nan_to_num() if missing == "mean" else torch.tensor(fill)
    seen = torch.where(seen.isnan(), value, seen)
    mean, deviation = seen.mean(0), seen.std(0).clamp(min=1e-6)
    for part in parts.values():
        part["features"] = torch.where(part["features"].isnan(), value, part["features"])
        if standardise:
            part["features"] = (part["features"] - mean) / deviation
    return parts


def load(device: str, folder: Path) -> dict[str, dict[str, Tensor]]:
    """Every split of the data, on a device: split -> field -> tensor."""
    splits = table(
        read_csv(folder / "wine.csv"),
        features=[
            "alcohol",
            "malic_acid",
            "ash",
            "alcalinity_of_ash",
            "magnesium",
            "total_phenols",
            "flavanoids",
            "nonflavanoid_phenols",
            "proanthocyanins",
            "color_intensity",
            "hue",
            "od280_od315_of_diluted_wines",
            "proline",
        ],
        target="cultivar",
        target_is="class",
        standardise=True,
        validation=0.15,
        test=0.15,
        seed=0,
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
        default="wine_mlp.safetensors",
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
