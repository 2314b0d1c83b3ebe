"""dann: a reader of digits learns from labelled ones to read faded ones, whose labels it never
sees: a judge of domains stands behind a gradient reversal

Run it: python dann.py --epochs 80
Load the weights that it saves:
    Dann().load_state_dict(load_file("dann.safetensors"))
"""

import argparse
import math
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import torch
from safetensors.torch import save_file
from scipy.ndimage import morphological_gradient
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.lr_scheduler import LRScheduler

EPOCHS = 80
SEED = 0
BATCH_SIZE = 64
STRENGTH = 0.1


class GradientReversal(nn.Module):
    """Gradient reversal: the identity, whose gradient changes its sign, so that what lies before it
    is trained to maximise a loss (Ganin et al. 2016, arXiv 1505.07818).

    With `steps` the strength grows from 0 to the full one over so many training batches, as 2 / (1
    + exp(-10 p)) - 1 of the share p of them.
    """

    batches: Tensor

    def __init__(self, strength: float = 1.0, steps: int = 0) -> None:
        super().__init__()
        self.strength = strength
        self.steps = steps
        self.register_buffer("batches", torch.tensor(0))

    def forward(self, x: Tensor) -> Tensor:
        """The value itself; the difference is 0, and has the gradient."""
        strength = self.growing() if self.steps else self.strength
        return x.detach() - strength * (x - x.detach())

    def growing(self) -> Tensor:
        """The strength at this batch, which is counted in training."""
        progress = (self.batches / self.steps).clamp(max=1)
        if self.training:
            self.batches += 1
        return self.strength * (2 / (1 + torch.exp(-10 * progress)) - 1)


