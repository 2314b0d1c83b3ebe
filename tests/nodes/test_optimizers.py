"""Optimizers: what torch does not have in this form, and what is refused."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import nodes.library  # noqa: F401  registers the node types
from graphs.compiler import check, export
from graphs.document.document import Document
from graphs.load_module import load_source
from graphs.runtime.training.optimizers import MuonAdamW
from tests.graphs.drawing import drawn, ready


def networks() -> tuple[nn.Module, nn.Module]:
    """Two of the same weights: matrices, biases, a kernel."""
    made = []
    for _ in range(2):
        torch.manual_seed(0)
        made.append(nn.Sequential(nn.Conv1d(2, 3, 2), nn.Flatten(), nn.Linear(9, 4)))
    return made[0], made[1]


def descend(network: nn.Module, *optimizers: torch.optim.Optimizer) -> None:
    """A step on one batch that is the same each time."""
    x = torch.randn(5, 2, 4, generator=torch.Generator().manual_seed(1))
    network.zero_grad()
    network(x).square().mean().backward()
    for optimizer in optimizers:
        optimizer.step()


def assert_same(one: nn.Module, other: nn.Module) -> None:
    for left, right in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.equal(left, right)


def test_muon_is_torchs_muon_and_adamw_side_by_side() -> None:
    one, other = networks()
    ours = MuonAdamW(one.parameters(), lr=0.01)
    matrices = [w for w in other.parameters() if w.dim() == 2]
    others = [w for w in other.parameters() if w.dim() != 2]
    muon = torch.optim.Muon(
        matrices, lr=0.01, weight_decay=0.1, momentum=0.95, adjust_lr_fn="match_rms_adamw"
    )
    adamw = torch.optim.AdamW(others, lr=0.01, weight_decay=0.1, betas=(0.9, 0.95))
    for _ in range(4):
        descend(one, ours)
        descend(other, muon, adamw)
    assert_same(one, other)


def test_muon_follows_a_schedule_and_goes_on_from_its_state() -> None:
    one, other = networks()
    first, second = MuonAdamW(one.parameters()), MuonAdamW(other.parameters())
    schedule = torch.optim.lr_scheduler.StepLR(first, step_size=1, gamma=0.5)
    for _ in range(3):
        descend(one, first)
        schedule.step()
    assert [part.param_groups[0]["lr"] for part in first.parts] == [0.001 / 8] * 2
    other.load_state_dict(one.state_dict())
    second.load_state_dict(deepcopy(first.state_dict()))
    for _ in range(2):
        descend(one, first)
        descend(other, second)
    assert_same(one, other)


@pytest.mark.parametrize("kind", [2, 1])
def test_muon_with_weights_of_one_kind(kind: int) -> None:
    weights = [nn.Parameter(torch.ones([3] * kind))]
    assert len(MuonAdamW(weights).parts) == 1


def line(*optimizers: tuple) -> Document:
    """A linear classifier of digits with these optimizers on its loss."""
    nodes = {f"optimizer_{number}": optimizer for number, optimizer in enumerate(optimizers)}
    return drawn(
        "line",
        digits=("Digits", {}, {"form": "pixels"}),
        scores=("Linear", {"x": "digits.image"}, {"out_features": 10}),
        loss=("CrossEntropy", {"prediction": "scores", "label": "digits.label"}),
        **nodes,
    )


def test_lbfgs_moves_as_a_hand_written_loop_moves_it() -> None:
    document = line(("LBFGS", {"loss": "loss"}, {"max_iter": 5}))
    assert check(document).problems == ()
    module = load_source(export(document), Path("program.py"))
    torch.manual_seed(0)
    batch = next(module.batches(module.load("cpu")["train"], 64))
    program, hand = ready(module), nn.Linear(64, 10)
    hand.load_state_dict(program.network.scores.state_dict())
    optimizer = torch.optim.LBFGS(hand.parameters(), max_iter=5, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = F.cross_entropy(hand(batch["image"]), batch["label"])
        loss.backward()
        return loss

    for _ in range(3):
        before = F.cross_entropy(hand(batch["image"]), batch["label"])
        assert torch.equal(program.step(batch)["loss"], before)  # measured before anything moves
        optimizer.step(closure)
    assert_same(program.network.scores, hand)


@pytest.mark.parametrize(
    ("optimizer", "parameter", "words"),
    [
        (("LBFGS", {"loss": "loss"}, {"accumulate": 2}), "accumulate", "left to later batches"),
        (("LBFGS", {"loss": "loss"}, {"clip_norm": 1.0}), "clip_norm", "clipped"),
    ],
)
def test_lbfgs_is_neither_clipped_nor_accumulated(
    optimizer: tuple, parameter: str, words: str
) -> None:
    (problem,) = check(line(optimizer)).problems
    assert problem.parameter == parameter and words in problem.text


def test_muon_needs_a_matrix() -> None:
    document = drawn(
        "kernels",
        digits=("Digits", {}),
        conv=("Conv2d", {"x": "digits.image"}, {"out_channels": 10}),
        pool=("GlobalAvgPool2d", {"x": "conv"}),
        loss=("CrossEntropy", {"prediction": "pool", "label": "digits.label"}),
        muon=("Muon", {"loss": "loss"}),
    )
    problems = check(document).problems
    assert [(p.node, p.text) for p in problems] == [
        ("muon", "Muon is for matrices, and none of its weights is one: use AdamW for these")
    ]


def test_optimizers_are_made_where_the_weights_are() -> None:
    """Adagrad's sums are there before the first step: on the device that the program is on."""
    document = line(("Adagrad", {"loss": "loss"}))
    module = load_source(export(document), Path("program.py"))
    program = module.Program().to("meta")
    program.configure_optimizers(8)
    sums = [state["sum"] for state in program.optimizer.state.values()]
    assert len(sums) == 2 and all(value.is_meta for value in sums)
