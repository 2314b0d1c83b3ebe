"""Judges of networks that foretell the next character of a text, and write by doing so."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from app.examples_check.judges.autoregressive import no_leak
from app.examples_check.judging import Measure, judges
from app.examples_check.ngrams import ngram_bits
from app.examples_check.trained import Trained

VOCABULARY = 100
LENGTH = 128


@judges("causal_transformer")
def causal_transformer(example: Trained) -> list[Measure]:
    """Attention alone, to which somebody has to say what is near."""
    return foretelling(example, 2.0, longest=3)


@judges("causal_conv_lm")
def causal_conv_lm(example: Trained) -> list[Measure]:
    """Convolutions alone, which see so far and no further."""
    return foretelling(example, 1.85, longest=3)


@judges("conv_attention_lm")
def conv_attention_lm(example: Trained) -> list[Measure]:
    """Both, in turns: better than counting what followed each four characters."""
    bits, leak = foretelling(example, 1.776, longest=5)
    below = (bits.baseline or 0) - bits.value
    return [bits, Measure("bits below those of 5-grams", below, 0), leak]


def foretelling(example: Trained, bar: float, longest: int) -> list[Measure]:
    """Bits a character of a text that a network never saw, beside what counting gives; and whether
    any step feels its future.
    """
    known, text = (example.data[split]["tokens"].flatten() for split in ("train", "test"))
    counted = ngram_bits(known[None], text[None], longest, VOCABULARY)
    model = example.program.network.model
    bits = bits_within(model, text)
    return [
        Measure("bits per character", bits, bar, "below", counted, f"{longest}-grams"),
        no_leak(model, text[: 4 * LENGTH].reshape(4, LENGTH)),
    ]


@torch.no_grad()
def bits_within(model: nn.Module, text: Tensor) -> float:
    """Bits a character that has at least half a piece before it: pieces overlap by half, and only
    the second half of each counts.
    """
    half = LENGTH // 2
    pieces = text.unfold(0, LENGTH + 1, half)
    nats = 0.0
    for some in torch.split(pieces, 32):
        scores, target = model(some[:, :-1])[:, half:], some[:, half + 1 :]
        nats += F.cross_entropy(scores.transpose(1, 2), target, reduction="sum").item()
    return nats / math.log(2) / (len(pieces) * half)
