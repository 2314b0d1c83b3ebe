"""How an exported file with metrics of a whole split sums up what its batches gave. Plain torch,
copied as it stands.
"""

from collections.abc import Callable

import torch
from torch import Tensor

OVER_SPLIT: dict[str, Callable[[Tensor], Tensor]] = {}
"""What is made of all that was kept of a split's batches; an exported file has its own table."""


def average(values: list[dict[str, Tensor]], sizes: list[int]) -> dict[str, float]:
    """The mean over all samples of what was measured on each batch; metrics of a whole split of
    what was kept of all its batches.
    """
    weights = torch.tensor(sizes, dtype=torch.float64) / max(sum(sizes), 1)
    results = {}
    for name in values[0] if values else {}:
        column = [value[name] for value in values]
        if name in OVER_SPLIT:
            result = OVER_SPLIT[name](torch.cat(column).cpu().double())
        else:
            result = torch.stack(column).cpu().double() @ weights
        results[name] = float(result)
    return results
