"""gan: a generator learns to draw digits that a discriminator cannot tell from real ones

Run it: python gan.py --epochs 100
Load the weights that it saves:
    Program().load_state_dict(load_file("gan.safetensors"))
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
from torch.optim.lr_scheduler import LRScheduler

EPOCHS = 100
SEED = 0
BATCH_SIZE = 64
LR = 0.001


class GaussianNoise(nn.Module):
    """Adds Gaussian noise while training, and nothing in evaluation."""

    def __init__(self, deviation: float) -> None:
        super().__init__()
        self.deviation = deviation

    def forward(self, x: Tensor) -> Tensor:
        """The input, with fresh noise on it."""
        return x + self.deviation * torch.randn_like(x) if self.training else x


class Generator(nn.Module):
    """The generator: an image from noise, by transposed convolutions.

    From noise (N, 16) to (N, 1, 8, 8).
    """

    def __init__(self) -> None:
        super().__init__()
        self.seed = nn.ConvTranspose2d(16, 64, 2, bias=False)
        self.norm_1 = nn.BatchNorm2d(64)
        self.larger_1 = nn.ConvTranspose2d(64, 48, 4, stride=2, padding=1, bias=False)
        self.norm_2 = nn.BatchNorm2d(48)
        self.larger_2 = nn.ConvTranspose2d(48, 32, 4, stride=2, padding=1, bias=False)
        self.norm_3 = nn.BatchNorm2d(32)
        self.pixels = nn.Conv2d(32, 1, 3, padding="same")

    def forward(self, noise: Tensor) -> Tensor:
        x = self.seed(torch.reshape(noise, (len(noise), 16, 1, 1)))  # (N, 64, 2, 2)
        x = F.relu(self.norm_1(x))  # (N, 64, 2, 2)
        x = self.larger_1(x)  # (N, 48, 4, 4)
        x = F.relu(self.norm_2(x))  # (N, 48, 4, 4)
        x = self.larger_2(x)  # (N, 32, 8, 8)
        x = F.relu(self.norm_3(x))  # (N, 32, 8, 8)
        return torch.sigmoid(self.pixels(x))  # (N, 1, 8, 8)


class Discriminator(nn.Module):
    """The discriminator: a logit for an image, real or generated.

    From image (N, 1, 8, 8) to (N, 1).
    """

    def __init__(self) -> None:
        super().__init__()
        self.blur = GaussianNoise(0.05)
        self.strokes = nn.Conv2d(1, 32, 3, padding="same")
        self.parts = nn.Conv2d(32, 48, 4, stride=2, padding=1, bias=False)
        self.norm_2 = nn.BatchNorm2d(48)
        self.whole = nn.Conv2d(48, 64, 4, stride=2, padding=1, bias=False)
        self.norm_3 = nn.BatchNorm2d(64)
        self.dropout = nn.Dropout(0.3)
        self.score = nn.Linear(256, 1)

    def forward(self, image: Tensor) -> Tensor:
        x = self.blur(2 * image - 1)  # (N, 1, 8, 8)
        x = F.leaky_relu(self.strokes(x), 0.2)  # (N, 32, 8, 8)
        x = self.parts(x)  # (N, 48, 4, 4)
        x = F.leaky_relu(self.norm_2(x), 0.2)  # (N, 48, 4, 4)
        x = self.whole(x)  # (N, 64, 2, 2)
        x = F.leaky_relu(self.norm_3(x), 0.2)  # (N, 64, 2, 2)
        x = torch.flatten(self.dropout(x), 1)  # (N, 256)
        return self.score(x)  # (N, 1)


class Program(nn.Module):
    """What happens on one batch."""

    def __init__(self) -> None:
        super().__init__()
        self.generator = Generator()
        self.discriminator = Discriminator()

    def evaluate(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Losses and metrics of one batch."""
        image = batch["image"]  # (N, 1, 8, 8)
        fake = self.generator(torch.randn(len(image), 16, device=image.device))  # (N, 1, 8, 8)
        real_score = self.discriminator(image)  # (N, 1)
        fake_score = self.discriminator(fake)  # (N, 1)
        real_loss = F.binary_cross_entropy_with_logits(real_score, torch.full_like(real_score, 0.9))
        fake_loss = F.binary_cross_entropy_with_logits(fake_score, torch.zeros_like(fake_score))
        forger_loss = F.binary_cross_entropy_with_logits(fake_score, torch.ones_like(fake_score))
        return {
            "judge_loss": real_loss + fake_loss,
            "forger_loss": forger_loss,
            "real_loss": real_loss,
            "fake_loss": fake_loss,
        }

    def configure_optimizers(
        self, steps_per_epoch: int, epochs: int = EPOCHS, lr: float = LR
    ) -> None:
        """Make the optimizers; their learning rates follow a schedule over the whole training."""
        self.judge_weights = list(self.discriminator.parameters())
        self.judge_optimizer = torch.optim.AdamW(
            self.judge_weights, lr=lr, betas=(0.5, 0.999), weight_decay=0.0
        )
        self.judge_scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(
            self.judge_optimizer, T_max=epochs * steps_per_epoch
        )
        self.forger_weights = list(self.generator.parameters())
        self.forger_optimizer = torch.optim.AdamW(
            self.forger_weights, lr=lr, betas=(0.5, 0.999), weight_decay=0.0
        )
        self.forger_scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(
            self.forger_optimizer, T_max=epochs * steps_per_epoch
        )

    def step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Each optimizer in turn moves its own weights."""
        image = batch["image"]  # (N, 1, 8, 8)

        # judge: minimise judge_loss over discriminator
        fake = self.generator(torch.randn(len(image), 16, device=image.device))  # (N, 1, 8, 8)
        real_score = self.discriminator(image)  # (N, 1)
        fake_score = self.discriminator(fake)  # (N, 1)
        real_loss = F.binary_cross_entropy_with_logits(real_score, torch.full_like(real_score, 0.9))
        fake_loss = F.binary_cross_entropy_with_logits(fake_score, torch.zeros_like(fake_score))
        judge_loss = real_loss + fake_loss
        self.judge_optimizer.zero_grad()
        judge_loss.backward(inputs=self.judge_weights)
        self.judge_optimizer.step()
        self.judge_scheduler.step()

        # forger: minimise forger_loss over generator; fake still holds
        fake_score = self.discriminator(fake)  # (N, 1)
        forger_loss = F.binary_cross_entropy_with_logits(fake_score, torch.ones_like(fake_score))
        self.forger_optimizer.zero_grad()
        forger_loss.backward(inputs=self.forger_weights)
        self.forger_optimizer.step()
        self.forger_scheduler.step()

        return {
            "judge_loss": judge_loss.detach(),
            "forger_loss": forger_loss.detach(),
            "real_loss": real_loss.detach(),
            "fake_loss": fake_loss.detach(),
        }

    def probe(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """What the probes show of one batch."""
        image = batch["image"]  # (N, 1, 8, 8)
        fake = self.generator(torch.randn(len(image), 16, device=image.device))  # (N, 1, 8, 8)
        return {"samples.images": fake[:16]}


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


def load(device: str) -> dict[str, dict[str, Tensor]]:
    """Every split of the data, on a device: split -> field -> tensor."""
    splits = digits("image", validation=0.15, test=0.15, seed=0)
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
        default="gan.safetensors",
        help="where the last weights go; those of the lowest validation judge_loss go to …_best",
    )
    parser.add_argument(
        "--resume",
        type=Path,
        help="keeps the training's state after each epoch, and goes on from it",
    )
    parser.add_argument("--probes", type=Path, help="folder for what the probes show, by epoch")
    parser.add_argument(
        "--lr", type=float, default=LR, help="Learning rate of both optimizers, 0.0002 to 0.003."
    )
    arguments = parser.parse_args()

    torch.manual_seed(arguments.seed)
    data = load(arguments.device)
    steps_per_epoch = steps_in(data["train"], arguments.batch_size)
    program = Program().to(arguments.device)
    program.configure_optimizers(steps_per_epoch, arguments.epochs, lr=arguments.lr)
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
        loss = (validation or training)["judge_loss"]
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
