"""Looks: what the probes of a run showed after a step, as a training kept it. No torch, no GUI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from app.runs.probe_files import probe_path
from app.runs.run_folder import Run

Parts = Mapping[str, NDArray[Any]]
"""The parts of what one probe showed, by name."""
Options = Mapping[str, Any]
"""What the probe said besides, such as the value that is drawn white."""
Pixels = NDArray[np.uint8]
"""A picture: (H, W, 3)."""
LARGEST = 256 << 20
"""Bytes of the largest look that is read."""
GAP = 1
"""Pixels between two images of a grid."""
GROUND = (35, 39, 47)
"""The colour of that gap: the ground of panels and cards."""


class Look(NamedTuple):
    """What all probes of a run showed after a step, or the sentence that says why it is unknown."""

    step: int
    probes: Mapping[str, Parts]
    trouble: str = ""


def look(run: Run, step: int) -> Look:
    """What the probes of a run showed after a step; a file that is none gives a sentence."""
    path = probe_path(run.probes_path, step)
    try:
        if path.stat().st_size > LARGEST:
            return Look(step, {}, f"{path} is larger than any look of a run, so it was not read.")
        arrays = load_file(path)
    except OSError as error:
        return Look(step, {}, f"{path} cannot be read: {error.strerror or error}.")
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        return Look(step, {}, f"{path} is damaged: {error}.")
    probes: dict[str, dict[str, NDArray[Any]]] = {}
    for name, array in arrays.items():
        probe, _, part = name.partition(".")
        probes.setdefault(probe, {})[part] = np.asarray(array)
    return Look(step, probes)


def image_grid(parts: Parts, options: Options) -> Pixels:
    """All images in one picture, (H, W, 3); those of one sample stand above each other."""
    images = np.asarray(parts["images"], dtype=np.float64)
    stacks = images[:, None] if images.ndim == 4 else images
    count, high, channels, height, width = stacks.shape
    if channels not in (1, 3):
        raise ValueError(f"images have {channels} channels")
    low, top = float(options.get("low", 0.0)), float(options.get("high", 1.0))
    scaled = np.nan_to_num((stacks - low) / ((top - low) or 1.0)).clip(0, 1)
    tiles = np.round(scaled * 255).astype(np.uint8).transpose(0, 1, 3, 4, 2)
    columns = _columns(count, high * height, width)
    rows = -(-count // columns)
    shape = (rows * (high * height + GAP) - GAP, columns * (width + GAP) - GAP, 3)
    picture = np.full(shape, GROUND, dtype=np.uint8)
    for place, stack in enumerate(tiles):
        row, column = divmod(place, columns)
        y, x = row * (high * height + GAP), column * (width + GAP)
        picture[y : y + high * height, x : x + width] = stack.reshape(high * height, width, -1)
    return picture


def _columns(count: int, height: int, width: int) -> int:
    """So many columns that the picture is about half again as wide as high, and its rows are full
    where that is possible.
    """
    wanted = max(1, min(count, round(float(np.sqrt(1.5 * count * height / width)))))
    near = range(max(1, round(0.7 * wanted)), min(count, round(1.5 * wanted)) + 1)
    full = [columns for columns in near if count % columns == 0]
    return min(full, key=lambda columns: abs(columns - wanted)) if full else wanted
