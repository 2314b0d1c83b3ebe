"""What a data node gives, in words and numbers that a window can show: plain JSON."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

import nodes.library  # noqa: F401  (registers the node types)
from graphs.check.results import CheckedGraph
from graphs.compiler import check, description
from graphs.document.document import Document
from graphs.nodetypes.expressions import Evaluation, Expression, FolderFile
from graphs.nodetypes.node_type import Data
from graphs.nodetypes.tensor_kinds import Tensor as Leaf
from graphs.runtime.training.indexed_split import all_samples
from graphs.runtime.training.loop import samples_of

SAMPLES = 6
"""How many samples are shown."""
LOOKED_AT = 256
"""How many samples of a split are looked at whose files are read on demand."""
LONGEST_SIDE = 64
"""Pixels of a shown image."""
LONGEST_CURVE = 200
LONGEST_TEXT = 120
MOST_CLASSES = 1000
COLUMNS = 6


def preview(document: Document, id: str, folder: Path | None) -> dict[str, Any]:
    """The contents of a data node of main, or `error`: one sentence."""
    checked = check(document, folder).main
    type_ = checked.types.get(id)
    if not isinstance(type_, Data):
        return {"error": "The node has a problem: mend it to see its data."}
    if complaints := type_.complaints(folder):
        return {"error": f"{complaints[0].text[:1].upper()}{complaints[0].text[1:]}."}
    if type_.downloads:
        return {"error": "It is downloaded when training begins, so nothing is shown before."}
    try:
        return contents(type_, folder, loaded(checked, id))
    except Exception as error:  # whatever a file does, people get a sentence
        reason = " ".join(str(error).split())[:300].rstrip(".") or type(error).__name__
        return {"error": f"The data cannot be shown: {reason}."}


def loaded(checked: CheckedGraph, id: str) -> dict[str, Any]:
    """The splits of a data node; one that is made from another loads that first."""
    made = description(checked, id)[""]

    def known(leaf: Expression) -> Any:
        if isinstance(leaf, FolderFile):
            return (checked.library.folder or Path()) / leaf.name
        assert isinstance(leaf, Leaf)
        source = loaded(checked, leaf.end.node)
        in_memory = isinstance(source["train"], dict)
        return samples_of(source if in_memory else all_samples(source), leaf.end.port)[0]

    splits: dict[str, Any] = Evaluation(known, device="cpu").value(made)
    return splits


def contents(type_: Data, folder: Path | None, splits: dict[str, Any]) -> dict[str, Any]:
    """Describe the data."""
    train, sizes = splits["train"], {name: length(split) for name, split in splits.items()}
    if not sizes["train"]:
        return {"error": "There are no samples to train on."}
    by_number = not isinstance(train, dict)
    count = min(sizes["train"], LOOKED_AT)
    fields = train.take(torch.arange(count)) if by_number else train
    letters = type_.letters(folder)
    return {
        "splits": sizes,
        "looked_at": count if by_number and count < sizes["train"] else None,
        "fields": [field(name, values, sizes["train"], letters) for name, values in fields.items()],
    }


def length(split: Any) -> int:
    """How many samples a split has."""
    return len(next(iter(split.values()))) if isinstance(split, dict) else len(split)


def field(name: str, values: Tensor, count: int, letters: Sequence[str] | None) -> dict[str, Any]:
    """One field: its shape, its range, how many there are of each class, some samples."""
    whole = not values.dtype.is_floating_point and not values.dtype.is_complex
    finite = values[torch.isfinite(values)] if not whole else values
    low, high = (finite.min().item(), finite.max().item()) if finite.numel() else (0, 0)
    sizes = ", ".join(map(str, values.shape[1:]))
    symbols = "01" if values.dtype == torch.bool else letters
    return {
        "name": name,
        "shape": f"(N, {sizes})" if sizes else "(N,)",
        "dtype": str(values.dtype).removeprefix("torch."),
        "range": [low, high],
        "classes": classes(values) if whole and values.dim() == 1 else None,
        "samples": samples(values[:SAMPLES], low, high, symbols),
    }


def classes(values: Tensor) -> list[int] | None:
    """How many samples there are of each class from 0."""
    fits = values.numel() and values.min() >= 0 and values.max() < MOST_CLASSES
    return values.long().bincount().tolist() if fits else None


def samples(
    values: Tensor, low: float, high: float, letters: Sequence[str] | None
) -> dict[str, Any]:
    """Some samples as pictures, curves, texts or rows of a table; images of a task in a row."""
    if values.dtype.is_floating_point and values.dim() == 5 and values.shape[2] in (1, 3):
        values = torch.cat(values.unbind(1), -1)
    if values.dtype.is_floating_point and values.dim() == 4 and values.shape[1] in (1, 3):
        return {"images": [picture(image, low, high) for image in values]}
    if values.dtype.is_floating_point and values.dim() == 3:
        first = values[:, 0] if values.shape[1] <= values.shape[2] else values[..., 0]
        return {"curves": [thinned(curve) for curve in first]}
    if not values.dtype.is_floating_point and values.dim() == 2:
        return {"texts": [text(row.tolist(), letters) for row in values]}
    rows = values.reshape(len(values), -1)
    cut = "…" if rows.shape[1] > COLUMNS else ""
    shown = [[*map(number, row[:COLUMNS].tolist()), *([cut] if cut else [])] for row in rows]
    return {"rows": shown}


def picture(image: Tensor, low: float, high: float) -> dict[str, Any]:
    """An image as bytes: red, green, blue and opacity of each pixel."""
    scale = LONGEST_SIDE / max(image.shape[1:])
    small = F.interpolate(image[None].float(), scale_factor=min(scale, 1.0), mode="area")[0]
    shade = (small - low) / ((high - low) or 1)
    colours = shade.expand(3, -1, -1) if len(shade) == 1 else shade
    pixels = torch.cat([colours, torch.ones_like(colours[:1])]).permute(1, 2, 0)
    data = (255 * pixels).round().clamp(0, 255).to(torch.uint8).contiguous().numpy().tobytes()
    height, width = small.shape[1:]
    return {"width": width, "height": height, "pixels": base64.b64encode(data).decode()}


def thinned(curve: Tensor) -> list[float]:
    """Some of the values of a curve, evenly spaced."""
    step = math.ceil(len(curve) / LONGEST_CURVE)
    return [value if math.isfinite(value) else 0.0 for value in curve[::step].tolist()]


def text(tokens: list[int], letters: Sequence[str] | None) -> str:
    """Tokens as the letters that they stand for, or as numbers; masks as 0 and 1."""
    shown = tokens[:LONGEST_TEXT]
    if letters is None:
        return " ".join(map(str, shown[: LONGEST_TEXT // 3]))
    return "".join(letters[token] if 0 <= token < len(letters) else "?" for token in shown)


def number(value: float | int) -> str:
    """A number in a cell of a table."""
    return str(value) if isinstance(value, int) else f"{value:.3g}"
