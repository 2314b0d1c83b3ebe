"""Networks that foretell: the future changes nothing before it, and counting is a fair baseline."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import nodes.library  # noqa: F401  registers the node types
from app.commands.documents import FOLDER
from app.examples_check.causality import felt, leaks
from app.examples_check.ngrams import ngram_bits
from graphs.compiler import export
from graphs.document.document_io import SUFFIX, read
from graphs.document.edits import SetGraphParameters, apply
from graphs.load_module import load_source

STEPS = 200


@pytest.fixture(scope="module")
def wavenet() -> tuple[Any, nn.Module]:
    """The exported file, and its network before any training."""
    module: Any = load_source(export(read(FOLDER / f"wavenet{SUFFIX}")), Path("wavenet.py"))
    torch.manual_seed(0)
    return module, module.Program().network.model.eval()


def some_values() -> Tensor:
    """Sound on the scale of levels, from -1 to 1."""
    torch.manual_seed(1)
    return 2 * torch.rand(2, STEPS, 1) - 1


def test_the_future_changes_nothing_before_it(wavenet: tuple[Any, nn.Module]) -> None:
    for place in (1, 50, STEPS - 1):
        assert leaks(lambda x: wavenet[1](x)[1], some_values(), place) == 0


def test_what_is_seen_is_what_the_dilations_say(wavenet: tuple[Any, nn.Module]) -> None:
    """A filter of 2 steps, and twice those of dilation 1 to 32: 1 + 1 + 2 * 63."""
    seen = torch.nonzero(felt(lambda x: wavenet[1](x)[1], some_values(), 20))[:, 0]
    assert seen.min() == 20 and seen.max() == 20 + 128 - 1


def test_what_is_remembered_gives_the_same(wavenet: tuple[Any, nn.Module]) -> None:
    module, model = wavenet
    values = some_values()
    with torch.no_grad(), module.remembering(model):
        parts = [model(piece)[1] for piece in (values[:, :8], *values[:, 8:].split(1, 1))]
    torch.testing.assert_close(torch.cat(parts, 1), model(values)[1], rtol=0, atol=1e-5)


@pytest.mark.parametrize("likelihood", [2, 3])
def test_it_plays_by_each_likelihood(likelihood: int) -> None:
    """What is drawn comes within reach of the levels, cached and not."""
    document = read(FOLDER / f"wavenet{SUFFIX}")
    turned = {**document.main.parameters, "likelihood": likelihood}
    module: Any = load_source(
        export(apply(document, SetGraphParameters(parameters=turned))), Path("wavenet.py")
    )
    model = module.Program().network.model
    played = module.generate(model, some_values()[:, :4], steps=9, temperature=1.0, cached=True)
    assert played.shape == (2, 13, 1) and played.isfinite().all()


def test_a_look_ahead_is_seen() -> None:
    torch.manual_seed(0)
    cells = nn.Sequential(nn.Embedding(256, 4), nn.GRU(4, 4, batch_first=True, bidirectional=True))

    class Both(nn.Module):
        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            steps: torch.Tensor = cells(tokens)[0]
            return steps

    assert leaks(Both(), torch.randint(0, 256, (2, 30)), 20) == 20


def test_counting_learns_what_follows_what() -> None:
    """Two tokens in turn: sure once a token is known, an even choice without."""
    turns = torch.tensor([[0, 1] * 500])
    assert ngram_bits(turns, turns, 1, 2) == pytest.approx(1, abs=1e-3)
    assert ngram_bits(turns, turns, 2, 2) < 0.01
    assert ngram_bits(turns[:, :0], turns, 2, 8) == pytest.approx(math.log2(8))
