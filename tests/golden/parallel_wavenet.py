"""parallel_wavenet: a student that makes a whole sound in one pass learns it from the densities of
a WaveNet, which would make it value by value

Run it: python parallel_wavenet.py --epochs 44
Load the weights that it saves:
    Program().load_state_dict(load_file("parallel_wavenet.safetensors"))

Fixed in this file: power = 1.0.
"""

import argparse
import math
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.lr_scheduler import LRScheduler

EPOCHS = 44
SEED = 0
BATCH_SIZE = 8
EPOCH_SAMPLES = 128


def one_hot(labels: Tensor, num_classes: int) -> Tensor:
    """One-hot encoding: a vector for each class, 1 at the class and 0 elsewhere."""
    return F.one_hot(labels, num_classes).float()


def shifted(x: Tensor, steps: int, dim: int = 1) -> Tensor:
    """Shifted so many steps later along an axis, or earlier below 0, padded with zeros."""
    size = x.shape[dim]
    zeros = torch.zeros_like(x.narrow(dim, 0, abs(steps)))
    if steps < 0:
        return torch.cat([x.narrow(dim, -steps, size + steps), zeros], dim)
    return torch.cat([zeros, x.narrow(dim, 0, size - steps)], dim)


def logistic_noise(*sizes: int, device: torch.device) -> Tensor:
    """Random numbers from the logistic distribution around 0 with scale 1."""
    share = torch.rand(*sizes, device=device).clamp(1e-6, 1 - 1e-6)
    return torch.logit(share)


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


def logistic_sample(mean: Tensor, log_scale: Tensor) -> Tensor:
    """A reparameterised sample of logistic distributions, through which gradients pass."""
    share = torch.rand_like(mean).clamp(1e-6, 1 - 1e-6)
    return mean + torch.exp(log_scale) * torch.logit(share)


class Chain(nn.ModuleList):
    """A stack of modules with skip outputs: the first input runs through them, others reach each
    one.

    Of several outputs the first goes on to the next module; each of the others is summed over all
    of them, as the skip connections of a WaveNet are (van den Oord et al. 2016, arXiv 1609.03499).
    """

    def __init__(self, blocks: Iterable[nn.Module]) -> None:
        super().__init__(blocks)

    def forward(self, x: Tensor, *others: Tensor) -> Tensor | tuple[Tensor, ...]:
        """The output of the last module, and the sums of the other outputs."""
        sums: list[Tensor] = []
        for block in self:
            result = block(x, *others)
            x, *rest = result if isinstance(result, tuple) else (result,)
            sums = [total + part for total, part in zip(sums, rest, strict=True)] if sums else rest
        return (x, *sums) if sums else x


