"""Image files in folders, one folder a class."""

import functools
import warnings
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from graphs.runtime.data_files.class_folders import class_files
from graphs.runtime.data_files.splits import Files, random_split, split_files

IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff")


def image_folder(
    folder: Path, channels: int, size: tuple[int, int], validation: float, test: float, seed: int
) -> dict[str, dict[str, Tensor]]:
    """All images of a folder with a folder for each class, in memory."""
    paths, label = class_files(folder, IMAGES)
    image = torch.stack([read_image(path, channels, size) for path in paths])
    return random_split({"image": image, "label": label}, validation, test, seed)


def image_files(
    folder: Path, channels: int, size: tuple[int, int], validation: float, test: float, seed: int
) -> dict[str, Files]:
    """The images of a folder with a folder for each class, each read when it is asked for."""
    paths, label = class_files(folder, IMAGES)
    read = functools.partial(read_image, channels=channels, size=size)
    return split_files("image", paths, label, read, validation, test, seed)


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
