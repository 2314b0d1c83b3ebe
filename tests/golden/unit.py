"""unit: digits and their edges are encoded in one latent space by layers that both share, and so
each is drawn as the other, learned unpaired

Run it: python unit.py --epochs 60
Load the weights that it saves:
    Program().load_state_dict(load_file("unit.safetensors"))
"""

import argparse
import math
import sys
from collections.abc import Callable, Iterator
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

EPOCHS = 60
SEED = 0
BATCH_SIZE = 16
EPOCH_SAMPLES = 240
RECONSTRUCTION = 10.0
CYCLE = 10.0
DIVERGENCE = 0.00016


class GaussianNoise(nn.Module):
    """Adds Gaussian noise while training, and nothing in evaluation."""

    def __init__(self, deviation: float) -> None:
        super().__init__()
        self.deviation = deviation

    def forward(self, x: Tensor) -> Tensor:
        """The input, with fresh noise on it."""
        return x + self.deviation * torch.randn_like(x) if self.training else x


class Residual(nn.Module):
    """A residual block of 1x1 convolutions, which see one place alone.

    From x (N, 48, 4, 4) to (N, 48, 4, 4).
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv_1 = nn.Conv2d(48, 48, 1)
        self.norm = nn.InstanceNorm2d(48, affine=True)
        self.conv_2 = nn.Conv2d(48, 48, 1)

    def forward(self, x: Tensor) -> Tensor:
        conv_1 = self.conv_1(x)  # (N, 48, 4, 4)
        relu = F.relu(self.norm(conv_1))  # (N, 48, 4, 4)
        return x + self.conv_2(relu)  # (N, 48, 4, 4)


class Encoder(nn.Module):
    """The encoder of one domain.

    From image (N, 1, 8, 8) to (N, 48, 4, 4).
    """

    def __init__(self) -> None:
        super().__init__()
        self.strokes = nn.Conv2d(1, 24, 3, padding="same")
        self.smaller = nn.Conv2d(24, 48, 4, stride=2, padding=1)
        self.norm = nn.InstanceNorm2d(48, affine=True)
        self.residual = Residual()

    def forward(self, image: Tensor) -> Tensor:
        x = F.relu(self.strokes(image))  # (N, 24, 8, 8)
        x = self.smaller(x)  # (N, 48, 4, 4)
        x = F.relu(self.norm(x))  # (N, 48, 4, 4)
        return self.residual(x)  # (N, 48, 4, 4)


class SharedLatent(nn.Module):
    """The layers that both domains share: the latent code, with noise while training.

    From features (N, 48, 4, 4) to (N, 48, 4, 4), (N, 8, 4, 4).
    """

    def __init__(self) -> None:
        super().__init__()
        self.residual_1 = Residual()
        self.code = nn.Conv2d(48, 8, 1)
        self.noisy_code = GaussianNoise(1.0)
        self.wider = nn.Conv2d(8, 48, 1)
        self.residual_2 = Residual()

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        x = self.residual_1(features)  # (N, 48, 4, 4)
        code = self.code(x)  # (N, 8, 4, 4)
        x = self.noisy_code(code)  # (N, 8, 4, 4)
        x = self.wider(x)  # (N, 48, 4, 4)
        return self.residual_2(x), code  # (N, 48, 4, 4), (N, 8, 4, 4)


class Decoder(nn.Module):
    """The decoder of one domain.

    From features (N, 48, 4, 4) to (N, 1, 8, 8).
    """

    def __init__(self) -> None:
        super().__init__()
        self.residual = Residual()
        self.larger = nn.ConvTranspose2d(48, 24, 4, stride=2, padding=1)
        self.norm = nn.InstanceNorm2d(24, affine=True)
        self.pixels = nn.Conv2d(24, 1, 3, padding="same")

    def forward(self, features: Tensor) -> Tensor:
        x = self.residual(features)  # (N, 48, 4, 4)
        x = self.larger(x)  # (N, 24, 8, 8)
        x = F.relu(self.norm(x))  # (N, 24, 8, 8)
        return torch.tanh(self.pixels(x))  # (N, 1, 8, 8)


class Discriminator(nn.Module):
    """A patch discriminator: a logit for each region of the image, real or generated.

    From image (N, 1, 8, 8) to (N, 1, 4, 4).
    """

    def __init__(self) -> None:
        super().__init__()
        self.strokes = nn.Conv2d(1, 24, 3, padding="same")
        self.parts = nn.Conv2d(24, 48, 4, stride=2, padding=1)
        self.norm = nn.InstanceNorm2d(48)
        self.score = nn.Conv2d(48, 1, 3, padding="same")

    def forward(self, image: Tensor) -> Tensor:
        x = F.leaky_relu(self.strokes(image), 0.2)  # (N, 24, 8, 8)
        x = self.parts(x)  # (N, 48, 4, 4)
        x = F.leaky_relu(self.norm(x), 0.2)  # (N, 48, 4, 4)
        return self.score(x)  # (N, 1, 4, 4)


def kl_of_unit_normal(mean: Tensor) -> Tensor:
    """KL divergence from normal distributions of variance 1 to the standard one, in nats."""
    return 0.5 * mean.square().flatten(1).sum(1).mean()


class Program(nn.Module):
    """What happens on one batch."""

    def __init__(
        self,
        reconstruction: float = RECONSTRUCTION,
        cycle: float = CYCLE,
        divergence: float = DIVERGENCE,
    ) -> None:
        super().__init__()
        self.reconstruction = reconstruction
        self.cycle = cycle
        self.divergence = divergence
        self.digits_encoder = Encoder()
        self.shared = SharedLatent()
        self.edges_encoder = Encoder()
        self.digits_decoder = Decoder()
        self.edges_decoder = Decoder()
        self.judge_of_digits = Discriminator()
        self.judge_of_edges = Discriminator()

    def evaluate(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Losses and metrics of one batch."""
        digits_image = batch["digits.image"]  # (N, 1, 8, 8)
        edges_image = batch["edges.image"]  # (N, 1, 8, 8)
        digits_features = self.digits_encoder(digits_image)  # (N, 48, 4, 4)
        digits_latent_decoded, digits_latent_mean = self.shared(digits_features)
        edges_features = self.edges_encoder(edges_image)  # (N, 48, 4, 4)
        edges_latent_decoded, edges_latent_mean = self.shared(edges_features)
        fake_digits = self.digits_decoder(edges_latent_decoded)  # (N, 1, 8, 8)
        fake_edges = self.edges_decoder(digits_latent_decoded)  # (N, 1, 8, 8)
        fake_digits_features = self.digits_encoder(fake_digits)  # (N, 48, 4, 4)
        fake_digits_latent_decoded, fake_digits_latent_mean = self.shared(fake_digits_features)
        fake_edges_features = self.edges_encoder(fake_edges)  # (N, 48, 4, 4)
        fake_edges_latent_decoded, fake_edges_latent_mean = self.shared(fake_edges_features)
        fake_digits_score = self.judge_of_digits(fake_digits)  # (N, 1, 4, 4)
        forged_digits = F.mse_loss(fake_digits_score, torch.ones_like(fake_digits_score))
        fake_edges_score = self.judge_of_edges(fake_edges)  # (N, 1, 4, 4)
        forged_edges = F.mse_loss(fake_edges_score, torch.ones_like(fake_edges_score))
        digits_kept = F.l1_loss(self.digits_decoder(digits_latent_decoded), digits_image)
        edges_kept = F.l1_loss(self.edges_decoder(edges_latent_decoded), edges_image)
        digits_cycle = F.l1_loss(self.digits_decoder(fake_edges_latent_decoded), digits_image)
        edges_cycle = F.l1_loss(self.edges_decoder(fake_digits_latent_decoded), edges_image)
        digits_kl = kl_of_unit_normal(digits_latent_mean)
        edges_kl = kl_of_unit_normal(edges_latent_mean)
        fake_digits_kl = kl_of_unit_normal(fake_digits_latent_mean)
        fake_edges_kl = kl_of_unit_normal(fake_edges_latent_mean)
        translators_loss = (
            forged_digits
            + forged_edges
            + self.reconstruction * digits_kept
            + self.reconstruction * edges_kept
            + self.cycle * digits_cycle
            + self.cycle * edges_cycle
            + self.divergence * digits_kl
            + self.divergence * edges_kl
            + self.divergence * fake_digits_kl
            + self.divergence * fake_edges_kl
        )
        digits_score = self.judge_of_digits(digits_image)  # (N, 1, 4, 4)
        real_digits = F.mse_loss(digits_score, torch.ones_like(digits_score))
        found_digits = F.mse_loss(fake_digits_score, torch.zeros_like(fake_digits_score))
        edges_score = self.judge_of_edges(edges_image)  # (N, 1, 4, 4)
        real_edges = F.mse_loss(edges_score, torch.ones_like(edges_score))
        found_edges = F.mse_loss(fake_edges_score, torch.zeros_like(fake_edges_score))
        judges_loss = 0.5 * real_digits + 0.5 * found_digits + 0.5 * real_edges + 0.5 * found_edges
        return {
            "judges_loss": judges_loss,
            "translators_loss": translators_loss,
            "forged_digits": forged_digits,
            "forged_edges": forged_edges,
            "digits_kept": digits_kept,
            "edges_kept": edges_kept,
            "digits_cycle": digits_cycle,
            "edges_cycle": edges_cycle,
            "digits_kl": digits_kl,
            "edges_kl": edges_kl,
            "fake_digits_kl": fake_digits_kl,
            "fake_edges_kl": fake_edges_kl,
            "real_digits": real_digits,
            "found_digits": found_digits,
            "real_edges": real_edges,
            "found_edges": found_edges,
            "to_edges_error": F.l1_loss(fake_edges, edges_image),
            "to_digits_error": F.l1_loss(fake_digits, digits_image),
        }

    def configure_optimizers(self, steps_per_epoch: int, epochs: int = EPOCHS) -> None:
        """Make the optimizers; their learning rates follow a schedule over the whole training."""
        self.judges_weights = [
            *self.judge_of_digits.parameters(),
            *self.judge_of_edges.parameters(),
        ]
        self.judges_optimizer = torch.optim.Adam(
            self.judges_weights, lr=0.0005, betas=(0.5, 0.999), weight_decay=0.0
        )
        self.judges_scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(
            self.judges_optimizer, T_max=epochs * steps_per_epoch
        )
        self.translators_weights = [
            *self.digits_encoder.parameters(),
            *self.shared.parameters(),
            *self.edges_encoder.parameters(),
            *self.digits_decoder.parameters(),
            *self.edges_decoder.parameters(),
        ]
        self.translators_optimizer = torch.optim.Adam(
            self.translators_weights, lr=0.001, betas=(0.5, 0.999), weight_decay=0.0
        )
        self.translators_scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(
            self.translators_optimizer, T_max=epochs * steps_per_epoch
        )

    def step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Each optimizer in turn moves its own weights."""
        digits_image = batch["digits.image"]  # (N, 1, 8, 8)
        edges_image = batch["edges.image"]  # (N, 1, 8, 8)

        # judges: minimise judges_loss over judge_of_digits, judge_of_edges
        digits_features = self.digits_encoder(digits_image)  # (N, 48, 4, 4)
        digits_latent_decoded, digits_latent_mean = self.shared(digits_features)
        edges_features = self.edges_encoder(edges_image)  # (N, 48, 4, 4)
        edges_latent_decoded, edges_latent_mean = self.shared(edges_features)
        fake_digits = self.digits_decoder(edges_latent_decoded)  # (N, 1, 8, 8)
        fake_edges = self.edges_decoder(digits_latent_decoded)  # (N, 1, 8, 8)
        fake_digits_score = self.judge_of_digits(fake_digits)  # (N, 1, 4, 4)
        fake_edges_score = self.judge_of_edges(fake_edges)  # (N, 1, 4, 4)
        digits_score = self.judge_of_digits(digits_image)  # (N, 1, 4, 4)
        real_digits = F.mse_loss(digits_score, torch.ones_like(digits_score))
        found_digits = F.mse_loss(fake_digits_score, torch.zeros_like(fake_digits_score))
        edges_score = self.judge_of_edges(edges_image)  # (N, 1, 4, 4)
        real_edges = F.mse_loss(edges_score, torch.ones_like(edges_score))
        found_edges = F.mse_loss(fake_edges_score, torch.zeros_like(fake_edges_score))
        judges_loss = 0.5 * real_digits + 0.5 * found_digits + 0.5 * real_edges + 0.5 * found_edges
        to_edges_error = F.l1_loss(fake_edges, edges_image)
        to_digits_error = F.l1_loss(fake_digits, digits_image)
        self.judges_optimizer.zero_grad()
        judges_loss.backward(inputs=self.judges_weights)
        self.judges_optimizer.step()
        self.judges_scheduler.step()

        # translators: minimise translators_loss over digits_encoder, shared, edges_encoder,
        # digits_decoder, edges_decoder; digits_latent, edges_latent, fake_digits, fake_edges still
        # hold
        fake_digits_features = self.digits_encoder(fake_digits)  # (N, 48, 4, 4)
        fake_digits_latent_decoded, fake_digits_latent_mean = self.shared(fake_digits_features)
        fake_edges_features = self.edges_encoder(fake_edges)  # (N, 48, 4, 4)
        fake_edges_latent_decoded, fake_edges_latent_mean = self.shared(fake_edges_features)
        fake_digits_score = self.judge_of_digits(fake_digits)  # (N, 1, 4, 4)
        forged_digits = F.mse_loss(fake_digits_score, torch.ones_like(fake_digits_score))
        fake_edges_score = self.judge_of_edges(fake_edges)  # (N, 1, 4, 4)
        forged_edges = F.mse_loss(fake_edges_score, torch.ones_like(fake_edges_score))
        digits_kept = F.l1_loss(self.digits_decoder(digits_latent_decoded), digits_image)
        edges_kept = F.l1_loss(self.edges_decoder(edges_latent_decoded), edges_image)
        digits_cycle = F.l1_loss(self.digits_decoder(fake_edges_latent_decoded), digits_image)
        edges_cycle = F.l1_loss(self.edges_decoder(fake_digits_latent_decoded), edges_image)
        digits_kl = kl_of_unit_normal(digits_latent_mean)
        edges_kl = kl_of_unit_normal(edges_latent_mean)
        fake_digits_kl = kl_of_unit_normal(fake_digits_latent_mean)
        fake_edges_kl = kl_of_unit_normal(fake_edges_latent_mean)
        translators_loss = (
            forged_digits
            + forged_edges
            + self.reconstruction * digits_kept
            + self.reconstruction * edges_kept
            + self.cycle * digits_cycle
            + self.cycle * edges_cycle
            + self.divergence * digits_kl
            + self.divergence * edges_kl
            + self.divergence * fake_digits_kl
            + self.divergence * fake_edges_kl
        )
        self.translators_optimizer.zero_grad()
        translators_loss.backward(inputs=self.translators_weights)
        self.translators_optimizer.step()
        self.translators_scheduler.step()

        return {
            "judges_loss": judges_loss.detach(),
            "translators_loss": translators_loss.detach(),
            "forged_digits": forged_digits.detach(),
            "forged_edges": forged_edges.detach(),
            "digits_kept": digits_kept.detach(),
            "edges_kept": edges_kept.detach(),
            "digits_cycle": digits_cycle.detach(),
            "edges_cycle": edges_cycle.detach(),
            "digits_kl": digits_kl.detach(),
            "edges_kl": edges_kl.detach(),
            "fake_digits_kl": fake_digits_kl.detach(),
            "fake_edges_kl": fake_edges_kl.detach(),
            "real_digits": real_digits.detach(),
            "found_digits": found_digits.detach(),
            "real_edges": real_edges.detach(),
            "found_edges": found_edges.detach(),
            "to_edges_error": to_edges_error.detach(),
            "to_digits_error": to_digits_error.detach(),
        }

    def probe(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """What the probes show of one batch."""
        digits_image = batch["digits.image"]  # (N, 1, 8, 8)
        edges_image = batch["edges.image"]  # (N, 1, 8, 8)
        digits_features = self.digits_encoder(digits_image)  # (N, 48, 4, 4)
        digits_latent_decoded = self.shared(digits_features)[0]  # (N, 48, 4, 4)
        edges_features = self.edges_encoder(edges_image)  # (N, 48, 4, 4)
        edges_latent_decoded = self.shared(edges_features)[0]  # (N, 48, 4, 4)
        fake_digits = self.digits_decoder(edges_latent_decoded)  # (N, 1, 8, 8)
        fake_edges = self.edges_decoder(digits_latent_decoded)  # (N, 1, 8, 8)
        fake_digits_features = self.digits_encoder(fake_digits)  # (N, 48, 4, 4)
        fake_digits_latent_decoded = self.shared(fake_digits_features)[0]  # (N, 48, 4, 4)
        fake_edges_features = self.edges_encoder(fake_edges)  # (N, 48, 4, 4)
        fake_edges_latent_decoded = self.shared(fake_edges_features)[0]  # (N, 48, 4, 4)
        drawn_edges = torch.stack(
            [
                digits_image[:8],
                fake_edges[:8],
                edges_image[:8],
                self.digits_decoder(fake_edges_latent_decoded)[:8],
            ],
            1,
        )  # (8, 4, 1, 8, 8)
        drawn_digits = torch.stack(
            [
                edges_image[:8],
                fake_digits[:8],
                digits_image[:8],
                self.edges_decoder(fake_digits_latent_decoded)[:8],
            ],
            1,
        )  # (8, 4, 1, 8, 8)
        return {"drawn_edges.images": drawn_edges, "drawn_digits.images": drawn_digits}


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
        "digits": digits_domain(
            "first", "strokes", contrast=2.0, brightness=-1.0, validation=0.05, test=0.3, seed=0
        ),
        "edges": digits_domain(
            "second", "edges", contrast=2.0, brightness=-1.0, validation=0.05, test=0.3, seed=0
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


def again(draw: Callable[[], Tensor], count: int) -> Tensor:
    """So many indices: an order, then another drawn anew, and so on."""
    first = draw()
    rounds = math.ceil(count / len(first))
    return torch.cat([first, *(draw() for _ in range(rounds - 1))])[:count]


def steps_in(split: dict[str, Tensor], batch_size: int) -> int:
    """How many mini-batches an epoch of training has."""
    return math.ceil(
        max(
            min(len(split["digits.image"]), EPOCH_SAMPLES),
            min(len(split["edges.image"]), EPOCH_SAMPLES),
        )
        / batch_size
    )


def epoch_order(split: dict[str, Tensor], batch_size: int) -> dict[str, Tensor]:
    """The indices of an epoch's samples, in the order in which they come; a shorter source
    starts again until the longest ends.
    """
    longest = max(
        min(len(split["digits.image"]), EPOCH_SAMPLES),
        min(len(split["edges.image"]), EPOCH_SAMPLES),
    )
    return {
        "digits": again(
            lambda: torch.randperm(len(split["digits.image"]))[:EPOCH_SAMPLES], longest
        ),
        "edges": again(lambda: torch.randperm(len(split["edges.image"]))[:EPOCH_SAMPLES], longest),
    }


def counts_of(split: dict[str, Tensor]) -> dict[str, int]:
    """How many samples each source has."""
    return {name.split(".")[0]: len(values) for name, values in split.items()}


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
        default="unit.safetensors",
        help="where the last weights go; those of the lowest validation judges_loss go to …_best",
    )
    parser.add_argument(
        "--resume",
        type=Path,
        help="keeps the training's state after each epoch, and goes on from it",
    )
    parser.add_argument("--probes", type=Path, help="folder for what the probes show, by epoch")
    parser.add_argument(
        "--reconstruction",
        type=float,
        default=RECONSTRUCTION,
        help="Weight of the reconstruction loss, 1 to 30.",
    )
    parser.add_argument(
        "--cycle", type=float, default=CYCLE, help="Weight of the cycle consistency loss, 1 to 30."
    )
    parser.add_argument(
        "--divergence",
        type=float,
        default=DIVERGENCE,
        help="Weight of the KL divergence of codes from the normal distribution, 0 to 0.01.",
    )
    arguments = parser.parse_args()

    torch.manual_seed(arguments.seed)
    data = load(arguments.device)
    steps_per_epoch = steps_in(data["train"], arguments.batch_size)
    program = Program(
        reconstruction=arguments.reconstruction,
        cycle=arguments.cycle,
        divergence=arguments.divergence,
    ).to(arguments.device)
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
        loss = (validation or training)["judges_loss"]
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
