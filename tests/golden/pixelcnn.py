"""pixelcnn: a PixelCNN learns digits pixel by pixel, each from those before it, and draws its own

Run it: python pixelcnn.py --epochs 64
Load the weights that it saves:
    Program().load_state_dict(load_file("pixelcnn.safetensors"))
"""

import argparse
import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from time import monotonic
from typing import Any

import torch
from safetensors.torch import save_file
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.lr_scheduler import LRScheduler

EPOCHS = 64
SEED = 0
BATCH_SIZE = 32
EPOCH_SAMPLES = 640
CHANNELS = 32


def quantise(x: Tensor, levels: int, low: float = 0.0, high: float = 1.0) -> Tensor:
    """Quantisation: the nearest of some levels at equal distances, as a class from 0."""
    share = (x.clamp(low, high) - low) / (high - low)
    return (share * (levels - 1)).round().long()


def one_hot(labels: Tensor, num_classes: int) -> Tensor:
    """One-hot encoding: a vector for each class, 1 at the class and 0 elsewhere."""
    return F.one_hot(labels, num_classes).float()


class MaskedConv2d(nn.Conv2d):
    """Masked 2d convolution: a pixel sees those above it, those before it in its row, and with mask
    "B" itself, (N, C, H, W) to (N, out, H, W) (van den Oord et al. 2016, arXiv 1601.06759).

    Channels fall into `colours` of equal size; at its own pixel, a colour sees those before it, and
    with mask "B" itself.
    """

    seen: Tensor

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        mask: str = "B",
        colours: int = 1,
        bias: bool = True,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, padding="same", bias=bias)
        height, width = self.kernel_size
        row, column = height // 2, width // 2
        colour = torch.arange(out_channels)[:, None] * colours // out_channels
        colour_seen = torch.arange(in_channels) * colours // in_channels
        seen = torch.ones(out_channels, in_channels, height, width)
        seen[:, :, row, column] = (colour > colour_seen).float()
        if mask == "B":
            seen[:, :, row, column] = (colour >= colour_seen).float()
        seen[:, :, row, column + 1 :] = 0
        seen[:, :, row + 1 :] = 0
        self.register_buffer("seen", seen, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve with the masked filters."""
        convolved: Tensor = self._conv_forward(x, self.weight * self.seen, self.bias)
        return convolved


def gated_tanh(x: Tensor) -> Tensor:
    """Gated activation: the tanh of the first half of the channels, times the sigmoid of the
    second.
    """
    value, gate = x.chunk(2, 1)
    return torch.tanh(value) * torch.sigmoid(gate)


class GatedLayer(nn.Module):
    """A residual layer: a masked convolution with a gated tanh.

    From x (N, channels, 8, 8) to (N, channels, 8, 8).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.masked = MaskedConv2d(channels, channels * 2, 3)
        self.dropout = nn.Dropout2d(0.1)
        self.out = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        gate = gated_tanh(self.masked(x))  # (N, channels, 8, 8)
        dropout = self.dropout(gate)  # (N, channels, 8, 8)
        return x + self.out(dropout)  # (N, channels, 8, 8)


class PixelModel(nn.Module):
    """PixelCNN: the logits of each pixel's level, from the pixels before it.

    From levels (N, 8, 8) to (N, 17, 8, 8).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.before = MaskedConv2d(17, channels, 5, mask="A")
        self.layers = nn.Sequential(*[GatedLayer(channels=channels) for _ in range(5)])
        self.mix = nn.Conv2d(channels, channels, 1)
        self.head = nn.Conv2d(channels, 17, 1)

    def forward(self, levels: Tensor) -> Tensor:
        x = self.before(torch.permute(one_hot(levels, 17), (0, 3, 1, 2)))  # (N, channels, 8, 8)
        x = F.relu(self.layers(x))  # (N, channels, 8, 8)
        x = F.relu(self.mix(x))  # (N, channels, 8, 8)
        return self.head(x)  # (N, 17, 8, 8)


class Pixelcnn(nn.Module):
    """From image (N, 8, 8) to (N, 17, 8, 8), (N, 8, 8)."""

    def __init__(self, channels: int = CHANNELS) -> None:
        super().__init__()
        self.model = PixelModel(channels=channels)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        levels = quantise(image, levels=17)  # (N, 8, 8)
        return self.model(levels), levels  # (N, 17, 8, 8), (N, 8, 8)


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


def drawn_class(scores: Tensor, temperature: float) -> Tensor:
    """One class for each row of logits: the argmax at temperature 0, else sampled."""
    if temperature == 0:
        return scores.argmax(1)
    return torch.multinomial((scores / temperature).softmax(1), 1)[:, 0]


@torch.no_grad()
def generate_pixels(
    module: nn.Module, image: Tensor, *others: Tensor, keep_rows: int, temperature: float
) -> Tensor:
    """Generate images of integers autoregressively, (N, H, W) or with K colours (N, K, H, W),
    pixel by pixel.

    The first rows stay as they are. The module sees what is drawn so far, and 0 where nothing is
    yet; of the logits that it gives for every pixel, (N, C, H, W) or (N, C, K, H, W), those of the
    next one count. It is in evaluation mode meanwhile, and no gradient passes through.
    """
    drawn = image.clone(memory_format=torch.contiguous_format)
    drawn[..., keep_rows:, :] = 0
    count, *_, height, width = drawn.shape
    colours = drawn.view(count, -1, height, width)
    rows, columns = range(keep_rows, height), range(width)
    with evaluating(module):
        for row, column, colour in product(rows, columns, range(colours.shape[1])):
            result = module(drawn, *others)
            scores = result[0] if isinstance(result, tuple) else result
            here = scores.reshape(count, -1, *colours.shape[1:])[:, :, colour, row, column]
            colours[:, colour, row, column] = drawn_class(here, temperature)
    return drawn


def dequantise(classes: Tensor, levels: int, low: float = 0.0, high: float = 1.0) -> Tensor:
    """Inverse of quantisation: classes as values at equal distances."""
    return low + classes / (levels - 1) * (high - low)


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
        self.network = Pixelcnn(channels=channels)

    def evaluate(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Losses and metrics of one batch."""
        image = batch["image"]  # (N, 8, 8)
        scores, levels = self.network(image)  # (N, 17, 8, 8), (N, 8, 8)
        nats = F.cross_entropy(scores, levels, label_smoothing=0.0)
        return {"nats": nats, "bits": bits_per_dimension(nats)}

    def configure_optimizers(self, steps_per_epoch: int, epochs: int = EPOCHS) -> None:
        """Make the optimizer; their learning rates follow a schedule over the whole training."""
        self.adamw_optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=0.004, betas=(0.9, 0.999), weight_decay=0.05
        )
        self.adamw_scheduler = torch.optim.lr_scheduler.OneCycleLR(
            self.adamw_optimizer,
            max_lr=0.004,
            total_steps=epochs * steps_per_epoch,
            cycle_momentum=False,
        )

    def step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Evaluate one batch, then let the optimizer move its weights."""
        values = self.evaluate(batch)

        # minimise nats
        self.adamw_optimizer.zero_grad()
        values["nats"].backward()
        self.adamw_optimizer.step()
        self.adamw_scheduler.step()

        return {name: value.detach() for name, value in values.items()}

    def probe(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """What the probes show of one batch."""
        image = batch["image"]  # (N, 8, 8)
        _, levels = self.network(image)  # (N, 17, 8, 8), (N, 8, 8)
        some = levels[:12]  # (12, 8, 8)
        ended = generate_pixels(
            self.network.model, some, keep_rows=4, temperature=1.0
        )  # (12, 8, 8)
        drawn = generate_pixels(
            self.network.model, some, keep_rows=0, temperature=1.0
        )  # (12, 8, 8)
        grey = dequantise(torch.cat([some, ended, drawn], dim=2), levels=17)  # (12, 8, 24)
        return {
            "samples.images": torch.unsqueeze(grey, 1)[:12],
            "reach.images": receptive_field(self.network.model, some)[:1],
        }


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
    splits = digits("rows", validation=0.05, test=0.25, seed=0)
    return {
        split: {name: values.to(device) for name, values in fields.items()}
        for split, fields in splits.items()
    }


def size_of(batch: dict[str, Tensor]) -> int:
    """How many samples a batch has."""
    return len(next(iter(batch.values())))


def steps_in(split: dict[str, Tensor], batch_size: int) -> int:
    """How many mini-batches an epoch of training has."""
    return math.ceil(min(len(split["image"]), EPOCH_SAMPLES) / batch_size)


def epoch_order(split: dict[str, Tensor], batch_size: int) -> Tensor:
    """The indices of an epoch's samples, in the order in which they come."""
    return torch.randperm(len(split["image"]))[:EPOCH_SAMPLES]


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
        default="pixelcnn.safetensors",
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
        help="Channels of a layer, 16 to 64: the work grows by its square.",
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
