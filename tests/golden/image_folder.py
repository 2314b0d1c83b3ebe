"""image_folder: Circles, squares and triangles in a folder of images, shifted and turned at random
while training

Run it: python image_folder.py --device cpu --epochs 30
"""

import argparse
import functools
import math
import multiprocessing
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import scipy.ndimage
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

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
        return torch.from_dlpack(xp.ascontiguousarray(result))


def drawing() -> np.random.Generator:
    """A generator of NumPy's whose seed comes from torch's, which checkpoints keep."""
    return np.random.default_rng(int(torch.randint(2**62, ())))


def moved(xp: Any, ndimage: Any, images: Any, angle: Any, down: Any, right: Any, scale: Any) -> Any:
    """Images, (N, C, H, W), turned around their middle, by radians, scaled, and shifted, by pixels.

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
    """Turns, scales and shifts each image at random while training: (N, C, H, W)."""

    def __init__(self, degrees: float = 0.0, shift: float = 0.0, scale: float = 0.0) -> None:
        super().__init__()
        self.degrees = degrees
        self.shift = shift
        self.scale = scale

    def forward(self, image: Tensor) -> Tensor:
        """The images, changed while training."""
        if not self.training:
            return image
        draw = drawing()
        turn, down, right, size = draw.uniform(-1, 1, (4, len(image))).astype(np.float32)
        angle, scale = math.radians(self.degrees) * turn, np.exp(self.scale * size)
        return on_arrays(moved, image, angle, self.shift * down, self.shift * right, scale)


def accuracy(prediction: Tensor, label: Tensor) -> Tensor:
    """The share of samples whose largest prediction is the right class: (N, C), (N,) -> ()."""
    return (prediction.argmax(1) == label).float().mean()


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
        shift = self.shift(image)  # (N, 1, 24, 24)
        turn = self.turn(shift)  # (N, 1, 24, 24)
        pool1 = F.max_pool2d(F.relu(self.conv1(turn)), 2)  # (N, 16, 12, 12)
        flatten = torch.flatten(F.max_pool2d(F.relu(self.conv2(pool1)), 2), 1)  # (N, 1152)
        return self.logits(flatten)  # (N, 3)


class Program(nn.Module):
    """What happens on one batch."""

    def __init__(self) -> None:
        super().__init__()
        self.network = ImageFolder()
        self.adamw = torch.optim.AdamW(
            self.network.parameters(), lr=0.003, betas=(0.9, 0.999), weight_decay=0.01
        )

    def evaluate(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Losses and metrics of one batch."""
        image = batch["image"]  # (N, 1, 24, 24)
        label = batch["label"]  # (N,)
        logits = self.network(image)  # (N, 3)
        return {
            "cross_entropy": F.cross_entropy(logits, label, label_smoothing=0.0),
            "accuracy": accuracy(logits, label),
        }

    def step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Evaluate one batch, then let the optimizer move its weights."""
        values = self.evaluate(batch)

        # adamw: minimise cross_entropy
        self.adamw.zero_grad()
        values["cross_entropy"].backward()
        self.adamw.step()

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


def split(
    fields: dict[str, Tensor], validation: float, test: float, seed: int
) -> dict[str, dict[str, Tensor]]:
    """Deal samples at random into train, validation and test; equal seeds deal alike."""
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
    return split({"image": image, "label": label}, validation, test, seed)


class Tensors:
    """Samples whose fields lie in memory, each a tensor."""

    def __init__(self, fields: dict[str, Tensor]) -> None:
        self.fields = fields

    def __len__(self) -> int:
        return len(next(iter(self.fields.values())))

    def to(self, device: str | torch.device) -> Self:
        return type(self)({name: values.to(device) for name, values in self.fields.items()})

    def take(self, index: Tensor) -> dict[str, Tensor]:
        return {name: values[index.to(values.device)] for name, values in self.fields.items()}

    def column(self, name: str) -> Tensor:
        """One field of all samples."""
        return self.fields[name]


def in_memory(splits: dict[str, dict[str, Tensor]]) -> dict[str, Tensors]:
    """Splits whose fields are tensors, as splits that hand out their samples by number."""
    return {name: Tensors(fields) for name, fields in splits.items()}


class Batches(Dataset[dict[str, Tensor]]):
    """A split as a DataLoader takes it: an item is a batch."""

    def __init__(self, split: Any) -> None:
        self.split = split

    def __getitem__(self, index: list[int]) -> dict[str, Tensor]:
        return self.split.take(torch.tensor(index))


def again(numbers: Tensor, count: int) -> Tensor:
    """So many of the numbers: all of them in a random order, then in another, and so on."""
    rounds = math.ceil(count / len(numbers))
    drawn = [numbers[torch.randperm(len(numbers))] for _ in range(rounds)]
    return torch.cat(drawn)[:count]


def order_by_class(classes: Tensor, in_turn: bool) -> Tensor:
    """As many numbers as there are samples, of which each class has an equal part."""
    classes = classes.cpu()
    if not in_turn:
        weights = 1.0 / classes.bincount().clamp(min=1).double()
        return torch.multinomial(weights[classes], len(classes), replacement=True)
    members = [torch.nonzero(classes == c)[:, 0] for c in classes.unique()]
    rounds = math.ceil(len(classes) / len(members))
    turns = [again(numbers, rounds) for numbers in members]
    return torch.stack(turns, 1).flatten()[: len(classes)]


class Sampled:
    """A split whose training samples come in an order of their own.

    Orders: shuffled; fixed; weighted, where samples are drawn again and again so that classes come
    equally often on average; balanced, where classes take turns. `by` names the field with classes.
    """

    def __init__(
        self,
        split: Any,
        order: str = "shuffled",
        by: str = "",
        drop_last: bool = False,
        workers: int = 0,
    ) -> None:
        self.split = split
        self.order = order
        self.by = by
        self.drop_last = drop_last
        self.workers = workers
        self.device = torch.device("cpu")

    def __len__(self) -> int:
        return len(self.split)

    def to(self, device: str | torch.device) -> Self:
        self.device = torch.device(device)
        if not self.workers:
            self.split = self.split.to(device)
        return self

    def take(self, index: Tensor) -> dict[str, Tensor]:
        batch = self.split.take(index)
        return {name: values.to(self.device) for name, values in batch.items()}

    def places(self, batch_size: int) -> int:
        """How many samples an epoch has."""
        count = len(self)
        return count - count % batch_size if self.drop_last else count

    def epoch(self, batch_size: int) -> Tensor:
        """The numbers of an epoch's samples in the order in which they come."""
        if len(self) and not self.places(batch_size):
            raise ValueError(f"drop_last leaves no batch of {batch_size} of {len(self)} samples")
        if self.order in ("weighted", "balanced") and len(self):
            order = order_by_class(self.split.column(self.by), self.order == "balanced")
        else:
            order = torch.arange(len(self)) if self.order == "fixed" else torch.randperm(len(self))
        return order[: self.places(batch_size)]

    def in_order(self) -> Tensor:
        """The numbers of all samples once."""
        return torch.arange(len(self))

    def read(self, places: list[Tensor]) -> Iterator[dict[str, Tensor]]:
        """Take batch by batch; with workers, other processes read the next ones meanwhile."""
        if not self.workers or "fork" not in multiprocessing.get_all_start_methods():
            return map(self.take, places)
        loader = DataLoader(
            Batches(self.split),
            batch_size=None,
            sampler=[place.tolist() for place in places],
            num_workers=self.workers,
            generator=torch.Generator(),  # it draws a seed, which must not come from ours
            multiprocessing_context="fork",
        )
        return ({name: values.to(self.device) for name, values in b.items()} for b in loader)


