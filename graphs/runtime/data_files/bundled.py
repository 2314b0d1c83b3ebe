"""Bundled data sets, as plain functions: each returns split -> field -> tensor."""

import torch
from torch import Tensor

from graphs.runtime.data_files.splits import random_split


def digits(form: str, validation: float, test: float, seed: int) -> dict[str, dict[str, Tensor]]:
    """scikit-learn's 1,797 handwritten digits: 8x8 pixels from 0 to 1 (ink), labels 0 to 9."""
    from sklearn.datasets import load_digits

    source = load_digits()
    shape = {"image": (1, 8, 8), "rows": (8, 8), "pixels": (64,)}[form]
    image = torch.tensor(source.images, dtype=torch.float32).reshape(-1, *shape) / 16
    return random_split(
        {"image": image, "label": torch.tensor(source.target)}, validation, test, seed
    )


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


def edge_image(image: Tensor) -> Tensor:
    """Local contrast of images (N, C, H, W): the largest less the smallest value of 3x3 pixels."""
    from scipy.ndimage import morphological_gradient

    varied = morphological_gradient(image.numpy(), size=(1, 1, 3, 3), mode="constant")
    return torch.from_numpy(varied)


def random_images(
    channels: int, size: int, classes: int, samples: int, seed: int
) -> dict[str, dict[str, Tensor]]:
    """Images of Gaussian noise with random labels."""
    draw = torch.Generator().manual_seed(seed)
    image = torch.randn(samples, channels, size, size, generator=draw)
    label = torch.randint(classes, (samples,), generator=draw)
    return random_split({"image": image, "label": label}, 0.15, 0.15, seed)


def random_tokens(
    length: int, vocabulary: int, samples: int, seed: int
) -> dict[str, dict[str, Tensor]]:
    """Random token sequences, and at each step the next token."""
    draw = torch.Generator().manual_seed(seed)
    drawn = torch.randint(vocabulary, (samples, length + 1), generator=draw)
    return random_split({"tokens": drawn[:, :-1], "target": drawn[:, 1:]}, 0.15, 0.15, seed)


def bundled_table(
    name: str, standardise: bool, validation: float, test: float, seed: int
) -> dict[str, dict[str, Tensor]]:
    """A table that comes with scikit-learn; the target is a class from 0, or a number (N, 1)."""
    import sklearn.datasets

    options = {"scaled": False} if name == "diabetes" else {}
    source = getattr(sklearn.datasets, f"load_{name}")(**options)
    wanted = torch.tensor(source.target)
    target = wanted.float()[:, None] if name == "diabetes" else wanted.long()
    features = torch.tensor(source.data, dtype=torch.float32)
    parts = random_split({"features": features, "target": target}, validation, test, seed)
    if standardise:
        seen = parts["train"]["features"]
        mean, deviation = seen.mean(0), seen.std(0)
        for part in parts.values():
            part["features"] = (part["features"] - mean) / deviation
    return parts
