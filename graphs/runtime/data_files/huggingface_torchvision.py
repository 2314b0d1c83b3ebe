"""Data sets of Hugging Face and torchvision, whose libraries are imported when they are needed."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from graphs.runtime.data_files.splits import random_split


def hub_images(
    source: str | Path,
    subset: str,
    image: str,
    label: str,
    channels: int,
    size: tuple[int, int],
    validation: float,
    test: float,
    seed: int,
) -> dict[str, dict[str, Tensor]]:
    """Images and classes of a data set of Hugging Face; its own splits where it has them."""
    parts = {
        name: {
            "image": torch.stack([image_pixels(row[image], channels, size) for row in rows]),
            "label": torch.tensor([int(row[label]) for row in rows]),
        }
        for name, rows in hub_splits(source, subset, [image, label]).items()
    }
    return with_own_splits(parts, validation, test, seed)


def hub_texts(
    source: str | Path,
    subset: str,
    text: str,
    label: str,
    length: int,
    validation: float,
    test: float,
    seed: int,
) -> dict[str, dict[str, Tensor]]:
    """Texts as byte tokens, 1 to 256 padded with 0, and classes; its own splits where there are."""
    parts = {
        name: {
            "tokens": torch.stack([byte_tokens(row[text], length) for row in rows]),
            "label": torch.tensor([int(row[label]) for row in rows]),
        }
        for name, rows in hub_splits(source, subset, [text, label]).items()
    }
    return with_own_splits(parts, validation, test, seed)


def hub_splits(source: str | Path, subset: str, columns: list[str]) -> dict[str, Any]:
    """The splits of a data set: by its name on the Hub, or of a folder that `save_to_disk` made.

    No program of the data set is run. Raises ValueError, which names what is missing.
    """
    import datasets

    if isinstance(source, Path):
        found = datasets.load_from_disk(str(source))
    else:
        found = datasets.load_dataset(source, subset or None)
    splits = dict(found) if isinstance(found, datasets.DatasetDict) else {"train": found}
    if "train" not in splits:
        raise ValueError(f"{source} has no split train, but {', '.join(splits)}")
    for name in columns:
        if name not in splits["train"].column_names:
            has = ", ".join(splits["train"].column_names)
            raise ValueError(f"{source} has no column {name}; it has {has}")
    return splits


def with_own_splits(
    parts: dict[str, dict[str, Tensor]], validation: float, test: float, seed: int
) -> dict[str, dict[str, Tensor]]:
    """Its own validation and test where there are; else a random share of the training samples."""
    own = {name: part for name, part in parts.items() if name in ("validation", "test")}
    validation = 0.0 if "validation" in own else validation
    test = 0.0 if "test" in own else test
    return {**random_split(parts["train"], validation, test, seed), **own}


def vision_images(
    name: str,
    root: Path,
    channels: int,
    size: tuple[int, int],
    validation: float,
    seed: int,
) -> dict[str, dict[str, Tensor]]:
    """Images and classes of a data set of torchvision, downloaded into a folder the first time."""
    from torchvision import datasets

    make = getattr(datasets, name)
    parts = {}
    for part, train in (("train", True), ("test", False)):
        rows = make(root=str(root), train=train, download=True)
        parts[part] = {
            "image": torch.stack([image_pixels(image, channels, size) for image, _ in rows]),
            "label": torch.tensor([int(label) for _, label in rows]),
        }
    return with_own_splits(parts, validation, 0.0, seed)


def image_pixels(image: Any, channels: int, size: tuple[int, int]) -> Tensor:
    """A Pillow image as values from 0 to 1, (C, H, W)."""
    scaled = image.convert({1: "L", 3: "RGB"}[channels]).resize(size[::-1])
    values = torch.tensor(np.asarray(scaled), dtype=torch.float32) / 255
    return values.reshape(*size, channels).permute(2, 0, 1).contiguous()


def byte_tokens(text: str, length: int) -> Tensor:
    """The beginning of a text as byte tokens: each byte plus one, padded with 0."""
    data = text.encode("utf-8")[:length]
    return torch.tensor([*(byte + 1 for byte in data), *[0] * (length - len(data))])
