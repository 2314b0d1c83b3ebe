"""Sequences of different lengths to classify: handwritten digits, read row by row at a changing
pace.
"""

import torch
from sklearn.datasets import load_digits
from torch import Tensor

from nodes.modules.splits import split


def warped_digits(
    longest_stay: int, validation: float, test: float, seed: int
) -> dict[str, dict[str, Tensor]]:
    """The rows of each digit, each seen 1 to so many times: (N, T, 8), with 0 after the end."""
    source = load_digits()
    rows = torch.tensor(source.images, dtype=torch.float32) / 16
    draw = torch.Generator().manual_seed(seed)
    stays = torch.randint(1, longest_stay + 1, (len(rows), 8), generator=draw)
    length = stays.sum(1)
    step = torch.arange(8 * longest_stay)
    place = (step[None, :, None] >= stays.cumsum(1)[:, None]).sum(2).clamp(max=7)
    mask = (step[None] < length[:, None]).float()
    sequence = rows.gather(1, place[..., None].expand(-1, -1, 8)) * mask[..., None]
    label = torch.tensor(source.target)
    fields = {"sequence": sequence, "mask": mask, "length": length, "label": label}
    return split(fields, validation, test, seed)
