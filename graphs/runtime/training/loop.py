"""Around a program in an exported file: means over batches, weights from files. Plain torch, copied
as it stands.
"""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn


def samples_of(splits: dict[str, dict[str, Tensor]], *names: str) -> list[Tensor]:
    """Fields of all samples, whatever split they are in."""
    return [torch.cat([part[name] for part in splits.values()]) for name in names]


def average(values: list[dict[str, Tensor]], sizes: list[int]) -> dict[str, float]:
    """The mean over all samples of what was measured on each batch."""
    weights = torch.tensor(sizes, dtype=torch.float64) / max(sum(sizes), 1)
    return {
        name: float(torch.stack([value[name] for value in values]).cpu().double() @ weights)
        for name in (values[0] if values else {})
    }


def load_part(module: nn.Module, path: Path, part: str = "") -> None:
    """Give a module the weights of a file, or those whose names begin with a part's. Whether the
    network itself is named first, as some files do (`network.encoder.conv`), makes no difference.
    """
    start = f"{part}." if part else ""
    weights = load_file(path)
    for first in (start, f"network.{start}", start.removeprefix("network.")):
        if found := {n.removeprefix(first): w for n, w in weights.items() if n.startswith(first)}:
            break
    module.load_state_dict(found)