def sampled(
    splits: Mapping[str, Any],
    order: str = "shuffled",
    by: str = "",
    drop_last: bool = False,
    workers: int = 0,
) -> dict[str, Sampled]:
    """Splits whose training samples come in an order of their own."""
    return {name: Sampled(part, order, by, drop_last, workers) for name, part in splits.items()}


def load(device: str, folder: Path) -> dict[str, Sampled]:
    """Every split of the data, on a device: handed out by number."""
    splits = sampled(
        in_memory(
            image_folder(
                folder / "shapes", channels=1, size=(24, 24), validation=0.15, test=0.15, seed=0
            )
        ),
        order="balanced",
        by="label",
    )
    return {name: split.to(device) for name, split in splits.items()}


def batches(
    split: Sampled, batch_size: int, shuffle: bool = False, skip: int = 0
) -> Iterator[dict[str, Tensor]]:
    """Take a split batch by batch, in its own order for training; the first may be skipped.

    The order is drawn at once, each batch when its turn comes.
    """
    order = split.epoch(batch_size) if shuffle else split.in_order()
    starts = range(skip * batch_size, len(order), batch_size)
    return split.read([order[start : start + batch_size] for start in starts])


def size_of(batch: dict[str, Tensor]) -> int:
    """How many samples a batch has; other fields of it may differ in length."""
    return len(batch["image"])


def average(values: list[dict[str, Tensor]], sizes: list[int]) -> dict[str, float]:
    """The mean over all samples of what was measured on each batch."""
    weights = torch.tensor(sizes, dtype=torch.float64) / max(sum(sizes), 1)
    return {
        name: float(torch.stack([value[name] for value in values]).cpu().double() @ weights)
        for name in (values[0] if values else {})
    }


def train(program: Program, split: Sampled) -> dict[str, float]:
    """One epoch of training; the mean of what each step saw."""
    program.train()
    values, sizes = [], []
    for batch in batches(split, BATCH_SIZE, shuffle=True):
        values.append(program.step(batch))
        sizes.append(size_of(batch))
    return average(values, sizes)


@torch.no_grad()
def measure(program: Program, split: Sampled) -> dict[str, float]:
    """Losses and metrics on a split, with nothing updated."""
    program.eval()
    values, sizes = [], []
    for batch in batches(split, BATCH_SIZE):
        values.append(program.evaluate(batch))
        sizes.append(size_of(batch))
    return average(values, sizes)


def report(name: str, values: dict[str, float]) -> None:
    """Print one line of measurements."""
    print(name, *(f"{key} {value:.9g}" for key, value in values.items()), sep="  ")


def main() -> None:
    """Train, say after each epoch how it goes, and save the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1, mps")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="passes over the training data")
    parser.add_argument("--seed", type=int, default=SEED, help="fixes every random choice")
    parser.add_argument("--save", default="image_folder.safetensors", help="where the weights go")
    folder = Path(__file__).parent
    parser.add_argument("--data", type=Path, default=folder, help="folder of the data files")
    arguments = parser.parse_args()

    torch.manual_seed(arguments.seed)
    data = load(arguments.device, arguments.data)
    program = Program().to(arguments.device)
    for epoch in range(1, arguments.epochs + 1):
        report(f"epoch {epoch} train", train(program, data["train"]))
        report(f"epoch {epoch} validation", measure(program, data["validation"]))
    report("test", measure(program, data["test"]))
    save_file(program.state_dict(), arguments.save)


if __name__ == "__main__":
    main()