class Features(nn.Module):
    """The feature extractor, shared by both domains.

    From image (N, 1, 8, 8) to (N, 64).
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3, padding="same")
        self.conv2 = nn.Conv2d(32, 48, 3, padding="same")
        self.conv3 = nn.Conv2d(48, 48, 3, padding="same")
        self.linear = nn.Linear(192, 64)

    def forward(self, image: Tensor) -> Tensor:
        x = F.relu(self.conv1(image))  # (N, 32, 8, 8)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)  # (N, 48, 4, 4)
        x = torch.flatten(F.max_pool2d(F.relu(self.conv3(x)), 2), 1)  # (N, 192)
        return F.relu(self.linear(x))  # (N, 64)


class Reader(nn.Module):
    """The label classifier: logits of the digits.

    From features (N, 64) to (N, 10).
    """

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(64, 10)

    def forward(self, features: Tensor) -> Tensor:
        return self.linear(features)  # (N, 10)


class Judge(nn.Module):
    """The domain classifier: a logit for the domain that the features come from.

    From features (N, 64) to (N, 1).
    """

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(64, 64)
        self.score = nn.Linear(64, 1)

    def forward(self, features: Tensor) -> Tensor:
        x = F.relu(self.hidden(features))  # (N, 64)
        return self.score(x)  # (N, 1)


class Dann(nn.Module):
    """From plain_image (N, 1, 8, 8), faded_image (N, 1, 8, 8) to (N, 10), (N, 10), (N, 1),
    (N, 1), (N, 64).
    """

    def __init__(self, strength: float = STRENGTH) -> None:
        super().__init__()
        self.features = Features()
        self.reader = Reader()
        self.reverse_plain = GradientReversal(strength=strength, steps=800)
        self.reverse_faded = GradientReversal(strength=strength, steps=800)
        self.judge = Judge()

    def forward(
        self, plain_image: Tensor, faded_image: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        plain_features = self.features(plain_image)  # (N, 64)
        faded_features = self.features(faded_image)  # (N, 64)
        reverse_plain = self.reverse_plain(plain_features)  # (N, 64)
        reverse_faded = self.reverse_faded(faded_features)  # (N, 64)
        # (N, 10), (N, 10), (N, 1), (N, 1), (N, 64)
        return (
            self.reader(plain_features),
            self.reader(faded_features),
            self.judge(reverse_plain),
            self.judge(reverse_faded),
            faded_features,
        )


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

    def __init__(self, strength: float = STRENGTH) -> None:
        super().__init__()
        self.network = Dann(strength=strength)

    def evaluate(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Losses and metrics of one batch."""
        plain_image = batch["plain.image"]  # (N, 1, 8, 8)
        faded_image = batch["faded.image"]  # (N, 1, 8, 8)
        plain_label = batch["plain.label"]  # (N,)
        faded_label = batch["faded.label"]  # (N,)
        # (N, 10), (N, 10), (N, 1), (N, 1), (N, 64)
        plain_digit, faded_digit, plain_domain, faded_domain, _ = self.network(
            plain_image, faded_image
        )
        reading = F.cross_entropy(plain_digit, plain_label, label_smoothing=0.0)
        seen_plain = F.binary_cross_entropy_with_logits(plain_domain, torch.ones_like(plain_domain))
        seen_faded = F.binary_cross_entropy_with_logits(
            faded_domain, torch.zeros_like(faded_domain)
        )
        return {
            "total": reading + seen_plain * 0.5 + seen_faded * 0.5,
            "reading": reading,
            "seen_plain": seen_plain,
            "seen_faded": seen_faded,
            "faded_accuracy": accuracy(faded_digit, faded_label),
        }

    def configure_optimizers(self, steps_per_epoch: int, epochs: int = EPOCHS) -> None:
        """Make the optimizer; their learning rates follow a schedule over the whole training."""
        self.sgd_optimizer = torch.optim.SGD(
            self.network.parameters(), lr=0.03, momentum=0.9, weight_decay=0.001, nesterov=False
        )
        self.sgd_scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(
            self.sgd_optimizer, T_max=epochs * steps_per_epoch
        )

    def step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Evaluate one batch, then let the optimizer move its weights."""
        values = self.evaluate(batch)

        # minimise total
        self.sgd_optimizer.zero_grad()
        values["total"].backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.sgd_optimizer.step()
        self.sgd_scheduler.step()

        return {name: value.detach() for name, value in values.items()}

    def probe(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """What the probes show of one batch."""
        plain_image = batch["plain.image"]  # (N, 1, 8, 8)
        faded_image = batch["faded.image"]  # (N, 1, 8, 8)
        faded_label = batch["faded.label"]  # (N,)
        # (N, 10), (N, 10), (N, 1), (N, 1), (N, 64)
        _, _, _, _, faded_features = self.network(plain_image, faded_image)
        return {
            "images.images": torch.stack([plain_image[:8], faded_image[:8]], 1),
            "faded_digits.points": principal(faded_features)[:500],
            "faded_digits.label": faded_label[:500],
        }

    def tally(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Counts of one batch, which add up over many."""
        plain_image = batch["plain.image"]  # (N, 1, 8, 8)
        faded_image = batch["faded.image"]  # (N, 1, 8, 8)
        faded_label = batch["faded.label"]  # (N,)
        # (N, 10), (N, 10), (N, 1), (N, 1), (N, 64)
        _, faded_digit, *_ = self.network(plain_image, faded_image)
        return {"faded_mistakes.counts": confusion(faded_digit, faded_label)}


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


def digits(form: str, validation: float, test: float, seed: int) -> dict[str, dict[str, Tensor]]:
    """scikit-learn's 1,797 handwritten digits: 8x8 pixels from 0 to 1 (ink), labels 0 to 9."""
    source = load_digits()
    shape = {"image": (1, 8, 8), "rows": (8, 8), "pixels": (64,)}[form]
    image = torch.tensor(source.images, dtype=torch.float32).reshape(-1, *shape) / 16
    return random_split(
        {"image": image, "label": torch.tensor(source.target)}, validation, test, seed
    )


def edge_image(image: Tensor) -> Tensor:
    """Local contrast of images (N, C, H, W): the largest less the smallest value of 3x3 pixels."""
    varied = morphological_gradient(image.numpy(), size=(1, 1, 3, 3), mode="constant")
    return torch.from_numpy(varied)


