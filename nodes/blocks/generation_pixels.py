"""Loops over blocks: autoregressive generation of images."""

from collections.abc import Mapping
from typing import Any

import torch
from pydantic import NonNegativeFloat, NonNegativeInt

from graphs.nodetypes.expressions import SHORTCUTS, Call, call
from graphs.nodetypes.node_type import BlockInterface, Misfit
from graphs.nodetypes.outputs import Outputs
from graphs.nodetypes.tensor_kinds import Meta
from graphs.nodetypes.tensor_kinds import Tensor as Wired
from graphs.runtime.blocks.generation import generate_pixels
from nodes.blocks.blocks import BlockUse


class GeneratePixels(BlockUse):
    """Autoregressive generation of images, pixel by pixel, each by what a block predicts of it from
    the pixels before.

    The first input of the block is an image of classes, such as grey levels, (N, H, W), or
    (N, K, H, W) with K colours. Its first output are logits of each class at every pixel,
    (N, C, H, W) or (N, C, K, H, W), which must not depend on that pixel or on later ones: masked
    convolutions see to that. Pixels are drawn row by row, colours one after another; those not
    drawn yet are 0. The images wired here say how large the new ones are, and how they begin. Give
    it the weights of the block that you train. No gradient passes through what is drawn (PixelCNN,
    van den Oord et al. 2016, arXiv 1601.06759).
    """

    keywords = (
        "autoregressive images",
        "pixelcnn",
        "image generation",
        "inpainting",
        "completion",
        "sampling",
    )

    keep_rows: NonNegativeInt = 0
    """How many rows at the top stay as they arrive; 0 draws whole images, and half of the rows is a
    completion (inpainting).
    """
    temperature: NonNegativeFloat = 1.0
    """Temperature of the sampling: 0 takes the most probable class (greedy), 1 samples by the
    softmax, more is more random.
    """

    stops_gradient = True
    outputs = "image"

    def results(self, blocks: Mapping[str, BlockInterface]) -> Outputs:
        return self.outputs

    def build(self, *inputs: Wired, block: Any) -> Call:
        if not block.interface.outputs or not inputs:
            raise Misfit(f"needs a block that takes an image and gives scores: {self.block}")
        image = inputs[0].meta
        self._require_image(image)
        self._require_scores(
            image, block.results([value.meta for value in inputs], self.arguments)[0]
        )
        return call(
            generate_pixels,
            call(block, **self.arguments),
            *inputs,
            keep_rows=self.keep_rows,
            temperature=self.temperature,
        )

    def _require_image(self, image: Meta) -> None:
        if image.floating or len(image.shape) not in (3, 4):
            raise Misfit(f"needs classes, (N, H, W) or (N, K, H, W), got {image.text}")
        if self.keep_rows >= image.shape[-2]:
            raise Misfit(
                f"all {image.shape[-2]} rows are kept: nothing is left to draw",
                use={"keep_rows": 0},
            )

    def _require_scores(self, image: Meta, scores: Meta) -> None:
        if not scores.floating or scores.shape[:1] + scores.shape[2:] != image.shape:
            wanted = image.text.replace(", ", ", C, ", 1)
            raise Misfit(f"{self.block} gives {scores.text}: scores of each pixel are {wanted}")


def _drawn(module: Any, image: torch.Tensor, *others: torch.Tensor, **_: Any) -> torch.Tensor:
    """The shape of what is drawn, and the block applied once."""
    module(image, *others)
    return torch.empty_like(image)


SHORTCUTS[generate_pixels] = _drawn
