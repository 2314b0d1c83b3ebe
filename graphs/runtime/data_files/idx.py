"""Images and labels in IDX files, as those of MNIST, packed by gzip or not."""

import gzip
import math
import zlib
from io import BufferedIOBase
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from graphs.runtime.data_files.splits import random_split


def idx_images(
    images: Path, labels: Path, validation: float, test: float, seed: int
) -> dict[str, dict[str, Tensor]]:
    """Images, 0 to 1, (N, 1, H, W), and their labels, from one pair of files."""
    return random_split(labelled_images(images, labels), validation, test, seed)


def idx_images_and_test(
    images: Path,
    labels: Path,
    test_images: Path,
    test_labels: Path,
    validation: float,
    seed: int,
) -> dict[str, dict[str, Tensor]]:
    """The same from two pairs of files, one of which is the test."""
    parts = random_split(labelled_images(images, labels), validation, 0.0, seed)
    return {**parts, "test": labelled_images(test_images, test_labels)}


def labelled_images(images: Path, labels: Path) -> dict[str, Tensor]:
    """The images of one file and the labels of another. Raises ValueError, naming a file."""
    image, label = read_idx(images), read_idx(labels)
    if image.dim() != 3 or label.dim() != 1:
        raise ValueError(f"{images.name} needs three axes and {labels.name} one")
    if len(image) != len(label):
        counts = f"{len(image)} images and {labels.name} {len(label)} labels"
        raise ValueError(f"{images.name} has {counts}")
    return {"image": image[:, None].float() / 255, "label": label.long()}


def read_idx(path: Path) -> Tensor:
    """The bytes of an IDX file, in the shape that its header says. Raises ValueError, naming it."""
    try:
        with unpacked(path) as file:
            shape = head_of(file, path.name)
            count = math.prod(shape)
            if count > 1 << 32:
                raise ValueError(f"{path.name} says that it holds {count} bytes: too many")
            data = file.read(count + 1)  # a packed file may unpack to anything
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{path.name} cannot be read: {error}") from error
    if len(data) != count:
        raise ValueError(f"{path.name} should hold {count} bytes, and holds more or fewer")
    return torch.frombuffer(bytearray(data), dtype=torch.uint8).reshape(shape)


def unpacked(path: Path) -> BufferedIOBase:
    """The file, through gzip where it is packed."""
    with path.open("rb") as plain:
        packed = plain.read(2) == b"\x1f\x8b"
    return gzip.open(path) if packed else path.open("rb")


def head_of(file: BufferedIOBase, name: str) -> list[int]:
    """The sizes in the header of an IDX file of bytes."""
    head = file.read(4)
    if len(head) < 4 or head[:3] != b"\0\0\x08" or not 1 <= head[3] <= 4:
        raise ValueError(f"{name} is no IDX file of bytes")
    sizes = np.frombuffer(file.read(4 * head[3]), ">u4")
    if len(sizes) < head[3]:
        raise ValueError(f"{name} ends before its data begins")
    return [int(size) for size in sizes]


def idx_shape(path: Path) -> list[int]:
    """The sizes that an IDX file says it has. Raises ValueError, naming it."""
    try:
        with unpacked(path) as file:
            return head_of(file, path.name)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{path.name} cannot be read: {error}") from error
