"""Judges of networks that foretell what comes next, and draw by doing so."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from app.gallery.causality import leaks
from app.gallery.judging import Measure, judges
from app.gallery.ngrams import ngram_bits
from app.gallery.trained import Trained

LAGS = range(9, 26)
"""The periods of the plucked strings, in values."""
WINDOW = 161


@judges("wavenet")
def wavenet(example: Trained) -> list[Measure]:
    """Bits a value of melodies that it never heard, and whether what it plays has pitches."""
    train, test = (example.data[split]["codes"] for split in ("train", "test"))
    counted = min(ngram_bits(train, test, longest, 256) for longest in (2, 3))
    model = example.program.network.model
    torch.manual_seed(example.seed)
    played = example.module.generate(model, test[:8, :1], steps=1023, temperature=1.0, cached=True)
    melody = harmonicity(example, played)
    noise = harmonicity(example, torch.randint(0, 256, test.shape))
    return [
        Measure("bits a value", example.test()["bits"], 4.9, "below", counted, "n-grams"),
        Measure("harmonicity of samples", melody, 0.45, "above", noise, "noise"),
        no_leak(model, test[:4, :-1]),
    ]


def no_leak(model: nn.Module, tokens: Tensor) -> Measure:
    """Nothing before a token may feel it."""
    return Measure("steps that feel their future", leaks(model, tokens, 40), 1, "below")


def harmonicity(example: Trained, codes: Tensor) -> float:
    """How alike sound is to itself one period later, where that is best: the mean over windows."""
    windows = example.module.mu_law_decode(codes).unfold(1, WINDOW, 64)
    kept = WINDOW - max(LAGS)
    now = windows[..., :kept]
    alike = [F.cosine_similarity(now, windows[..., lag : lag + kept], dim=-1) for lag in LAGS]
    return torch.stack(alike).amax(0).mean().item()
