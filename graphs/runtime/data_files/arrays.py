"""Arrays in NumPy's files: .npy, which may stay on disk, and .npz. Nothing is ever unpickled."""

import math
import zipfile
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from graphs.runtime.data_files.splits import random_split
from graphs.runtime.training.indexed_split import Split


def npy_arrays(
    features: Path, target: Path, target_is: str, validation: float, test: float, seed: int
) -> dict[str, dict[str, Tensor]]:
    """Two .npy files, one row a sample, in memory."""
    x, y = mapped(features), mapped(target)
    return random_split(paired(features.name, x, y, target_is), validation, test, seed)


def npz_arrays(
    path: Path,
    features: str,
    target: str,
    target_is: str,
    validation: float,
    test: float,
    seed: int,
) -> dict[str, dict[str, Tensor]]:
    """Two arrays of an .npz file, one row a sample, in memory."""
    require_small(path, [features, target])
    try:
        with np.load(path, allow_pickle=False) as file:
            x, y = file[features], file[target]
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path.name} cannot be read: {error}") from error
    return random_split(paired(path.name, x, y, target_is), validation, test, seed)


def paired(name: str, x: Any, y: Any, target_is: str) -> dict[str, Tensor]:
    """Features and targets as tensors: real numbers; classes, (N,), or real numbers, (N, 1)."""
    if len(x) != len(y):
        raise ValueError(f"{name} has {len(x)} samples, and {len(y)} targets belong to them")
    if len(x) < 3:
        raise ValueError(f"{name} has {len(x)} samples; training needs at least 3")
    target = torch.from_numpy(np.array(y))
    is_class = target_is == "class"
    wanted = target.reshape(-1).long() if is_class else target.float().reshape(len(target), -1)
    return {"features": torch.from_numpy(np.array(x, np.float32)), "target": wanted}


class Rows(Split):
    """Memory-mapped rows of arrays: they stay on disk until they are asked for."""

    def __init__(self, name: str, x: Any, y: Any, target_is: str, number: Tensor) -> None:
        self.name = name
        self.x = x
        self.y = y
        self.target_is = target_is
        self.number = number
        self.device: str | torch.device = "cpu"

    def __len__(self) -> int:
        return len(self.number)

    def to(self, device: str | torch.device) -> Self:
        self.device = device
        return self

    def take(self, index: Tensor) -> dict[str, Tensor]:
        rows = self.number[index].numpy()
        target = torch.from_numpy(np.array(self.y[rows]))
        if self.target_is == "class":
            target = target.reshape(-1).long()
        else:
            target = target.float().reshape(len(rows), -1)
        features = torch.from_numpy(np.array(self.x[rows], np.float32))
        return {"features": features.to(self.device), "target": target.to(self.device)}

    def column(self, name: str) -> Tensor:
        """The classes of all samples."""
        return {"target": torch.from_numpy(np.array(self.y)).reshape(-1).long()[self.number]}[name]


def npy_rows(
    features: Path, target: Path, target_is: str, validation: float, test: float, seed: int
) -> dict[str, Rows]:
    """Two .npy files, one row a sample, each read when it is asked for."""
    x, y = mapped(features), mapped(target)
    if len(x) != len(y) or len(x) < 3:
        counts = f"{features.name} has {len(x)} samples and {target.name} {len(y)} targets"
        raise ValueError(f"{counts}: at least 3, and as many, are needed")
    parts = random_split({"number": torch.arange(len(x))}, validation, test, seed)
    return {
        part: Rows(features.name, x, y, target_is, fields["number"])
        for part, fields in parts.items()
    }


def mapped(path: Path) -> Any:
    """The array of an .npy file, left on disk. Raises ValueError, which names the file."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, OverflowError) as error:
        raise ValueError(f"{path.name} cannot be read: {error}") from error
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf" or not array.ndim:
        raise ValueError(f"{path.name} is no .npy file of numbers, one row a sample")
    return array


def require_small(path: Path, names: list[str]) -> None:
    """Refuse arrays whose headers say that they are larger than what is in the file, or huge."""
    for name in names:
        shape, dtype, room = npz_head(path, name)
        wanted = math.prod(shape) * dtype.itemsize
        if dtype.kind not in "biuf" or not shape:
            raise ValueError(f"{path.name}: {name} is no array of numbers, one row a sample")
        if wanted > room or room > 1 << 34:
            raise ValueError(f"{path.name}: {name} says that it has {wanted:,} bytes: refused")


def npz_head(path: Path, name: str) -> tuple[tuple[int, ...], np.dtype[Any], int]:
    """Shape and type of an array of an .npz file, and the bytes that the file keeps for it."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open(f"{name}.npy") as file:
            version = np.lib.format.read_magic(file)
            read = {(1, 0): np.lib.format.read_array_header_1_0}.get(
                version, np.lib.format.read_array_header_2_0
            )
            shape, _, dtype = read(file)
            return shape, dtype, archive.getinfo(f"{name}.npy").file_size
    except KeyError:
        raise ValueError(f"{path.name} has no array {name}") from None
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path.name} cannot be read: {error}") from error
