"""Blocks adapted to each task by gradient steps inside a network."""

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F

import nodes.library  # noqa: F401  registers the node types
from graphs.compiler import check, export
from graphs.document.document import Document, End
from graphs.runtime.blocks.scan_map_adapt import adapt
from tests.graphs.drawing import drawn
from tests.graphs.test_blocks import program, with_blocks


def quick_learner(**parameters: object) -> Document:
    """A network that is adapted to each digit: from its upper rows to its lower ones."""
    network = drawn(
        x=("Input", {}, {"kind": "vector"}),
        linear=("Linear", {"x": "x"}, {"out_features": 6}),
        tanh=("Tanh", {"x": "linear"}),
        last=("Linear", {"x": "tanh"}, {"out_features": 8}),
        y=("Output", {"value": "last"}),
    )
    main = drawn(
        "quick",
        digits=("Digits", {}, {"form": "rows"}),
        upper=("Slice", {"x": "digits.image"}, {"end": 3}),
        lower=("Slice", {"x": "digits.image"}, {"start": 5}),
        asked=("Slice", {"x": "digits.image"}, {"end": 5}),
        wanted=("Slice", {"x": "digits.image"}, {"start": 3}),
        adapt=(
            "Adapt",
            {"support": "upper", "answer": "lower", "query": "asked"},
            {"block": "Network", "steps": 2, "lr": 0.1, **parameters},
        ),
        loss=("MeanSquaredError", {"prediction": "adapt.prediction", "target": "wanted"}),
        adamw=("AdamW", {"loss": "loss"}),
    )
    return with_blocks(main, Network=network)


def test_an_adapted_block_is_exported() -> None:
    document = quick_learner()
    checked = check(document)
    assert checked.problems == ()
    assert checked.shape_text("main", End("adapt", "prediction")) == "(N, 5, 8)"
    assert checked.count_parameters("main", "adapt") == 8 * 6 + 6 + 6 * 8 + 8
    assert "adapt(\n" in export(document)
    network = program(document).network
    image = torch.rand(4, 8, 8)
    expected = loop_over_tasks(network.network, image[:, :3], image[:, 5:], image[:, :5], "second")
    torch.testing.assert_close(network(image)[0], expected, atol=1e-6, rtol=0)


def loop_over_tasks(
    module: nn.Module, support: Tensor, answers: Tensor, query: Tensor, order: str
) -> Tensor:
    """Two steps on each task, as a plain loop with autograd."""
    predictions = []
    for x, y, asked in zip(support, answers, query, strict=True):
        weights = dict(module.named_parameters())
        for _ in range(2):
            wrong = F.mse_loss(functional_call(module, weights, (x,)), y)
            slopes = torch.autograd.grad(
                wrong, list(weights.values()), create_graph=order == "second"
            )
            moved = zip(weights.items(), slopes, strict=True)
            weights = {name: weight - 0.1 * slope for (name, weight), slope in moved}
        predictions.append(functional_call(module, weights, (asked,)))
    return torch.stack(predictions)


@pytest.mark.parametrize("order", ["second", "first"])
@pytest.mark.parametrize(("dtype", "close"), [(torch.float32, 1e-6), (torch.float64, 1e-12)])
def test_all_tasks_at_once_are_a_loop(dtype: torch.dtype, close: float, order: str) -> None:
    module, tasks = small_tasks(dtype)
    both = [
        adapt(module, *tasks, steps=2, lr=0.1, loss="mean_squared_error", order=order),
        loop_over_tasks(module, *tasks, order=order),
    ]
    torch.testing.assert_close(*both, atol=close, rtol=0)
    slopes = [torch.autograd.grad(x.square().mean(), list(module.parameters())) for x in both]
    for ours, loop in zip(*slopes, strict=True):
        torch.testing.assert_close(ours, loop, atol=close, rtol=0)


def small_tasks(dtype: torch.dtype) -> tuple[nn.Module, list[Tensor]]:
    """A small network, and three tasks: examples, answers, queries."""
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, 1)).to(dtype)
    sizes = [(3, 4, 2), (3, 4, 1), (3, 6, 2)]
    return module, [torch.randn(size, dtype=dtype) for size in sizes]


def test_the_gradient_through_the_steps_is_the_difference_quotient() -> None:
    module, tasks = small_tasks(torch.float64)

    def outer() -> Tensor:
        options = {"steps": 2, "lr": 0.1, "loss": "mean_squared_error", "order": "second"}
        return adapt(module, *tasks, **options).square().mean()

    slopes = torch.autograd.grad(outer(), list(module.parameters()))
    for weight, slope in zip(module.parameters(), slopes, strict=True):
        place = weight.data.view(-1)[0:1]
        place += 1e-5
        above = outer().item()
        place -= 2e-5
        below = outer().item()
        place += 1e-5
        assert abs((above - below) / 2e-5 - slope.view(-1)[0].item()) < 1e-8


def test_classes_are_learned_from_examples() -> None:
    """Steps on the cross-entropy of the examples make them less surprising."""
    torch.manual_seed(0)
    module = nn.Linear(2, 3)
    support, answers = torch.randn(5, 6, 2), torch.randint(0, 3, (5, 6))
    surprise = [F.cross_entropy(module(support).flatten(0, 1), answers.flatten()).item()]
    for steps in (1, 10):
        scores = adapt(module, support, answers, support, steps, 0.5, "cross_entropy", "first")
        surprise.append(F.cross_entropy(scores.flatten(0, 1), answers.flatten()).item())
    assert surprise[0] > surprise[1] > surprise[2]


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"loss": "cross_entropy"}, "its answers need (3,) of integers, got (3, 8)"),
        ({"steps": 0}, "steps"),
        ({"block": "Nothing"}, "there is no block"),
    ],
)
def test_what_an_adapted_block_needs(parameters: dict, words: str) -> None:
    problems = check(quick_learner(**parameters)).problems
    assert any(words in problem.text for problem in problems if problem.node == "adapt")
