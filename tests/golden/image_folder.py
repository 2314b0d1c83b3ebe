"""image_folder: Circles, squares and triangles in a folder of images, shifted and turned at random
while training

Run it: python image_folder.py --epochs 30
Load the weights that it saves:
    ImageFolder().load_state_dict(load_file("image_folder.safetensors"))
"""

import argparse
import functools
import math
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import scipy.ndimage
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.lr_scheduler import LRScheduler

EPOCHS = 30
SEED = 0
BATCH_SIZE = 16


@functools.cache
def array_libraries(device_type: str) -> tuple[Any, Any]:
    """NumPy and SciPy's work on images; CuPy's on a CUDA device, where one element was computed."""
    if device_type == "cuda":
        try:
            import cupy
            from cupyx.scipy import ndimage

            if cupy.cuda.runtime.getDeviceCount() and float(cupy.ones(1).sum()) == 1.0:
                return cupy, ndimage
        except (ImportError, RuntimeError):
            pass  # not installed, or its driver is not: the CPU does the work
    return np, scipy.ndimage


def cuda_stream(device: torch.device) -> int:
    """The stream that torch works on, so that both wait for each other."""
    return torch.cuda.current_stream(device).cuda_stream


def on_arrays(work: Callable[..., Any], x: Tensor, *drawn: np.ndarray) -> Tensor:
    """Do array work on a tensor where it lies: `work(xp, ndimage, array, *drawn)`.

    DLPack hands the array over without a copy. Without CuPy the work is done on the CPU.
    """
    xp, ndimage = array_libraries(x.device.type)
    x = x.detach().contiguous()
    if xp is np:
        result = work(np, ndimage, x.cpu().numpy(), *drawn)
        return torch.from_numpy(np.ascontiguousarray(result)).to(x.device)
    with xp.cuda.Device(x.device.index), xp.cuda.ExternalStream(cuda_stream(x.device)):
        array = xp.from_dlpack(x)
        result = work(xp, ndimage, array, *(xp.asarray(values) for values in drawn))
        return torch.utils.dlpack.from_dlpack(xp.ascontiguousarray(result))


def numpy_generator() -> np.random.Generator:
    """A generator of NumPy's whose seed comes from torch's, which checkpoints keep."""
    return np.random.default_rng(int(torch.randint(2**62, ())))


def moved(xp: Any, ndimage: Any, images: Any, angle: Any, down: Any, right: Any, scale: Any) -> Any:
    """Affine transformations of images, (N, C, H, W): rotated around their centre, by radians,
    scaled, and shifted, by pixels.

    Between pixels values are interpolated linearly; what comes in from outside is 0.
    """
    count, channels, height, width = images.shape
    y = xp.arange(height, dtype=xp.float32)[None, :, None] - (height - 1) / 2
    x = xp.arange(width, dtype=xp.float32)[None, None, :] - (width - 1) / 2
    y, x = y - down[:, None, None], x - right[:, None, None]
    cos = (xp.cos(angle) / scale)[:, None, None]
    sin = (xp.sin(angle) / scale)[:, None, None]
    rows, columns = cos * y - sin * x + (height - 1) / 2, sin * y + cos * x + (width - 1) / 2
    place = xp.arange(count * channels, dtype=xp.float32)[:, None, None]
    rows, columns = xp.repeat(rows, channels, 0), xp.repeat(columns, channels, 0)
    coordinates = xp.stack([xp.broadcast_to(place, rows.shape), rows, columns])
    flat = images.reshape(count * channels, height, width)
    result = ndimage.map_coordinates(flat, coordinates, order=1, mode="constant", cval=0.0)
    return result.reshape(images.shape)


class RandomAffine(nn.Module):
    """Random affine augmentation: rotates, scales and shifts each image while training,
    (N, C, H, W).
    """

    def __init__(self, degrees: float = 0.0, shift: float = 0.0, scale: float = 0.0) -> None:
        super().__init__()
        self.degrees = degrees
        self.shift = shift
        self.scale = scale

    def forward(self, image: Tensor) -> Tensor:
        """The images, changed while training."""
        if not self.training:
            return image
        draw = numpy_generator()
        turn, down, right, size = draw.uniform(-1, 1, (4, len(image))).astype(np.float32)
        angle, scale = math.radians(self.degrees) * turn, np.exp(self.scale * size)
        return on_arrays(moved, image, angle, self.shift * down, self.shift * right, scale)


class ImageFolder(nn.Module):
    """From image (N, 1, 24, 24) to (N, 3)."""

    def __init__(self) -> None:
        super().__init__()
        self.shift = RandomAffine(shift=1.5)
        self.turn = RandomAffine(30.0)
        self.conv1 = nn.Conv2d(1, 16, 3, padding="same")
        self.conv2 = nn.Conv2d(16, 32, 3, padding="same")
        self.logits = nn.Linear(1152, 3)

    def forward(self, image: Tensor) -> Tensor:
        x = self.shift(image)  # (N, 1, 24, 24)
        x = self.turn(x)  # (N, 1, 24, 24)
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)  # (N, 16, 12, 12)
        x = torch.flatten(F.max_pool2d(F.relu(self.conv2(x)), 2), 1)  # (N, 1152)
        return self.logits(x)  # (N, 3)


def accuracy(prediction: Tensor, label: Tensor) -> Tensor:
    """Accuracy: how often the largest logit is the right class: (N, C, …), (N, …) -> ()."""
    return (prediction.argmax(1) == label).float().mean()


class Program(nn.Module):
    """What happens on one batch."""

    def __init__(self) -> None:
        super().__init__()
        self.network = ImageFolder()

    def evaluate(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Losses and metrics of one batch."""
        image = batch["image"]  # (N, 1, 24, 24)
        label = batch["label"]  # (N,)
        logits = self.network(image)  # (N, 3)
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


IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff")


def read_image(path: Path, channels: int, size: tuple[int, int]) -> Tensor:
    """An image of 1 or 3 channels and a size, (C, H, W), 0 to 1. Raises ValueError, naming it."""
    formats = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=formats) as picture:
                scaled = picture.convert({1: "L", 3: "RGB"}[channels]).resize(size[::-1])
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise ValueError(f"{path.parent.name}/{path.name} is no image: {error}") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ValueError(f"{path.parent.name}/{path.name} is too large an image") from error
    pixels = torch.tensor(np.asarray(scaled), dtype=torch.float32) / 255
    return pixels.reshape(*size, channels).permute(2, 0, 1).contiguous()


def image_folder(
    folder: Path, channels: int, size: tuple[int, int], validation: float, test: float, seed: int
) -> dict[str, dict[str, Tensor]]:
    """All images of a folder with a folder for each class, in memory."""
    paths, label = class_files(folder, IMAGES)
    image = torch.stack([read_image(path, channels, size) for path in paths])
    return random_split({"image": image, "label": label}, validation, test, seed)


def load(device: str, folder: Path) -> dict[str, dict[str, Tensor]]:
    """Every split of the data, on a device: split -> field -> tensor."""
    splits = image_folder(
        folder / "shapes", channels=1, size=(24, 24), validation=0.15, test=0.15, seed=0
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
        default="image_folder.safetensors",
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
