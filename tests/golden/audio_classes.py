"""audio_classes: Bells, drums and plucked strings in a folder of sounds, told apart by their
spectrograms

Run it: python audio_classes.py --epochs 6
Load the weights that it saves:
    AudioClasses().load_state_dict(load_file("audio_classes.safetensors"))
"""

import argparse
import functools
import math
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any, Self

import soundfile
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.lr_scheduler import LRScheduler

EPOCHS = 6
SEED = 0
BATCH_SIZE = 8


def spectrogram(wave: Tensor, window: int, hop: int, logarithm: bool) -> Tensor:
    """Magnitude spectrogram: (N, 1, T) to (N, 1, window // 2 + 1, 1 + T // hop)."""
    shape = torch.hann_window(window, device=wave.device)
    waves = torch.stft(wave[:, 0], window, hop, window=shape, return_complex=True)
    strength = waves.abs()[:, None]
    return (strength + 0.001).log() if logarithm else strength


class Standardise(nn.Module):
    """Standardisation: subtracts a mean from each channel, (N, C, …), and divides by a standard
    deviation; by each sample's own where none is given.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, mean: list[float], deviation: list[float]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean), persistent=False)
        self.register_buffer("deviation", torch.tensor(deviation), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """The standardised samples."""
        if len(self.mean) == 0:
            own = x.flatten(1)
            mean, deviation = own.mean(1), own.std(1).clamp(min=1e-6)
            shape = [-1, *[1] * (x.dim() - 1)]
            return (x - mean.reshape(shape)) / deviation.reshape(shape)
        shape = [-1, *[1] * (x.dim() - 2)]
        return (x - self.mean.reshape(shape)) / self.deviation.reshape(shape)


class AudioClasses(nn.Module):
    """From wave (N, 1, 1200) to (N, 3)."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = Standardise([], [])
        self.conv1 = nn.Conv2d(1, 8, 3, padding="same")
        self.conv2 = nn.Conv2d(8, 16, 3, padding="same")
        self.logits = nn.Linear(4864, 3)

    def forward(self, wave: Tensor) -> Tensor:
        x = self.scale(spectrogram(wave, 64, 32, True))  # (N, 1, 33, 38)
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)  # (N, 8, 16, 19)
        x = torch.flatten(F.relu(self.conv2(x)), 1)  # (N, 4864)
        return self.logits(x)  # (N, 3)


def accuracy(prediction: Tensor, label: Tensor) -> Tensor:
    """Accuracy: how often the largest logit is the right class: (N, C, …), (N, …) -> ()."""
    return (prediction.argmax(1) == label).float().mean()