def digits_domain(
    half: str,
    drawing: str,
    contrast: float,
    brightness: float,
    validation: float,
    test: float,
    seed: int,
) -> dict[str, dict[str, Tensor]]:
    """One domain of the digits: one half of the training images, the first or the second, and all
    others, as strokes or edges, each pixel times a contrast, plus a brightness.
    """
    parts = digits("image", validation, test, seed)
    middle = len(parts["train"]["label"]) // 2
    kept = slice(middle) if half == "first" else slice(middle, None)
    parts["train"] = {name: values[kept] for name, values in parts["train"].items()}
    for part in parts.values():
        image = edge_image(part["image"]) if drawing == "edges" else part["image"]
        part["image"] = contrast * image + brightness
    return parts


def load(device: str) -> dict[str, dict[str, Tensor]]:
    """Every split of the data, on a device: split -> field -> tensor."""
    sources = {
        "plain": digits_domain(
            "first", "strokes", contrast=1.0, brightness=0.0, validation=0.15, test=0.15, seed=0
        ),
        "faded": digits_domain(
            "second", "strokes", contrast=0.35, brightness=0.45, validation=0.15, test=0.15, seed=0
        ),
    }
    return {
        split: {
            f"{source}.{name}": values.to(device)
            for source, splits in sources.items()
            for name, values in splits[split].items()
        }
        for split in ("train", "validation", "test")
    }


def size_of(batch: dict[str, Tensor]) -> int:
    """How many samples a batch has."""
    return len(next(iter(batch.values())))


def counts_of(split: dict[str, Tensor]) -> dict[str, int]:
    """How many samples each source has."""
    return {name.split(".")[0]: len(values) for name, values in split.items()}


def steps_in(split: dict[str, Tensor], batch_size: int) -> int:
    """How many mini-batches an epoch of training has."""
    return math.ceil(max(counts_of(split).values()) / batch_size)


def again(draw: Callable[[], Tensor], count: int) -> Tensor:
    """So many indices: an order, then another drawn anew, and so on."""
    first = draw()
    rounds = math.ceil(count / len(first))
    return torch.cat([first, *(draw() for _ in range(rounds - 1))])[:count]


def epoch_order(split: dict[str, Tensor], batch_size: int) -> dict[str, Tensor]:
    """The indices of an epoch's samples by source: all, shuffled; a shorter source starts again
    until the longest ends.
    """
    counts = counts_of(split)
    longest = max(counts.values())
    return {source: again(partial(torch.randperm, n), longest) for source, n in counts.items()}


def in_order(split: dict[str, Tensor]) -> dict[str, Tensor]:
    """The indices of all samples by source; a shorter one starts again until the longest ends."""
    counts = counts_of(split)
    longest = max(counts.values()) if all(counts.values()) else 0
    return {source: torch.arange(longest) % count for source, count in counts.items()}


def batches(
    split: dict[str, Tensor], batch_size: int, shuffle: bool = False
) -> Iterator[dict[str, Tensor]]:
    """Cut all sources into mini-batches, in the order of a new epoch when shuffled."""
    orders = epoch_order(split, batch_size) if shuffle else in_order(split)
    longest = len(next(iter(orders.values())))
    for start in range(0, longest, batch_size):
        index = {source: order[start : start + batch_size] for source, order in orders.items()}
        yield {name: values[index[name.split(".")[0]]] for name, values in split.items()}


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
        default="dann.safetensors",
        help="where the last weights go; those of the lowest validation total go to …_best",
    )
    parser.add_argument(
        "--resume",
        type=Path,
        help="keeps the training's state after each epoch, and goes on from it",
    )
    parser.add_argument("--probes", type=Path, help="folder for what the probes show, by epoch")
    parser.add_argument(
        "--strength",
        type=float,
        default=STRENGTH,
        help="How strongly features mislead the judge, 0.01 to 1.",
    )
    arguments = parser.parse_args()

    torch.manual_seed(arguments.seed)
    data = load(arguments.device)
    steps_per_epoch = steps_in(data["train"], arguments.batch_size)
    program = Program(strength=arguments.strength).to(arguments.device)
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
        loss = (validation or training)["total"]
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
