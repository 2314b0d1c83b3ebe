"""Sequences of different lengths to classify: handwritten digits, read row by row at a changing
pace.
"""

import torch
from torch import Tensor

from graphs.runtime.data_files.splits import random_split


def warped_digits(
    longest_stay: int, validation: float, test: float, seed: int, paces: int = 1
) -> dict[str, dict[str, Tensor]]:
    """Handwritten digits, each read at so many paces: no digit is in two splits."""
    from sklearn.datasets import load_digits

    source = load_digits()
    rows = torch.tensor(source.images, dtype=torch.float32) / 16
    drawn = {"rows": rows, "label": torch.tensor(source.target)}
    draw = torch.Generator().manual_seed(seed)
    return {
        part: read_by_row(
            fields["rows"].repeat(paces, 1, 1), fields["label"].repeat(paces), longest_stay, draw
        )
        for part, fields in random_split(drawn, validation, test, seed).items()
    }


def read_by_row(
    rows: Tensor, label: Tensor, longest_stay: int, draw: torch.Generator
) -> dict[str, Tensor]:
    """The rows of each digit, each repeated 1 to so many times: (N, T, 8), padded with 0."""
    stays = torch.randint(1, longest_stay + 1, (len(rows), 8), generator=draw)
    length = stays.sum(1)
    step = torch.arange(8 * longest_stay)
    place = (step[None, :, None] >= stays.cumsum(1)[:, None]).sum(2).clamp(max=7)
    mask = step < length[:, None]
    sequence = rows.gather(1, place[..., None].expand(-1, -1, 8)) * mask[..., None]
    return {"sequence": sequence, "mask": mask, "length": length, "label": label}
