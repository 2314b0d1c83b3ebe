"""Adversarial losses in a drawn program."""

from __future__ import annotations

from pathlib import Path

import torch

import nodes.library  # noqa: F401  registers the node types
from graphs.compiler import check, export
from graphs.document.document import Document
from graphs.load_module import load_source
from tests.graphs.drawing import drawn, ready
from tests.graphs.test_blocks import dense, use, with_blocks


def wasserstein() -> Document:
    """A critic with a gradient penalty, and a generator."""
    critic = {"block": "Critic", "weights": "critic"}
    main = drawn(
        "wasserstein",
        digits=("Digits", {}, {"form": "pixels"}),
        noise=("Noise", {"like": "digits.image"}, {"features": 8}),
        fake=use("Generator", "noise"),
        real_score=use("Critic", "digits.image", weights="critic"),
        fake_score=use("Critic", "fake.y", weights="critic"),
        real_loss=("WassersteinAdversarial", {"score": "real_score.y"}),
        fake_loss=("WassersteinAdversarial", {"score": "fake_score.y"}, {"side": "fake"}),
        penalty=("GradientPenalty", {"real": "digits.image", "fake": "fake.y"}, critic),
        critic_loss=(
            "WeightedSum",
            {"losses": ["real_loss", "fake_loss", "penalty"]},
            {"weights": [1, 1, 10]},
        ),
        forger_loss=("WassersteinAdversarial", {"score": "fake_score.y"}, {"side": "generator"}),
        judge=("Adam", {"loss": "critic_loss", "weights": "real_score.y"}, {"beta1": 0.0}),
        forger=("Adam", {"loss": "forger_loss", "weights": "fake.y"}, {"beta1": 0.0}),
    )
    return with_blocks(main, Generator=dense(64), Critic=dense(1))


def test_a_wasserstein_gan_with_a_gradient_penalty() -> None:
    document = wasserstein()
    assert check(document).problems == ()
    module = load_source(export(document), Path("program.py"))
    torch.manual_seed(0)
    batch = next(module.batches(module.load("cpu")["train"], 32))
    program = ready(module)
    critic = [weight.detach().clone() for weight in program.critic.parameters()]
    values = program.step(batch)
    whole = values["real_loss"] + values["fake_loss"] + 10.0 * values["penalty"]
    torch.testing.assert_close(values["critic_loss"], whole)
    assert values["penalty"] > 0
    pairs = zip(critic, program.critic.parameters(), strict=True)
    assert any(not torch.equal(*pair) for pair in pairs)
    with torch.no_grad():
        assert program.eval().evaluate(batch)["penalty"].isfinite()


def test_a_critic_of_two_outputs_is_refused() -> None:
    two = drawn(
        x=("Input", {}),
        y=("Output", {"value": "x"}),
        z=("Output", {"value": "x"}),
    )
    main = drawn(
        digits=("Digits", {}, {"form": "pixels"}),
        penalty=(
            "GradientPenalty",
            {"real": "digits.image", "fake": "digits.image"},
            {"block": "Two"},
        ),
    )
    problems = check(with_blocks(main, Two=two)).problems
    assert any("one input and one output" in problem.text for problem in problems)
