"""Language models as they are drawn, before any training: nothing feels its future, the past is
felt as far as the drawing says, and what is remembered while they write changes nothing.
"""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import nodes.library  # noqa: F401  registers the node types
from app.commands.documents import FOLDER
from app.examples_check.causality import felt, leaks
from app.examples_check.judges.language import bits_within
from graphs.compiler import export
from graphs.document.document_io import SUFFIX, read
from graphs.load_module import load_source

NAMES = ("causal_transformer", "causal_conv_lm", "conv_attention_lm")
STEPS, PLACE = 96, 20


@pytest.fixture(scope="module", params=NAMES)
def language(request: pytest.FixtureRequest) -> tuple[str, Any, nn.Module]:
    """The example's name, its exported file, and its network before any training."""
    name = request.param
    module: Any = load_source(export(read(FOLDER / f"{name}{SUFFIX}")), Path(f"{name}.py"))
    torch.manual_seed(0)
    program = module.Program(features=32)
    return name, module, program.network.model.eval()


def some_tokens() -> torch.Tensor:
    torch.manual_seed(1)
    return torch.randint(0, 100, (2, STEPS))


def test_nothing_feels_its_future(language: tuple[str, Any, nn.Module]) -> None:
    for place in (1, PLACE, STEPS - 1):
        assert leaks(language[2], some_tokens(), place) == 0


def test_the_past_is_felt_as_far_as_the_drawing_says(language: tuple[str, Any, nn.Module]) -> None:
    """Attention sees it all; six filters of 3 steps of dilation 1, 2, 4, 8, 16, 1 see 64 back."""
    name, _, model = language
    seen = torch.nonzero(felt(model, some_tokens(), PLACE))[:, 0]
    assert seen.min() == PLACE
    assert seen.max() == (PLACE + 64 if name == "causal_conv_lm" else STEPS - 1)


def test_what_is_remembered_gives_the_same(language: tuple[str, Any, nn.Module]) -> None:
    _, module, model = language
    prompt, options = some_tokens()[:, :8], {"steps": 72, "temperature": 1.0}
    written = []
    for cached in (True, False):
        torch.manual_seed(0)
        written.append(module.generate(model, prompt, cached=cached, **options))
    assert torch.equal(*written)


def test_bits_count_each_character_once_that_has_half_a_piece_before_it() -> None:
    """A network that knows every second token costs half of what an even choice does."""

    class Half(nn.Module):
        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            scores = torch.zeros(*tokens.shape, 4)
            scores[..., 1] = torch.where(tokens == 0, 50.0, -50.0)
            scores[tokens == 1] = torch.tensor([0.0, -50.0, 0.0, -50.0])
            return scores

    turns = torch.tensor([0, 1] * 400)
    assert bits_within(Half(), turns) == pytest.approx(0.5, abs=1e-4)
