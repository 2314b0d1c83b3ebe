"""Uses of a block that are frozen in one place, while another use trains the same weights."""

from pathlib import Path

import torch

from graphs.compiler import check, export
from graphs.load_module import load_source
from tests.graphs.test_blocks import classifier_of, dense, program, use, with_blocks


def test_a_use_may_be_frozen_where_another_learns() -> None:
    """Its weights are constants there, in evaluation mode; gradients pass through it."""
    layers = {
        "first": ("Linear", {"x": "digits.image"}, {"out_features": 64}),
        "a": use("Dense", "first", weights="w"),
        "b": use("Dense", "a.y", weights="w", state="frozen_here"),
    }
    document = with_blocks(classifier_of(**layers), Dense=dense(64))
    assert check(document).problems == ()
    made = program(document)
    source = export(document)
    assert "frozen(self.w, " in source and "def train(self, mode" not in source
    module = load_source(source, Path("program.py"))
    batch = next(module.batches(module.load("cpu")["train"], 16))
    network = made.network.train()
    network(batch["image"]).sum().backward()
    hidden = network.first(batch["image"])
    once = network.w(hidden)
    constant = [weight.detach() for weight in network.w.parameters()]
    twice = torch.relu(torch.nn.functional.linear(once, *constant))
    expected = torch.autograd.grad(
        network.head(twice).sum(), [network.w.linear.weight, network.first.weight]
    )
    assert torch.allclose(network.w.linear.weight.grad, expected[0], rtol=1e-4, atol=1e-5)
    assert torch.allclose(network.first.weight.grad, expected[1], rtol=1e-4, atol=1e-5)
    assert network.w.training and network.w.linear.weight.requires_grad


def test_frozen_here_needs_a_use_that_learns() -> None:
    layers = {"a": use("Dense", "digits.image", weights="w", state="frozen_here")}
    document = with_blocks(classifier_of(**layers), Dense=dense(64))
    (problem,) = check(document).problems
    assert problem.node == "a" and "no use trains its weights" in problem.text
