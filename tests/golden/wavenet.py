"""wavenet: a WaveNet learns plucked strings value by value, by one of three likelihoods, and plays
its own

Run it: python wavenet.py --epochs 25
Load the weights that it saves:
    Program().load_state_dict(load_file("wavenet.safetensors"))

Fixed in this file: likelihood = 1.
"""

import argparse
import math
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.lr_scheduler import LRScheduler

EPOCHS = 25
SEED = 0
BATCH_SIZE = 4
EPOCH_SAMPLES = 120
CHANNELS = 32


def dequantise(classes: Tensor, levels: int, low: float = 0.0, high: float = 1.0) -> Tensor:
    """Inverse of quantisation: classes as values at equal distances."""
    return low + classes / (levels - 1) * (high - low)


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


def gated_tanh(x: Tensor) -> Tensor:
    """Gated activation: the tanh of the first half of the channels, times the sigmoid of the
    second.
    """
    value, gate = x.chunk(2, 1)
    return torch.tanh(value) * torch.sigmoid(gate)


@torch.no_grad()
def categorical_sample(scores: Tensor, dim: int = -1, temperature: float = 1.0) -> Tensor:
    """A class sampled from logits along an axis, which goes away; at temperature 0 the argmax."""
    if temperature == 0:
        return scores.argmax(dim)
    share = (scores / temperature).movedim(dim, -1).softmax(-1)
    return torch.multinomial(share.flatten(0, -2), 1).view(share.shape[:-1])


