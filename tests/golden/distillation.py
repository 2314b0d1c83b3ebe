"""distillation: a convolutional teacher learns digits from labels for 25 epochs; then a small
student learns from the teacher's answers alone

Run it: python distillation.py --epochs 100
Load the weights that it saves:
    Program().load_state_dict(load_file("distillation.safetensors"))
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
TEMPERATURE = 3.0
HIDDEN = 24


def frozen(module: nn.Module, *inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
    """Apply a module in evaluation mode with its weights detached. Gradients still pass to the
    inputs.
    """
    training = [part for part in module.modules() if part.training]
    learning = [weight for weight in module.parameters() if weight.requires_grad]
    module.eval().requires_grad_(False)
    result: Tensor | tuple[Tensor, ...] = module(*inputs)
    for part in training:
        part.training = True
    for weight in learning:
        weight.requires_grad = True
    return result


class Student(nn.Module):
    """The student: a small fully connected network that learns the teacher's soft targets.

    From image (N, 1, 8, 8) to (N, 10).
    """

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(64, hidden)
        self.linear = nn.Linear(hidden, 10)

    def forward(self, image: Tensor) -> Tensor:
        x = F.relu(self.hidden(torch.flatten(image, 1)))  # (N, hidden)
        return self.linear(x)  # (N, 10)


class Teacher(nn.Module):
    """The teacher: a convolutional network, trained first.

    From image (N, 1, 8, 8) to (N, 10).
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 24, 3, padding="same")
        self.conv2 = nn.Conv2d(24, 24, 3, padding="same")
        self.conv3 = nn.Conv2d(24, 48, 3, padding="same")
        self.linear = nn.Linear(192, 10)

    def forward(self, image: Tensor) -> Tensor:
        x = F.relu(self.conv1(image))  # (N, 24, 8, 8)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)  # (N, 24, 4, 4)
        x = torch.flatten(F.max_pool2d(F.relu(self.conv3(x)), 2), 1)  # (N, 192)
        return self.linear(x)  # (N, 10)


def distillation(prediction: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """KL divergence of answers softened by a temperature, in nats times the temperature's square,
    so that its gradient is of the same size at every temperature: logits (N, C), (N, C) -> ().
    """
    mine = F.log_softmax(prediction / temperature, 1)
    theirs = F.log_softmax(teacher / temperature, 1)
    divergence = F.kl_div(mine, theirs, reduction="batchmean", log_target=True)
    return divergence * temperature**2


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

    def __init__(self, temperature: float = TEMPERATURE, hidden: int = HIDDEN) -> None:
        super().__init__()
        self.temperature = temperature
        self.student = Student(hidden=hidden)
        self.teacher = Teacher()
        self.epoch = 1  # the loop says which one it is

    def evaluate(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Losses and metrics of one batch."""
        image = batch["image"]  # (N, 1, 8, 8)
        label = batch["label"]  # (N,)
        student = self.student(image)  # (N, 10)
        teacher = self.teacher(image)  # (N, 10)
        imitation = distillation(student, frozen(self.teacher, image), temperature=self.temperature)
        return {
            "imitation": imitation,
            "reading": F.cross_entropy(teacher, label, label_smoothing=0.0),
            "teacher_accuracy": accuracy(teacher, label),
            "student_accuracy": accuracy(student, label),
        }

    def configure_optimizers(self, steps_per_epoch: int, epochs: int = EPOCHS) -> None:
        """Make the optimizers; their learning rates follow a schedule over the whole training."""
        self.learning_weights = list(self.student.parameters())
        self.learning_optimizer = torch.optim.AdamW(
            self.learning_weights, lr=0.003, betas=(0.9, 0.999), weight_decay=0.0
        )
        self.learning_scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(
            self.learning_optimizer, T_max=max(1, (epochs - 25) * steps_per_epoch)
        )
        self.teaching_weights = list(self.teacher.parameters())
        self.teaching_optimizer = torch.optim.AdamW(
            self.teaching_weights, lr=0.004, betas=(0.9, 0.999), weight_decay=0.0
        )
        self.teaching_scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(
            self.teaching_optimizer, T_max=min(epochs, 25) * steps_per_epoch
        )

    def step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Each optimizer in turn moves its own weights."""
        image = batch["image"]  # (N, 1, 8, 8)
        label = batch["label"]  # (N,)

        # learning: minimise imitation over student
        student = self.student(image)  # (N, 10)
        imitation = distillation(student, frozen(self.teacher, image), temperature=self.temperature)
        student_accuracy = accuracy(student, label)
        if self.epoch >= 26:
            self.learning_optimizer.zero_grad()
            imitation.backward(inputs=self.learning_weights)
            self.learning_optimizer.step()
            self.learning_scheduler.step()

        # teaching: minimise reading over teacher
        teacher = self.teacher(image)  # (N, 10)
        reading = F.cross_entropy(teacher, label, label_smoothing=0.0)
        teacher_accuracy = accuracy(teacher, label)
        if self.epoch <= 25:
            self.teaching_optimizer.zero_grad()
            reading.backward(inputs=self.teaching_weights)
            self.teaching_optimizer.step()
            self.teaching_scheduler.step()

        return {
            "imitation": imitation.detach(),
            "reading": reading.detach(),
            "teacher_accuracy": teacher_accuracy.detach(),
            "student_accuracy": student_accuracy.detach(),
        }

    def tally(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Counts of one batch, which add up over many."""
        image = batch["image"]  # (N, 1, 8, 8)
        label = batch["label"]  # (N,)
        return {"student_mistakes.counts": confusion(self.student(image), label)}


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
        shown: dict[str, Tensor] = {}
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
        default="distillation.safetensors",
        help="where the last weights go; those of the lowest validation imitation go to …_best",
    )
    parser.add_argument(
        "--resume",
        type=Path,
        help="keeps the training's state after each epoch, and goes on from it",
    )
    parser.add_argument("--probes", type=Path, help="folder for what the probes show, by epoch")
    parser.add_argument(
        "--temperature",
        type=float,
        default=TEMPERATURE,
        help=(
            "Temperature of the softmax, 1 to 10: how soft the answers are that the student hears."
        ),
    )
    parser.add_argument(
        "--hidden", type=int, default=HIDDEN, help="Hidden size of the student, 4 to 64."
    )
    arguments = parser.parse_args()

    torch.manual_seed(arguments.seed)
    data = load(arguments.device)
    steps_per_epoch = steps_in(data["train"], arguments.batch_size)
    program = Program(temperature=arguments.temperature, hidden=arguments.hidden).to(
        arguments.device
    )
    program.configure_optimizers(steps_per_epoch, arguments.epochs)
    first, best = 1, math.inf
    if arguments.resume and arguments.resume.exists():
        first, best = resume_training(arguments.resume, program)
    for epoch in range(first, arguments.epochs + 1):
        program.epoch = epoch
        title = f"epoch {epoch} train"
        training = train(program, data["train"], arguments.batch_size, title)
        report(title, training)
        validation = measure(program, data["validation"], arguments.batch_size)
        report(f"epoch {epoch} validation", validation)
        if arguments.probes:
            arguments.probes.mkdir(parents=True, exist_ok=True)
            save_file(probed(program, data), arguments.probes / f"epoch_{epoch}.safetensors")
        loss = (validation or training)["imitation"]
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
