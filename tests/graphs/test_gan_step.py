"""The compiled step of the `gan` example: no more work than an expert's, and less than usual."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

import nodes.library  # noqa: F401  registers the node types
from graphs.compiler import export
from graphs.document.document_io import read
from graphs.load_module import load_source
from tests.graphs.drawing import ready
from tests.graphs.gan_loops import expert_step, usual_step

GAN = Path(__file__).parents[2] / "assets/examples/gan.graph.json"
Step = Callable[[Any, dict[str, Tensor]], Any]


class Operators(TorchDispatchMode):
    """Counts every operator that runs, forward and backward."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        self.counts[str(function)] += 1
        return function(*args, **(kwargs or {}))


@pytest.fixture(scope="module")
def module() -> Any:
    """The exported file."""
    return load_source(export(read(GAN)), Path("gan.py"))


def compiled_step(program: Any, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """The step that the document compiles to."""
    return program.step(batch)


def made(module: Any) -> tuple[Any, dict[str, Tensor]]:
    """A program after a first step, in which optimizers make what they remember; and a batch."""
    torch.manual_seed(0)
    program = ready(module, 20).train()
    batch = next(module.batches(module.load("cpu")["train"], 64))
    program.step(batch)
    return program, batch


def operators(module: Any, step: Step) -> Counter[str]:
    """How often each operator runs in a step."""
    program, batch = made(module)
    with Operators() as running:
        step(program, batch)
    return running.counts


def flops(module: Any, step: Step) -> int:
    """Multiplications and additions of a step's convolutions and matrices, forward and backward."""
    program, batch = made(module)
    with FlopCounterMode(display=False) as counting:
        step(program, batch)
    return counting.get_total_flops()


def test_no_operator_runs_more_often_than_in_the_experts_step(module: Any) -> None:
    ours, experts = operators(module, compiled_step), operators(module, expert_step)
    assert ours["aten.convolution.default"] and ours["aten.convolution_backward.default"]
    assert ours - experts == Counter()


def test_it_multiplies_no_more_than_the_expert(module: Any) -> None:
    assert flops(module, compiled_step) <= flops(module, expert_step) < flops(module, usual_step)


@pytest.mark.parametrize("step", [expert_step, usual_step])
def test_all_move_the_same_weights_alike(module: Any, step: Step) -> None:
    results = []
    for one in (compiled_step, step):
        program, batch = made(module)
        torch.manual_seed(1)
        for _ in range(3):
            one(program, batch)
        results.append(program.state_dict())
    ours, theirs = results
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
