"""Networks that foretell: the future changes nothing before it, and counting is a fair baseline."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import nodes.library  # noqa: F401  registers the node types
from app.commands.documents import FOLDER
from app.gallery.causality import felt, leaks
from app.gallery.ngrams import ngram_bits
from graphs.files import SUFFIX, read
from graphs.loading import load_source
from graphs.source import export

STEPS = 200


@pytest.fixture(scope="module")
def wavenet() -> tuple[Any, nn.Module]:
    """The exported file, and its network before any training."""
    module: Any = load_source(export(read(FOLDER / f"wavenet{SUFFIX}")), Path("wavenet.py"))
    torch.manual_seed(0)
    return module, module.Program(steps_per_epoch=1).network.model.eval()


def some_tokens() -> torch.Tensor:
    torch.manual_seed(1)
    return torch.randint(0, 256, (2, STEPS))


def test_the_future_changes_nothing_before_it(wavenet: tuple[Any, nn.Module]) -> None:
    for place in (1, 50, STEPS - 1):
        assert leaks(wavenet[1], some_tokens(), place) == 0


def test_what_is_seen_is_what_the_dilations_say(wavenet: tuple[Any, nn.Module]) -> None:
    """A filter of 2 steps, and twice those of dilation 1 to 32: 1 + 1 + 2 * 63."""
    seen = torch.nonzero(felt(wavenet[1], some_tokens(), 20))[:, 0]
    assert seen.min() == 20 and seen.max() == 20 + 128 - 1


def test_what_is_remembered_gives_the_same(wavenet: tuple[Any, nn.Module]) -> None:
    module, model = wavenet
    prompt, options = some_tokens()[:, :8], {"steps": 150, "temperature": 1.0}
    drawn = []
    for cached in (True, False):
        torch.manual_seed(0)
        drawn.append(module.generate(model, prompt, cached=cached, **options))
    assert torch.equal(*drawn)


def test_a_look_ahead_is_seen() -> None:
    torch.manual_seed(0)
    cells = nn.Sequential(nn.Embedding(256, 4), nn.GRU(4, 4, batch_first=True, bidirectional=True))

    class Both(nn.Module):
        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            steps: torch.Tensor = cells(tokens)[0]
            return steps

    assert leaks(Both(), some_tokens()[:, :30], 20) == 20


def test_counting_learns_what_follows_what() -> None:
    """Two tokens in turn: sure once a token is known, an even choice without."""
    turns = torch.tensor([[0, 1] * 500])
    assert ngram_bits(turns, turns, 1, 2) == pytest.approx(1, abs=1e-3)
    assert ngram_bits(turns, turns, 2, 2) < 0.01
    assert ngram_bits(turns[:, :0], turns, 2, 8) == pytest.approx(math.log2(8))