class Program(nn.Module):
    """What happens on one batch."""

    def __init__(self) -> None:
        super().__init__()
        self.network = AudioClasses()

    def evaluate(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Losses and metrics of one batch."""
        wave = batch["wave"]  # (N, 1, 1200)
        label = batch["label"]  # (N,)
        logits = self.network(wave)  # (N, 3)
        return {
            "cross_entropy": F.cross_entropy(logits, label, label_smoothing=0.0),
            "accuracy": accuracy(logits, label),
        }

    def configure_optimizers(self, steps_per_epoch: int, epochs: int = EPOCHS) -> None:
        """Make the optimizer, which do not depend on how long the training is."""
        self.adamw_optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=0.003, betas=(0.9, 0.999), weight_decay=0.01
        )

    def step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Evaluate one batch, then let the optimizer move its weights."""
        values = self.evaluate(batch)

        # minimise cross_entropy
        self.adamw_optimizer.zero_grad()
        values["cross_entropy"].backward()
        self.adamw_optimizer.step()

        return {name: value.detach() for name, value in values.items()}


def class_files(folder: Path, endings: tuple[str, ...]) -> tuple[list[Path], Tensor]:
    """The files of each class, and its number; classes and files in alphabetical order.

    Hidden files are left out. Raises ValueError where there is nothing to tell apart, or where a
    link leads out of the folder.
    """
    paths: list[Path] = []
    labels: list[int] = []
    names = sorted(part.name for part in folder.iterdir() if part.is_dir() and part.name[0] != ".")
    for number, name in enumerate(names):
        found = sorted(p for p in (folder / name).iterdir() if p.suffix.lower() in endings)
        found = [path for path in found if path.name[0] != "."]
        if not found:
            raise ValueError(f"{folder.name}/{name} has no file that ends in {' '.join(endings)}")
        paths += found
        labels += [number] * len(found)
    if len(names) < 2:
        raise ValueError(f"{folder.name} needs a folder for each of two classes or more")
    for path in paths:
        if not path.resolve().is_relative_to(folder.resolve()):
            raise ValueError(f"{path.parent.name}/{path.name} is a link out of {folder.name}")
    return paths, torch.tensor(labels)


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


class Files(Split):
    """Files that are read when they are asked for; each has a label."""

    def __init__(
        self, field: str, paths: list[Path], label: Tensor, read: Callable[[Path], Tensor]
    ) -> None:
        self.field = field
        self.paths = paths
        self.label = label
        self.read = read
        self.device: str | torch.device = "cpu"

    def __len__(self) -> int:
        return len(self.paths)

    def to(self, device: str | torch.device) -> Self:
        self.device = device
        return self

    def take(self, index: Tensor) -> dict[str, Tensor]:
        values = torch.stack([self.read(self.paths[number]) for number in index.tolist()])
        batch = {self.field: values, "label": self.label[index]}
        return {name: values.to(self.device) for name, values in batch.items()}

    def column(self, name: str) -> Tensor:
        """One field of all samples, where no file need be read for it."""
        return {"label": self.label}[name]


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


def split_files(
    field: str,
    paths: list[Path],
    label: Tensor,
    read: Callable[[Path], Tensor],
    validation: float,
    test: float,
    seed: int,
) -> dict[str, Files]:
    """Split files at random as samples are split; nothing is read yet."""
    parts = random_split({"number": torch.arange(len(paths))}, validation, test, seed)
    numbers = {part: fields["number"] for part, fields in parts.items()}
    return {
        part: Files(field, [paths[n] for n in index.tolist()], label[index], read)
        for part, index in numbers.items()
    }


SOUNDS = (".wav", ".flac", ".ogg")


def read_sound(path: Path, rate: int, length: int) -> Tensor:
    """The beginning of an audio file as a waveform, -1 to 1, mixed to one channel: (1, T), padded
    with silence.

    `rate` is the sample rate, in hertz. Raises ValueError, which names the file.
    """
    try:
        with soundfile.SoundFile(path) as sound:
            wanted = math.ceil(length * sound.samplerate / rate)
            wave = sound.read(wanted, dtype="float32", always_2d=True).mean(1)
            factor = math.gcd(rate, sound.samplerate)
            up, down = rate // factor, sound.samplerate // factor
    except (soundfile.SoundFileError, OSError) as error:
        raise ValueError(f"{path.parent.name}/{path.name} is no sound: {error}") from error
    if up != down and len(wave):
        import scipy.signal  # takes a second, and is seldom needed

        wave = scipy.signal.resample_poly(wave, up, down)
    result = torch.zeros(1, length)
    part = torch.tensor(wave[:length], dtype=torch.float32)
    result[0, : len(part)] = part
    return result


def sound_files(
    folder: Path, rate: int, length: int, validation: float, test: float, seed: int
) -> dict[str, Files]:
    """The audio files of a folder with a folder for each class, each read when it is asked for."""
    paths, label = class_files(folder, SOUNDS)
    read = functools.partial(read_sound, rate=rate, length=length)
    return split_files("wave", paths, label, read, validation, test, seed)


def load(device: str, folder: Path) -> dict[str, Split]:
    """Every split of the data, on a device: samples by their indices."""
    splits = sound_files(
        folder / "sounds", rate=4000, length=1200, validation=0.15, test=0.15, seed=0
    )
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
    return len(batch["wave"])


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
        default="audio_classes.safetensors",
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