class ResidualLayer(nn.Module):
    """A residual layer: a dilated causal convolution with a gated tanh, and a skip connection.

    From x (N, channels, …) to (N, channels, …), (N, channels * 2, …).
    """

    def __init__(self, channels: int, i: int) -> None:
        super().__init__()
        self.dilated = CausalConv1d(channels, channels * 2, 2, dilation=2 ** (i % 6))
        self.residual = nn.Conv1d(channels, channels, 1)
        self.skipped = nn.Conv1d(channels, channels * 2, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        gate = gated_tanh(self.dilated(x))  # (N, channels, …)
        return x + self.residual(gate), self.skipped(gate)  # (N, channels, …), (N, channels * 2, …)


class Categorical(nn.Module):
    """A head for a categorical distribution over levels.

    From heard (N, in_channels, …) to (N, …, 1), (N, …, 256).
    """

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.levels = nn.Conv1d(in_channels, 256, 1)

    def forward(self, heard: Tensor) -> tuple[Tensor, Tensor]:
        levels = self.levels(heard)  # (N, 256, …)
        value = dequantise(categorical_sample(levels, dim=1), levels=256, low=-1.0)  # (N, …)
        # (N, …, 1), (N, …, 256)
        return torch.unsqueeze(value, -1), torch.permute(levels, (0, 2, 1))


class SoundModel(nn.Module):
    """WaveNet: the distribution of each sample, from the samples before it.

    From values (N, …, 1) to (N, …, 1), (N, …, 256).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.stem = CausalConv1d(1, channels, 2)
        self.layers = Chain([ResidualLayer(channels=channels, i=i) for i in range(12)])
        self.mix = nn.Conv1d(channels * 2, channels * 2, 1)
        self.categorical = Categorical(in_channels=channels * 2)

    def forward(self, values: Tensor) -> tuple[Tensor, Tensor]:
        x = self.stem(torch.permute(values, (0, 2, 1)))  # (N, channels, …)
        x = F.relu(self.layers(x)[1])  # (N, channels * 2, …)
        x = F.relu(self.mix(x))  # (N, channels * 2, …)
        return self.categorical(x)


class Wavenet(nn.Module):
    """From codes (N, 1024) to (N, 1023, 256), (N, 1023), (N, 1024, 1)."""

    def __init__(self, channels: int = CHANNELS) -> None:
        super().__init__()
        self.model = SoundModel(channels=channels)

    def forward(self, codes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        sequence = torch.unsqueeze(dequantise(codes, levels=256, low=-1.0), -1)  # (N, 1024, 1)
        # (N, 1023, 256), (N, 1023), (N, 1024, 1)
        return self.model(sequence[:, :-1])[1], codes[:, 1:], sequence


def bits_per_dimension(nats: Tensor, dimensions: int = 1) -> Tensor:
    """Bits per dimension: nats of a sample as bits for each of its values."""
    return nats / (dimensions * math.log(2))


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Evaluation mode for a while; then every part is as it was."""
    training = [part for part in module.modules() if part.training]
    module.eval()
    try:
        yield
    finally:
        for part in training:
            part.training = True


def can_remember(layer: nn.Module) -> bool:
    """Whether a layer is causal, and can go on where it ended."""
    if isinstance(layer, nn.RNNBase):
        return not layer.bidirectional
    return hasattr(layer, "past")


@contextmanager
def remembering(module: nn.Module, wanted: bool = True) -> Iterator[None]:
    """Key-value and state caches for a while: what a module sees goes on where it ended before, as
    if it had come at once.

    Recurrent layers start from their last state; other layers have a `past` to keep what they need
    of earlier steps. A layer that is used several times in one pass has a past for each use.
    """
    past: dict[tuple[nn.Module, int], Any] = {}
    uses: Counter[nn.Module] = Counter()

    def begin(_module: nn.Module, _args: Any) -> None:
        uses.clear()

    def before(layer: Any, args: Any) -> Any:
        known = past.get((layer, uses[layer]))
        if isinstance(layer, nn.RNNBase):
            return args if known is None else (args[0], known)
        layer.past, layer.remembers = known, True
        return args

    def after(layer: Any, _args: Any, result: Any) -> None:
        past[layer, uses[layer]] = result[1] if isinstance(layer, nn.RNNBase) else layer.past
        uses[layer] += 1

    layers: list[Any] = [layer for layer in module.modules() if wanted and can_remember(layer)]
    hooks = [module.register_forward_pre_hook(begin)]
    hooks += [layer.register_forward_pre_hook(before) for layer in layers]
    hooks += [layer.register_forward_hook(after) for layer in layers]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
        for layer in layers:
            if not isinstance(layer, nn.RNNBase):
                layer.past, layer.remembers = None, False


def drawn_class(scores: Tensor, temperature: float) -> Tensor:
    """One class for each row of logits: the argmax at temperature 0, else sampled."""
    if temperature == 0:
        return scores.argmax(1)
    return torch.multinomial((scores / temperature).softmax(1), 1)[:, 0]


@torch.no_grad()
def generate(
    module: nn.Module,
    prompt: Tensor,
    *others: Tensor,
    steps: int,
    temperature: float,
    sees: str = "everything",
    cached: bool = False,
) -> Tensor:
    """Lengthen sequences autoregressively: (N, T, …) grows to (N, T + steps, …).

    The module sees everything so far, or the last steps, as many as the prompt has; `cached`, it
    sees the prompt and then one new step at a time, and remembers those before. For integers
    (N, T) it gives the logits of the next one, (N, C) or (N, T, C): temperature 0 takes the most
    probable, else one is sampled. For vectors (N, T, F) it gives the next one. Of several outputs
    the first counts. It is in evaluation mode meanwhile, and no gradient passes through.
    """
    sequence = new = prompt
    with evaluating(module), remembering(module, cached):
        for _ in range(steps):
            first = sequence.shape[1] - prompt.shape[1] if sees == "last_steps" else 0
            result = module(new if cached else sequence[:, first:], *others)
            next_ = result[0] if isinstance(result, tuple) else result
            if next_.dim() == 3:
                next_ = next_[:, -1]
            if not prompt.is_floating_point():
                next_ = drawn_class(next_, temperature)
            new = next_[:, None]
            sequence = torch.cat([sequence, new], 1)
    return sequence


def quantise(x: Tensor, levels: int, low: float = 0.0, high: float = 1.0) -> Tensor:
    """Quantisation: the nearest of some levels at equal distances, as a class from 0."""
    share = (x.clamp(low, high) - low) / (high - low)
    return (share * (levels - 1)).round().long()


def mu_law_decode(classes: Tensor, levels: int = 256) -> Tensor:
    """Inverse of mu-law companding: classes as sound from -1 to 1."""
    even = classes / (levels - 1) * 2 - 1
    return even.sign() * torch.expm1(even.abs() * math.log(levels)) / (levels - 1)


def places_of(x: Tensor) -> torch.Size:
    """The steps of sequences, (T), or the height and width of images, (H, W)."""
    is_image = x.dim() == 4 or (x.dim() == 3 and not x.is_floating_point())
    return x.shape[-2:] if is_image else x.shape[1:2]


@torch.no_grad()
def receptive_field(module: nn.Module, x: Tensor, *others: Tensor, output: int = 0) -> Tensor:
    """Effective receptive field: how much a module's answer at one place depends on each place of
    its input, at most 1.

    Each place in turn gets what the next sample has there; how much the answer changes is averaged
    over all samples. Sequences, (N, T) of integers or (N, T, F), are answered at their last
    step: (1, T); images, (N, C, H, W) or (N, H, W) of integers, in their middle: (1, 1, H, W).
    An answer that has not these places counts as a whole.
    """
    places = places_of(x)
    is_image = len(places) == 2

    def answer(x: Tensor) -> Tensor:
        result = module(x, *others)
        said: Tensor = result[output] if isinstance(result, tuple) else result
        if is_image and said.dim() > 3 and said.shape[-2:] == places:
            return said[..., places[0] // 2, places[1] // 2]
        if not is_image and said.dim() == 3 and said.shape[1] == places[0]:
            return said[:, -1]
        return said

    number = torch.arange(places.numel(), device=x.device).view(places)
    here = number if is_image else number.view(-1, *[1] * (x.dim() - 2))
    with evaluating(module):
        said, next_sample = answer(x), x.roll(1, 0)
        changed = (torch.where(here == place, next_sample, x) for place in range(places.numel()))
        effect = torch.stack([(answer(other) - said).abs().mean() for other in changed])
    field = effect / effect.max().clamp(min=torch.finfo(effect.dtype).tiny)
    return field.view(*[1] * len(places), *places)


class Program(nn.Module):
    """What happens on one batch."""

    def __init__(self, channels: int = CHANNELS) -> None:
        super().__init__()
        self.network = Wavenet(channels=channels)

    def evaluate(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Losses and metrics of one batch."""
        codes = batch["codes"]  # (N, 1024)
        parameters, target, _ = self.network(codes)  # (N, 1023, 256), (N, 1023), (N, 1024, 1)
        categorical = F.cross_entropy(
            torch.flatten(parameters, 0, 1), torch.flatten(target), label_smoothing=0.0
        )
        return {
            "nats": categorical,
            "categorical": categorical,
            "bits": bits_per_dimension(categorical),
        }

    def configure_optimizers(self, steps_per_epoch: int, epochs: int = EPOCHS) -> None:
        """Make the optimizer; their learning rates follow a schedule over the whole training."""
        self.adam_optimizer = torch.optim.Adam(
            self.network.parameters(), lr=0.004, betas=(0.9, 0.999), weight_decay=0.0
        )
        self.adam_scheduler = torch.optim.lr_scheduler.OneCycleLR(
            self.adam_optimizer,
            max_lr=0.004,
            total_steps=epochs * steps_per_epoch,
            cycle_momentum=False,
        )

    def step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Evaluate one batch, then let the optimizer move its weights."""
        values = self.evaluate(batch)

        # minimise nats
        self.adam_optimizer.zero_grad()
        values["nats"].backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.adam_optimizer.step()
        self.adam_scheduler.step()

        return {name: value.detach() for name, value in values.items()}

    def probe(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """What the probes show of one batch."""
        codes = batch["codes"]  # (N, 1024)
        _, _, sequence = self.network(codes)  # (N, 1023, 256), (N, 1023), (N, 1024, 1)
        drawn = generate(
            self.network.model, sequence[:, :64], steps=448, temperature=1.0, cached=True
        )  # (N, 512, 1)
        wave = mu_law_decode(quantise(torch.squeeze(drawn, -1), levels=256, low=-1.0))  # (N, 512)
        looked_at = receptive_field(self.network.model, sequence[:, -160:], output=1)  # (1, 160)
        return {"melodies.sound": wave[:2], "reach.y": looked_at[:1]}


def pluck(period: int, length: int, draw: np.random.Generator) -> np.ndarray:
    """A plucked string: noise in a delay loop with a low-pass filter.

    Karplus and Strong 1983: a value is the mean of the two that were heard a period before.
    """
    loss = 0.5 * draw.uniform(0.99, 0.998)
    note = np.empty(length + period)
    note[:period] = draw.uniform(-1, 1, period) * draw.uniform(0.4, 1)
    for start in range(period, length, period - 1):
        end = min(start + period - 1, length)
        before = note[start - period : end - period + 1]
        note[start:end] = loss * (before[:-1] + before[1:])
    return note[:length]


def melody(length: int, draw: np.random.Generator) -> np.ndarray:
    """Notes one after the other, each of 250 to 600 values, with faint noise."""
    notes, missing = [], length
    while missing > 0:
        period = int(draw.choice([9, 10, 12, 13, 15, 18, 20, 24]))
        notes.append(pluck(period, int(draw.integers(250, 600)), draw))
        missing -= len(notes[-1])
    return np.concatenate(notes)[:length] + draw.normal(0, 0.001, length)


def melodies(count: int, length: int, levels: int, draw: np.random.Generator) -> dict[str, Tensor]:
    """Some melodies; `compressed` is the wave on the scale of the levels, -1 to 1."""
    waves = (
        np.stack([melody(length, draw) for _ in range(count)]) if count else np.zeros((0, length))
    )
    wave = torch.tensor(waves, dtype=torch.float32).clamp(-1, 1)
    top = levels - 1
    compressed = wave.sign() * torch.log1p(top * wave.abs()) / math.log1p(top)
    codes = ((compressed + 1) / 2 * top).round().long()
    return {
        "wave": wave[:, None],
        "codes": codes,
        "compressed": (codes.float() / top * 2 - 1)[:, None],
    }


def plucked_strings(
    samples: int, held_out: int, length: int, levels: int, seed: int
) -> dict[str, dict[str, Tensor]]:
    """Melodies of plucked strings as waves, (N, 1, T), and as mu-law levels, (N, T)."""
    draw = np.random.default_rng(seed)
    sizes = {"train": samples, "validation": held_out, "test": held_out}
    return {part: melodies(count, length, levels, draw) for part, count in sizes.items()}


def load(device: str) -> dict[str, dict[str, Tensor]]:
    """Every split of the data, on a device: split -> field -> tensor."""
    splits = plucked_strings(samples=400, held_out=12, length=1024, levels=256, seed=0)
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
        default="wavenet.safetensors",
        help="where the last weights go; those of the lowest validation nats go to …_best",
    )
    parser.add_argument(
        "--resume",
        type=Path,
        help="keeps the training's state after each epoch, and goes on from it",
    )
    parser.add_argument("--probes", type=Path, help="folder for what the probes show, by epoch")
    parser.add_argument(
        "--channels",
        type=int,
        default=CHANNELS,
        help="Channels of a layer, 16 to 128: the work grows by its square.",
    )
    arguments = parser.parse_args()

    torch.manual_seed(arguments.seed)
    data = load(arguments.device)
    steps_per_epoch = steps_in(data["train"], arguments.batch_size)
    program = Program(channels=arguments.channels).to(arguments.device)
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
