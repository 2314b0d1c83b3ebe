"""Autoregressive generation: a module's predictions are fed back to it."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn


@torch.no_grad()
def generate(
    module: nn.Module,
    prompt: Tensor,
    *others: Tensor,
    steps: int,
    temperature: float,
    sees: str = "everything",
    cached: bool = False,
) -> Tensor:
    """Lengthen sequences autoregressively: (N, T, …) grows to (N, T + steps, …).

    The module sees everything so far, or the last steps, as many as the prompt has; `cached`, it
    sees the prompt and then one new step at a time, and remembers those before. For integers
    (N, T) it gives the logits of the next one, (N, C) or (N, T, C): temperature 0 takes the most
    probable, else one is sampled. For vectors (N, T, F) it gives the next one. Of several outputs
    the first counts. It is in evaluation mode meanwhile, and no gradient passes through.
    """
    sequence = new = prompt
    with evaluating(module), remembering(module, cached):
        for _ in range(steps):
            first = sequence.shape[1] - prompt.shape[1] if sees == "last_steps" else 0
            result = module(new if cached else sequence[:, first:], *others)
            next_ = result[0] if isinstance(result, tuple) else result
            if next_.dim() == 3:
                next_ = next_[:, -1]
            if not prompt.is_floating_point():
                next_ = drawn_class(next_, temperature)
            new = next_[:, None]
            sequence = torch.cat([sequence, new], 1)
    return sequence


@torch.no_grad()
def generate_pixels(
    module: nn.Module, image: Tensor, *others: Tensor, keep_rows: int, temperature: float
) -> Tensor:
    """Generate images of integers autoregressively, (N, H, W) or with K colours (N, K, H, W),
    pixel by pixel.

    The first rows stay as they are. The module sees what is drawn so far, and 0 where nothing is
    yet; of the logits that it gives for every pixel, (N, C, H, W) or (N, C, K, H, W), those of the
    next one count. It is in evaluation mode meanwhile, and no gradient passes through.
    """
    drawn = image.clone(memory_format=torch.contiguous_format)
    drawn[..., keep_rows:, :] = 0
    count, *_, height, width = drawn.shape
    colours = drawn.view(count, -1, height, width)
    rows, columns = range(keep_rows, height), range(width)
    with evaluating(module):
        for row, column, colour in product(rows, columns, range(colours.shape[1])):
            result = module(drawn, *others)
            scores = result[0] if isinstance(result, tuple) else result
            here = scores.reshape(count, -1, *colours.shape[1:])[:, :, colour, row, column]
            colours[:, colour, row, column] = drawn_class(here, temperature)
    return drawn


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Evaluation mode for a while; then every part is as it was."""
    training = [part for part in module.modules() if part.training]
    module.eval()
    try:
        yield
    finally:
        for part in training:
            part.training = True


@contextmanager
def remembering(module: nn.Module, wanted: bool = True) -> Iterator[None]:
    """Key-value and state caches for a while: what a module sees goes on where it ended before, as
    if it had come at once.

    Recurrent layers start from their last state; other layers have a `past` to keep what they need
    of earlier steps. A layer that is used several times in one pass has a past for each use.
    """
    past: dict[tuple[nn.Module, int], Any] = {}
    uses: Counter[nn.Module] = Counter()

    def begin(_module: nn.Module, _args: Any) -> None:
        uses.clear()

    def before(layer: Any, args: Any) -> Any:
        known = past.get((layer, uses[layer]))
        if isinstance(layer, nn.RNNBase):
            return args if known is None else (args[0], known)
        layer.past, layer.remembers = known, True
        return args

    def after(layer: Any, _args: Any, result: Any) -> None:
        past[layer, uses[layer]] = result[1] if isinstance(layer, nn.RNNBase) else layer.past
        uses[layer] += 1

    layers: list[Any] = [layer for layer in module.modules() if wanted and can_remember(layer)]
    hooks = [module.register_forward_pre_hook(begin)]
    hooks += [layer.register_forward_pre_hook(before) for layer in layers]
    hooks += [layer.register_forward_hook(after) for layer in layers]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
        for layer in layers:
            if not isinstance(layer, nn.RNNBase):
                layer.past, layer.remembers = None, False


def can_remember(layer: nn.Module) -> bool:
    """Whether a layer is causal, and can go on where it ended."""
    if isinstance(layer, nn.RNNBase):
        return not layer.bidirectional
    return hasattr(layer, "past")


def drawn_class(scores: Tensor, temperature: float) -> Tensor:
    """One class for each row of logits: the argmax at temperature 0, else sampled."""
    if temperature == 0:
        return scores.argmax(1)
    return torch.multinomial((scores / temperature).softmax(1), 1)[:, 0]
