"""Judges of networks that foretell what comes next, and draw by doing so."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from app.examples_check.causality import leaks
from app.examples_check.judging import Measure, judges
from app.examples_check.ngrams import ngram_bits
from app.examples_check.trained import Trained, changed
from graphs.document.edits import SetGraphParameters

LAGS = range(9, 26)
"""The periods of the plucked strings, in values."""
WINDOW = 161


@judges("wavenet")
def wavenet(example: Trained) -> list[Measure]:
    """Bits a value of melodies that it never heard by each likelihood, and whether what it plays
    has pitches.
    """
    data = example.data
    train, test = (data[split]["codes"] for split in ("train", "test"))
    counted = min(ngram_bits(train, test, longest, 256) for longest in (2, 3))
    mixture, normal = (with_likelihood(example, number).test()["bits"] for number in (2, 3))
    values = example.module.dequantise(test, 256, low=-1.0)[..., None]
    noise = harmonicity(example, torch.randint(0, 256, test.shape))
    model = example.program.network.model
    return [
        Measure("bits a value", example.test()["bits"], 4.9, "below", counted, "n-grams"),
        Measure("bits a value, logistic mixture", mixture, 5.0, "below", counted, "n-grams"),
        Measure("bits a value, Gaussian", normal, 6.3, "below", counted, "n-grams"),
        Measure(
            "harmonicity of samples", played(example, values[:8, :1]), 0.45, "above", noise, "noise"
        ),
        no_leak(lambda heard: model(heard)[1], values[:4, :-1]),
    ]


def with_likelihood(example: Trained, number: int) -> Trained:
    """The example trained by another of its likelihoods."""
    turned = {**example.document.main.parameters, "likelihood": number}
    return changed(example, SetGraphParameters(parameters=turned))


def played(example: Trained, beginning: Tensor) -> float:
    """The harmonicity of what it plays, value by value."""
    module, model = example.module, example.program.network.model
    torch.manual_seed(example.seed)
    drawn = module.generate(model, beginning, steps=1023, temperature=1.0, cached=True)
    return harmonicity(example, module.quantise(drawn[..., 0], 256, low=-1.0))


def no_leak(network: Callable[[Tensor], Tensor], sequence: Tensor) -> Measure:
    """Nothing before a step may feel it."""
    return Measure("steps that feel their future", leaks(network, sequence, 40), 1, "below")


def harmonicity(example: Trained, codes: Tensor) -> float:
    """How alike sound is to itself one period later, where that is best: the mean over windows."""
    windows = example.module.mu_law_decode(codes).unfold(1, WINDOW, 64)
    kept = WINDOW - max(LAGS)
    now = windows[..., :kept]
    alike = [F.cosine_similarity(now, windows[..., lag : lag + kept], dim=-1) for lag in LAGS]
    return torch.stack(alike).amax(0).mean().item()
