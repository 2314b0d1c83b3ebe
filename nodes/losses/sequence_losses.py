"""Losses: of sequences without an alignment."""

import torch
from torch import Tensor

from graphs.nodetypes.expressions import Expression, call
from graphs.nodetypes.node_type import Example, Loss, Misfit
from graphs.nodetypes.tensor_kinds import Labels, Meta, Sequence, Tokens
from graphs.runtime.measures.losses import ctc


class CTC(Loss):
    """Connectionist temporal classification (CTC): the negative log-likelihood of a sequence of
    tokens, summed over all its alignments to the steps, in nats a token.

    Use it to read speech or handwriting: `prediction`, (N, T, C), are the logits of each class at
    each step, before any softmax; `tokens`, (N, S), are what was said, in S steps or fewer; nobody
    says at which step each one belongs (Graves et al. 2006). `lengths`, (N,), says how many of the
    T steps of each sample are real; without it all are. One class is the blank: it means nothing at
    this step, and pads short rows of `tokens`. Where T is too short for a row, it counts as 0.
    """

    keywords = (
        "nn.CTCLoss",
        "ctc loss",
        "connectionist temporal classification",
        "speech recognition",
        "asr",
        "handwriting recognition",
        "ocr",
        "alignment",
    )

    blank: int = 0
    """The blank: the class that is no token."""

    examples = (
        Example({}, [(2, 7, 5), Meta((2, 3), "int64")], [()]),
        Example({"blank": 4}, [(2, 7, 5), Meta((2, 3), "int64"), Meta((2,), "int64")], [()]),
        Example({"blank": 5}, [(2, 7, 5), Meta((2, 3), "int64")], problem="blank is 5, and there"),
        Example({}, [(2, 5), Meta((2, 3), "int64")], problem="prediction needs (N, T, F)"),
    )

    def build(
        self, prediction: Sequence, tokens: Tokens, lengths: Labels | None = None
    ) -> Expression:
        classes = prediction.features
        if not 0 <= self.blank < classes:
            raise Misfit(f"blank is {self.blank}, and there are {classes} classes", {"blank": 0})
        given = [prediction, tokens, *([lengths] if lengths is not None else [])]
        return call(ctc, *given, blank=self.blank)


def _ctc_shapes(scores: Tensor, tokens: Tensor, *_: object) -> tuple[Tensor, Tensor]:
    """What torch's CTC gives, by shape: a cost a sample, and its table of alignments."""
    steps, samples = scores.shape[:2]
    states = 2 * tokens.shape[1] + 1
    return scores.new_empty(samples), scores.new_empty(samples, steps, states)


_SHAPES = torch.library.Library("aten", "IMPL", "Meta")  # type: ignore[no-untyped-call]
"""torch's CTC cannot be run for its shapes; this says them, in the editor alone."""
_SHAPES.impl("_ctc_loss.Tensor", _ctc_shapes)  # type: ignore[no-untyped-call]
