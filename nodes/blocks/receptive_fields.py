"""Loops over blocks: receptive fields."""

from collections.abc import Mapping
from typing import Any

import torch

from graphs.nodetypes.expressions import SHORTCUTS, Call, call
from graphs.nodetypes.node_type import BlockInterface, Misfit
from graphs.nodetypes.outputs import Outputs
from graphs.nodetypes.tensor_kinds import Meta, Tensor, is_symbolic
from graphs.runtime.blocks.receptive_fields import places_of, receptive_field
from nodes.blocks.blocks import BlockUse


class ReceptiveField(BlockUse):
    """Receptive field of a block, as far as it learned to use it: how much its answer at one place
    depends on each place of its input.

    Each place in turn gets what the next sample of the batch has there; how much the answer changes
    is averaged over all samples, and the most is 1. What the block cannot see is exactly 0.
    Sequences, (N, T) of integers or (N, T, F), are answered at their last step, and (1, T)
    leaves, for a Curve; images, (N, C, H, W) or (N, H, W) of integers, in their middle, and
    (1, 1, H, W) leaves, for an ImageGrid. An answer for the whole input counts as a whole. The
    block runs once for each place: give it a few samples, and cut long sequences. Other inputs of
    the block stay as they are (Zeiler and Fergus 2013, arXiv 1311.2901; Luo et al. 2016,
    arXiv 1701.04128).
    """

    keywords = (
        "saliency",
        "sensitivity",
        "occlusion",
        "attribution",
        "explain",
        "interpretability",
        "effective receptive field",
        "feature attribution",
    )

    output: str = ""
    """Which output of the block is looked at; empty: its first. Not one that is drawn at random."""

    stops_gradient = True
    outputs = "field"

    def results(self, blocks: Mapping[str, BlockInterface]) -> Outputs:
        return self.outputs

    def build(self, *inputs: Tensor, block: Any) -> Call:
        names = block.interface.outputs
        if not inputs or not names:
            raise Misfit(f"needs a block that takes something and gives something: {self.block}")
        if self.output not in ("", *names):
            raise Misfit(
                f"{self.block} has no output {self.output}: choose {' or '.join(names)}",
                use={"output": names[0]},
            )
        self._require_places(inputs[0].meta)
        number = names.index(self.output) if self.output else 0
        said = block.results([value.meta for value in inputs], self.arguments)[number]
        if not said.floating:
            raise Misfit(f"{names[number]} of {self.block} is integers: choose its scores")
        options = {"output": number} if len(names) > 1 else {}
        return call(receptive_field, call(block, **self.arguments), *inputs, **options)

    def _require_places(self, meta: Meta) -> None:
        fits = len(meta.shape) in ((3, 4) if meta.floating else (2, 3))
        if not fits or meta.holds == "booleans":
            raise Misfit(
                f"needs sequences, (N, T) of integers or (N, T, F), or images, (N, C, H, W) "
                f"or (N, H, W) of integers, got {meta.text}"
            )
        if any(is_symbolic(size) for size in meta.shape[1:]):
            raise Misfit(f"needs to know how many places there are, got {meta.text}")


def _field(module: Any, x: torch.Tensor, *others: torch.Tensor, **_: Any) -> torch.Tensor:
    """The shape of the field, and the block applied once."""
    module(x, *others)
    places = places_of(x)
    return torch.empty([1] * len(places) + [*places], device=x.device)


SHORTCUTS[receptive_field] = _field
