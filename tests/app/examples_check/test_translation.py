"""Translators between domains: what they share is one thing."""

from pathlib import Path
from typing import Any

import pytest
import torch

import nodes.library  # noqa: F401  registers the node types
from app.commands.documents import FOLDER
from app.examples_check.judges.translation import partners
from graphs.compiler import export
from graphs.document.document_io import SUFFIX, read
from graphs.load_module import load_source


@pytest.fixture(scope="module")
def unit() -> Any:
    """The program of the exported file before any training, with nothing random in it."""
    module: Any = load_source(export(read(FOLDER / f"unit{SUFFIX}"), FOLDER), Path("unit.py"))
    torch.manual_seed(0)
    return module.Program().eval()


def test_shared_layers_are_counted_once(unit: Any) -> None:
    """By the program and by the optimizer, though four uses in the graph have them."""
    unit.configure_optimizers(steps_per_epoch=1, epochs=1)
    groups = unit.translators_optimizer.param_groups
    moved = [weight for group in groups for weight in group["params"]]
    assert len({id(weight) for weight in moved}) == len(moved)
    parts = ("digits_encoder", "edges_encoder", "shared", "digits_decoder", "edges_decoder")
    inside = [weight for part in parts for weight in getattr(unit, part).parameters()]
    assert {id(weight) for weight in moved} == {id(weight) for weight in inside}
    shared = {name for name in unit.state_dict() if "shared" in name}
    assert shared == {f"shared.{name}" for name in unit.shared.state_dict()}


def test_the_gradient_of_shared_layers_is_the_sum_over_their_uses(unit: Any) -> None:
    torch.manual_seed(1)
    images = torch.rand(2, 4, 1, 8, 8) * 2 - 1
    encoders = (unit.digits_encoder, unit.edges_encoder)
    codes = [unit.shared(read_(x))[1] for read_, x in zip(encoders, images, strict=True)]
    weight = unit.shared.code.weight
    both = torch.autograd.grad(sum(c.square().sum() for c in codes), weight, retain_graph=True)[0]
    each = [torch.autograd.grad(c.square().sum(), weight, retain_graph=True)[0] for c in codes]
    assert all(gradient.abs().sum() > 0 for gradient in each)
    torch.testing.assert_close(both, each[0] + each[1])


def test_a_partner_is_found_where_it_is_the_nearest() -> None:
    codes = torch.tensor([[0.0, 0], [5, 0], [0, 5]])
    assert partners(codes, codes + 0.1) == 1
    assert partners(codes, codes[[0, 2, 1]]) == pytest.approx(1 / 3)
