"""Loops over blocks: autoregressive generation of sequences."""

from collections.abc import Mapping
from typing import Any, Literal

import torch
from pydantic import JsonValue, NonNegativeFloat, PositiveInt

from graphs.check.incremental_decoding import hindrance
from graphs.check.shape_inference import BlockMisfit
from graphs.nodetypes.expressions import SHORTCUTS, Call, call
from graphs.nodetypes.node_type import BlockInterface, Misfit
from graphs.nodetypes.outputs import Outputs
from graphs.nodetypes.tensor_kinds import Meta
from graphs.nodetypes.tensor_kinds import Tensor as Wired
from graphs.runtime.blocks.generation import generate
from nodes.blocks.blocks import BlockUse


class Generate(BlockUse):
    """Autoregressive generation: lengthens sequences by what a block predicts next, fed back to it
    step by step.

    The first input of the block is a sequence. For tokens, (N, T), it gives the logits of the next
    one; for vectors, (N, T, F), the next one itself; where it gives one for every step, the last
    counts. Of a block with several outputs the first is what comes next. Give it the weights of the
    block that you train. No gradient passes through what is generated.
    """

    keywords = (
        "autoregressive",
        "autoregression",
        "text generation",
        "sampling",
        "decode",
        "decoder loop",
        "inference",
        "greedy decoding",
        "temperature",
        "kv cache",
        "feed back",
        "language model",
        "forecast",
    )
    version = 2
    steps: PositiveInt = 16
    """How many steps are added to the prompt."""
    temperature: NonNegativeFloat = 0.0
    """Temperature of the sampling: 0 takes the most probable token (greedy), 1 samples by the
    softmax, more is more random.
    """
    sees: Literal["everything", "last_steps"] = "everything"
    """What the block sees at each step: everything so far, or the last steps, as many as the prompt
    has, for a block whose sizes depend on their number.
    """
    cached: Literal["where_possible", "always", "never"] = "where_possible"
    """Whether layers keep what they need of earlier steps (a key-value cache), so that these are
    computed once: much faster, with the same result. `always` says which node stands in the way.
    """

    stops_gradient = True
    outputs = "sequence"

    @classmethod
    def migrate(cls, version: int, parameters: dict[str, JsonValue]) -> dict[str, JsonValue]:
        """Version 1 showed the block as many steps as the prompt has."""
        return {"sees": "last_steps", **parameters}

    def results(self, blocks: Mapping[str, BlockInterface]) -> Outputs:
        return self.outputs

    def build(self, *inputs: Wired, block: Any) -> Call:
        if not block.interface.outputs or not inputs:
            raise Misfit(
                f"needs a block that takes a sequence and gives what comes next: {self.block}"
            )
        given = [value.meta for value in inputs]
        self._require_next(given[0], block.results(given, self.arguments)[0])
        longest = [_lengthened(given[0], self.steps - 1), *given[1:]]
        if self.sees == "everything":
            self._require_growth(block, given, longest)
        options = {"cached": True} if self._is_cached(block, given, longest) else {}
        return call(
            generate,
            call(block, **self.arguments),
            *inputs,
            steps=self.steps,
            temperature=self.temperature,
            sees=self.sees,
            **options,
        )

    def _require_next(self, prompt: Meta, result: Meta) -> None:
        """What the block gives must be able to come next."""
        if len(prompt.shape) != (3 if prompt.floating else 2):
            raise Misfit(f"needs tokens, (N, T), or vectors, (N, T, F), got {prompt.text}")
        if len(result.shape) not in (2, 3) or not result.floating:
            raise Misfit(
                f"{self.block} gives {result.text}: what comes next is (N, F) or (N, T, F)"
            )
        if prompt.floating and result.shape[-1] != prompt.shape[-1]:
            raise Misfit(
                f"a step has {prompt.shape[-1]} features, {self.block} gives {result.text}"
            )

    def _require_growth(self, block: Any, given: list[Meta], longest: list[Meta]) -> None:
        """A block that sees everything takes longer sequences with the same weights."""
        module = block(**self.arguments)
        try:
            for metas in (given, longest):
                module(*(_on_meta(meta) for meta in metas))
        except (Misfit, BlockMisfit) as misfit:
            why = misfit.problems[0].text if isinstance(misfit, BlockMisfit) else str(misfit)
            raise Misfit(
                f"{self.block} cannot see everything, {longest[0].text} at the end ({why}): "
                "let it see the last steps",
                use={"sees": "last_steps"},
            ) from None

    def _is_cached(self, block: Any, given: list[Meta], longest: list[Meta]) -> bool:
        """Whether earlier steps are remembered. Raises Misfit where they must be and cannot."""
        if self.cached == "never" or (self.steps == 1 and self.cached != "always"):
            return False
        if self.sees == "last_steps":
            why = "it sees the last steps, which are others each time"
        else:
            longer = [_lengthened(given[0], 1), *given[1:]] if self.steps == 1 else longest
            why = hindrance(block, given, longer, self.arguments)
        if why and self.cached == "always":
            raise Misfit(f"cannot be cached: {why}", use={"cached": "where_possible"})
        return not why


def _lengthened(meta: Meta, steps: int) -> Meta:
    return meta._replace(shape=(meta.shape[0], meta.shape[1] + steps, *meta.shape[2:]))


def _on_meta(meta: Meta) -> torch.Tensor:
    return torch.empty(meta.shape, dtype=getattr(torch, meta.dtype), device="meta")


def _generated(
    module: Any, prompt: torch.Tensor, *others: torch.Tensor, steps: int, **_: Any
) -> torch.Tensor:
    """The shape of what is generated, and the block applied to the prompt."""
    module(prompt, *others)
    size = (len(prompt), prompt.shape[1] + steps, *prompt.shape[2:])
    return prompt.new_empty(size)


SHORTCUTS[generate] = _generated
