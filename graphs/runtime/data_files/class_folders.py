"""Folders with a folder of files for each class."""

from pathlib import Path

import torch
from torch import Tensor


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
