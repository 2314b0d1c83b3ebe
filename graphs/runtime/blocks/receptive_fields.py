"""Receptive fields: what a module looks at."""

import torch
from torch import Tensor, nn

from graphs.runtime.blocks.generation import evaluating


def places_of(x: Tensor) -> torch.Size:
    """The steps of sequences, (T), or the height and width of images, (H, W)."""
    is_image = x.dim() == 4 or (x.dim() == 3 and not x.is_floating_point())
    return x.shape[-2:] if is_image else x.shape[1:2]


@torch.no_grad()
def receptive_field(module: nn.Module, x: Tensor, *others: Tensor, output: int = 0) -> Tensor:
    """Effective receptive field: how much a module's answer at one place depends on each place of
    its input, at most 1.

    Each place in turn gets what the next sample has there; how much the answer changes is averaged
    over all samples. Sequences, (N, T) of integers or (N, T, F), are answered at their last
    step: (1, T); images, (N, C, H, W) or (N, H, W) of integers, in their middle: (1, 1, H, W).
    An answer that has not these places counts as a whole.
    """
    places = places_of(x)
    is_image = len(places) == 2

    def answer(x: Tensor) -> Tensor:
        result = module(x, *others)
        said: Tensor = result[output] if isinstance(result, tuple) else result
        if is_image and said.dim() > 3 and said.shape[-2:] == places:
            return said[..., places[0] // 2, places[1] // 2]
        if not is_image and said.dim() == 3 and said.shape[1] == places[0]:
            return said[:, -1]
        return said

    number = torch.arange(places.numel(), device=x.device).view(places)
    here = number if is_image else number.view(-1, *[1] * (x.dim() - 2))
    with evaluating(module):
        said, next_sample = answer(x), x.roll(1, 0)
        changed = (torch.where(here == place, next_sample, x) for place in range(places.numel()))
        effect = torch.stack([(answer(other) - said).abs().mean() for other in changed])
    field = effect / effect.max().clamp(min=torch.finfo(effect.dtype).tiny)
    return field.view(*[1] * len(places), *places)
