"""Data sets that are at hand, as plain functions: each returns split -> field -> tensor."""

import csv
from pathlib import Path

import torch
from sklearn.datasets import load_digits
from torch import Tensor


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


def digits(form: str, validation: float, test: float, seed: int) -> dict[str, dict[str, Tensor]]:
    """scikit-learn's 1,797 handwritten digits: 8x8 pixels, 0 (paper) to 1 (ink), labels 0 to 9."""
    source = load_digits()
    shape = {"image": (1, 8, 8), "rows": (8, 8), "pixels": (64,)}[form]
    image = torch.tensor(source.images, dtype=torch.float32).reshape(-1, *shape) / 16
    return split({"image": image, "label": torch.tensor(source.target)}, validation, test, seed)


def digits_domain(
    half: str, contrast: float, brightness: float, validation: float, test: float, seed: int
) -> dict[str, dict[str, Tensor]]:
    """One half of the digits' training images, the first or the second, and all others; each pixel
    times a contrast, plus a brightness.
    """
    parts = digits("image", validation, test, seed)
    middle = len(parts["train"]["label"]) // 2
    kept = slice(middle) if half == "first" else slice(middle, None)
    parts["train"] = {name: values[kept] for name, values in parts["train"].items()}
    for part in parts.values():
        part["image"] = contrast * part["image"] + brightness
    return parts


def table(
    path: Path,
    features: list[str],
    target: str,
    target_is: str,
    standardise: bool,
    validation: float,
    test: float,
    seed: int,
) -> dict[str, dict[str, Tensor]]:
    """Columns of a CSV file: features as numbers, the target as a class or a number."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = [row for row in csv.DictReader(file) if any(row.values())]
    if len(rows) < 3:
        raise ValueError(f"{path.name} has {len(rows)} rows; training needs at least 3")
    columns = [numbers(path, rows, name) for name in features]
    if target_is == "class":
        names = sorted({row[target] for row in rows})
        wanted = torch.tensor([names.index(row[target]) for row in rows])
    else:
        wanted = torch.tensor(numbers(path, rows, target))[:, None]
    parts = split({"features": torch.tensor(columns).T, "target": wanted}, validation, test, seed)
    if standardise:
        seen = parts["train"]["features"]
        mean, deviation = seen.mean(0), seen.std(0).clamp(min=1e-6)
        for part in parts.values():
            part["features"] = (part["features"] - mean) / deviation
    return parts


def numbers(path: Path, rows: list[dict[str, str]], column: str) -> list[float]:
    """One column as numbers. Raises ValueError, which names the row, where there is none."""
    values = []
    for line, row in enumerate(rows, start=2):
        try:
            values.append(float(row[column]))
        except (KeyError, TypeError, ValueError):
            found = f"{path.name}, row {line}: column {column} has {row.get(column)!r}"
            raise ValueError(f"{found}, which is not a number") from None
    return values


def random_images(
    channels: int, size: int, classes: int, samples: int, seed: int
) -> dict[str, dict[str, Tensor]]:
    """Images of normal noise with labels dealt at random."""
    draw = torch.Generator().manual_seed(seed)
    image = torch.randn(samples, channels, size, size, generator=draw)
    label = torch.randint(classes, (samples,), generator=draw)
    return split({"image": image, "label": label}, 0.15, 0.15, seed)


def random_tokens(
    length: int, vocabulary: int, samples: int, seed: int
) -> dict[str, dict[str, Tensor]]:
    """Sequences of tokens drawn at random, and at each step the token that comes next."""
    draw = torch.Generator().manual_seed(seed)
    drawn = torch.randint(vocabulary, (samples, length + 1), generator=draw)
    return split({"tokens": drawn[:, :-1], "target": drawn[:, 1:]}, 0.15, 0.15, seed)