class CausalConv1d(nn.Conv1d):
    """Causal 1d convolution, in which no step sees a later one: (N, C, T) to (N, out, T).

    While it `remembers`, the inputs that it saw last are its `past`, and stand before what it sees
    next.
    """

    past: Tensor | None = None
    remembers = False

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        dilation: int = 1,
        bias: bool = True,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, dilation=dilation, bias=bias)
        self.reach = dilation * (kernel_size - 1)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve after as many zeros, or steps of the past, as the filter reaches back."""
        x = F.pad(x, (self.reach, 0)) if self.past is None else torch.cat([self.past, x], 2)
        if self.remembers:
            self.past = x[:, :, x.shape[2] - self.reach :]
        if x.shape[2] == self.reach + 1:  # one step: only those that the filter looks at
            return F.conv1d(x[:, :, :: self.dilation[0]], self.weight, self.bias)
        return super().forward(x)


def gated_tanh(x: Tensor) -> Tensor:
    """Gated activation: the tanh of the first half of the channels, times the sigmoid of the
    second.
    """
    value, gate = x.chunk(2, 1)
    return torch.tanh(value) * torch.sigmoid(gate)


def affine_flow(x: Tensor, shift: Tensor, log_scale: Tensor) -> tuple[Tensor, Tensor]:
    """Affine flow, x * exp(log_scale) + shift, and its log-determinant, (N,)."""
    return x * torch.exp(log_scale) + shift, log_scale.flatten(1).sum(1)


def spectrogram(wave: Tensor, window: int, hop: int, logarithm: bool) -> Tensor:
    """Magnitude spectrogram: (N, 1, T) to (N, 1, window // 2 + 1, 1 + T // hop)."""
    shape = torch.hann_window(window, device=wave.device)
    waves = torch.stft(wave[:, 0], window, hop, window=shape, return_complex=True)
    strength = waves.abs()[:, None]
    return (strength + 0.001).log() if logarithm else strength


class ResidualLayer(nn.Module):
    """A residual layer: a dilated causal convolution with a gated tanh, conditioned on the pipe.

    From x (N, channels, 384), pipe (N, 4, 1) to (N, channels, 384), (N, channels, 384).
    """

    def __init__(self, channels: int, i: int) -> None:
        super().__init__()
        self.dilated = CausalConv1d(channels, channels * 2, 2, dilation=2**i)
        self.condition = nn.Conv1d(4, channels * 2, 1, bias=False)
        self.residual = nn.Conv1d(channels, channels, 1)
        self.skipped = nn.Conv1d(channels, channels, 1)

    def forward(self, x: Tensor, pipe: Tensor) -> tuple[Tensor, Tensor]:
        gate = gated_tanh(self.dilated(x) + self.condition(pipe))  # (N, channels, 384)
        return x + self.residual(gate), self.skipped(gate)  # (N, channels, 384), (N, channels, 384)


class WaveNet(nn.Module):
    """Shift and log scale of each sample, from the samples before it.

    From past (N, 1, 384), pipe (N, 4, 1) to (N, 1, 384), (N, 1, 384).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.stem = nn.Conv1d(1, channels, 1)
        self.layers = Chain([ResidualLayer(channels=channels, i=i) for i in range(5)])
        self.mix = nn.Conv1d(channels, channels, 1)
        self.numbers = nn.Conv1d(channels, 2, 1)

    def forward(self, past: Tensor, pipe: Tensor) -> tuple[Tensor, Tensor]:
        x = self.stem(past)  # (N, channels, 384)
        x = F.relu(self.layers(x, pipe)[1])  # (N, channels, 384)
        x = F.relu(self.mix(x))  # (N, channels, 384)
        first, second = torch.chunk(self.numbers(x), 2, 1)
        return first, torch.clamp(second, min=-5.0, max=3.0)  # (N, 1, 384), (N, 1, 384)


class FlowStep(nn.Module):
    """One inverse autoregressive flow.

    From x (N, 1, 384), pipe (N, 4, 1) to (N, 1, 384), (N, 1, 384).
    """

    def __init__(self) -> None:
        super().__init__()
        self.wave_net = WaveNet(channels=16)

    def forward(self, x: Tensor, pipe: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_scale = self.wave_net(shifted(x, 1, dim=2), pipe)
        return affine_flow(x, mean, log_scale)[0], log_scale  # (N, 1, 384), (N, 1, 384)


class Student(nn.Module):
    """The student: a sound from noise in one pass, by a chain of flows.

    From noise (N, 1, 384), pipe (N, 4, 1) to (N, 1, 384), (N, 1, 384), (N, 1, 384).
    """

    def __init__(self) -> None:
        super().__init__()
        self.flows = Chain([FlowStep() for _ in range(4)])

    def forward(self, noise: Tensor, pipe: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        y, log_scale = self.flows(noise, pipe)
        # (N, 1, 384), (N, 1, 384), (N, 1, 384)
        return y, y - torch.exp(log_scale) * noise, log_scale


class Timbre(nn.Module):
    """The mean spectrum of a sound.

    From wave (N, 1, 384) to (N, 1, 33).
    """

    def __init__(self) -> None:
        super().__init__()

    def forward(self, wave: Tensor) -> Tensor:
        return torch.mean(spectrogram(wave, 64, 16, True), 3)  # (N, 1, 33)


def logistic_nats(mean: Tensor, target: Tensor, log_scale: Tensor) -> Tensor:
    """Logistic negative log-likelihood, in nats."""
    distance = (target - mean) * torch.exp(-log_scale)
    return distance + log_scale + 2 * F.softplus(-distance)


def measured(nats: Tensor, per: str = "sample", unit: str = "nats") -> Tensor:
    """Nats of each value, (N, …), summed over each sample or as the mean over all values; in bits
    where wanted.
    """
    mean = nats.mean() if per == "value" else nats.sum() / len(nats)
    return mean / math.log(2) if unit == "bits" else mean


class Program(nn.Module):
    """What happens on one batch."""

    def __init__(self) -> None:
        super().__init__()
        self.teacher = WaveNet(channels=24)
        self.student = Student()
        self.timbre = Timbre()
        self.epoch = 1  # the loop says which one it is

    def evaluate(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Losses and metrics of one batch."""
        pipe = batch["pipe"]  # (N,)
        wave = batch["wave"]  # (N, 1, 384)
        which_pipe = torch.unsqueeze(one_hot(pipe, 4), 2)  # (N, 4, 1)
        teacher_mean, teacher_log_scale = self.teacher(shifted(wave, 1, dim=2), which_pipe)
        nats = measured(
            logistic_nats(teacher_mean, wave, teacher_log_scale), per="value", unit="nats"
        )
        made, made_mean, made_log_scale = self.student(
            logistic_noise(len(wave), 1, 384, device=wave.device), which_pipe
        )
        answer_mean, answer_log_scale = frozen(self.teacher, shifted(made, 1, dim=2), which_pipe)
        cross_entropy = measured(
            logistic_nats(
                answer_mean, logistic_sample(made_mean, made_log_scale), answer_log_scale
            ),
            per="value",
            unit="nats",
        )
        entropy = measured(made_log_scale + 2.0, per="value", unit="nats")
        divergence = cross_entropy - entropy
        power_loss = F.mse_loss(self.timbre(made), self.timbre(wave))
        return {
            "nats": nats,
            "students_loss": divergence + power_loss,
            "cross_entropy": cross_entropy,
            "entropy": entropy,
            "divergence": divergence,
            "power_loss": power_loss,
        }

    def configure_optimizers(self, steps_per_epoch: int, epochs: int = EPOCHS) -> None:
        """Make the optimizers; their learning rates follow a schedule over the whole training."""
        self.teaching_weights = list(self.teacher.parameters())
        self.teaching_optimizer = torch.optim.Adam(
            self.teaching_weights, lr=0.02, betas=(0.9, 0.999), weight_decay=0.0
        )
        self.teaching_scheduler = torch.optim.lr_scheduler.OneCycleLR(
            self.teaching_optimizer,
            max_lr=0.02,
            total_steps=min(epochs, 14) * steps_per_epoch,
            cycle_momentum=False,
        )
        self.learning_weights = list(self.student.parameters())
        self.learning_optimizer = torch.optim.Adam(
            self.learning_weights, lr=0.004, betas=(0.9, 0.999), weight_decay=0.0
        )
        self.learning_scheduler = torch.optim.lr_scheduler.OneCycleLR(
            self.learning_optimizer,
            max_lr=0.004,
            total_steps=max(1, (epochs - 14) * steps_per_epoch),
            cycle_momentum=False,
        )

    def step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Each optimizer in turn moves its own weights."""
        pipe = batch["pipe"]  # (N,)
        wave = batch["wave"]  # (N, 1, 384)

        # teaching: minimise nats over teacher
        which_pipe = torch.unsqueeze(one_hot(pipe, 4), 2)  # (N, 4, 1)
        mean, log_scale = self.teacher(shifted(wave, 1, dim=2), which_pipe)
        nats = measured(logistic_nats(mean, wave, log_scale), per="value", unit="nats")
        if self.epoch <= 14:
            self.teaching_optimizer.zero_grad()
            nats.backward(inputs=self.teaching_weights)
            self.teaching_optimizer.step()
            self.teaching_scheduler.step()

        # learning: minimise students_loss over student; which_pipe still holds
        made, made_mean, made_log_scale = self.student(
            logistic_noise(len(wave), 1, 384, device=wave.device), which_pipe
        )
        mean_2, log_scale_2 = frozen(self.teacher, shifted(made, 1, dim=2), which_pipe)
        cross_entropy = measured(
            logistic_nats(mean_2, logistic_sample(made_mean, made_log_scale), log_scale_2),
            per="value",
            unit="nats",
        )
        entropy = measured(made_log_scale + 2.0, per="value", unit="nats")
        divergence = cross_entropy - entropy
        power_loss = F.mse_loss(self.timbre(made), self.timbre(wave))
        students_loss = divergence + power_loss
        if self.epoch >= 15:
            self.learning_optimizer.zero_grad()
            students_loss.backward(inputs=self.learning_weights)
            nn.utils.clip_grad_norm_(self.learning_weights, 1.0)
            self.learning_optimizer.step()
            self.learning_scheduler.step()

        return {
            "nats": nats.detach(),
            "students_loss": students_loss.detach(),
            "cross_entropy": cross_entropy.detach(),
            "entropy": entropy.detach(),
            "divergence": divergence.detach(),
            "power_loss": power_loss.detach(),
        }

    def probe(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """What the probes show of one batch."""
        pipe = batch["pipe"]  # (N,)
        wave = batch["wave"]  # (N, 1, 384)
        made, _, _ = self.student(
            logistic_noise(len(wave), 1, 384, device=wave.device),
            torch.unsqueeze(one_hot(pipe, 4), 2),
        )
        return {"waves.y": made[:2], "waves.target": wave[:2]}


_RUN_IN = 200


def tones(
    count: int,
    length: int,
    periods: tuple[int, ...],
    breath: float,
    echo: float,
    draw: np.random.Generator,
) -> dict[str, Tensor]:
    """Some tones, each of a pipe drawn at random."""
    pipe = draw.integers(0, len(periods), count)
    period = np.array(periods)[pipe]
    start = max(periods) + 1
    wave = draw.logistic(0, breath, (count, start + _RUN_IN + length))
    row = np.arange(count)
    for time in range(start, wave.shape[1]):
        before = wave[row, time - period] + wave[row, time - period - 1]
        wave[:, time] -= echo / 2 * before
    heard = torch.tensor(wave[:, None, start + _RUN_IN :], dtype=torch.float32)
    return {"wave": heard, "pipe": torch.tensor(pipe)}


def blown_pipes(
    samples: int,
    held_out: int,
    length: int,
    periods: tuple[int, ...],
    breath: float,
    echo: float,
    seed: int,
) -> dict[str, dict[str, Tensor]]:
    """Steady tones as waves, (N, 1, T), and which pipe each is of, (N,)."""
    draw = np.random.default_rng(seed)
    sizes = {"train": samples, "validation": held_out, "test": held_out}
    return {
        part: tones(count, length, periods, breath, echo, draw) for part, count in sizes.items()
    }


def load(device: str) -> dict[str, dict[str, Tensor]]:
    """Every split of the data, on a device: split -> field -> tensor."""
    splits = blown_pipes(
        samples=256, held_out=32, length=384, periods=(5, 7, 9, 11), breath=0.1, echo=0.92, seed=0
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
    return math.ceil(min(len(split["wave"]), EPOCH_SAMPLES) / batch_size)


def epoch_order(split: dict[str, Tensor], batch_size: int) -> Tensor:
    """The indices of an epoch's samples, in the order in which they come."""
    return torch.randperm(len(split["wave"]))[:EPOCH_SAMPLES]


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
        default="parallel_wavenet.safetensors",
        help="where the last weights go; those of the lowest validation nats go to …_best",
    )
    parser.add_argument(
        "--resume",
        type=Path,
        help="keeps the training's state after each epoch, and goes on from it",
    )
    parser.add_argument("--probes", type=Path, help="folder for what the probes show, by epoch")
    arguments = parser.parse_args()

    torch.manual_seed(arguments.seed)
    data = load(arguments.device)
    steps_per_epoch = steps_in(data["train"], arguments.batch_size)
    program = Program().to(arguments.device)
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
        loss = (validation or training)["nats"]
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
