"""Whatever a step uses again, its updates are those of computing all afresh for each optimizer."""

import functools
import operator
from pathlib import Path

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

import nodes.library  # noqa: F401  registers the node types
from graphs.check.results import CheckedGraph
from graphs.compiler import check, export
from graphs.document.document import Document
from graphs.document.document_io import read
from graphs.load_module import load_source
from graphs.program.partition import Program, Statement, program_of
from tests.graphs.drawing import drawn, ready

WIDTH = 64
LR = 0.1


@st.composite
def programs(draw: st.DrawFn) -> Document:
    """Linear and Add nodes on digits, some losses, each minimised over weights drawn at random."""
    layers: dict[str, tuple] = {}
    values = ["digits.image"]
    layers["linear"] = ("Linear", {"x": "digits.image"}, {"out_features": WIDTH})
    values.append("linear")
    for number in range(draw(st.integers(1, 6))):
        if len(values) > 1 and draw(st.booleans()):
            pair = draw(st.lists(st.sampled_from(values), min_size=2, max_size=2, unique=True))
            layers[f"add{number}"] = ("Add", {"values": pair})
            values.append(f"add{number}")
        else:
            source = draw(st.sampled_from(values))
            layers[f"linear{number}"] = ("Linear", {"x": source}, {"out_features": WIDTH})
            values.append(f"linear{number}")
    read = {source for _, inputs, *_ in layers.values() for source in sources(inputs)}
    ends = [value for value in values[1:] if value not in read]
    if len(ends) > 1:
        layers["all"] = ("Add", {"values": ends})
        ends = ["all"]
    more = draw(st.lists(st.sampled_from(values[1:]), max_size=2))
    reach = [reached(layers, value) for value in (*ends, *more)]
    owner = {
        id: draw(st.sampled_from([n for n, found in enumerate(reach) if id in found]))
        for id in layers
        if id.startswith("linear")
    }
    for number, value in enumerate((*ends, *more)):
        loss = {"prediction": value, "target": "digits.image"}
        layers[f"loss{number}"] = ("MeanSquaredError", loss)
        if weights := [id for id, n in owner.items() if n == number]:
            inputs = {"loss": f"loss{number}", "weights": weights}
            layers[f"sgd{number}"] = ("SGD", inputs, {"lr": LR, "momentum": 0.0})
    return drawn("random", digits=("Digits", {}, {"form": "pixels"}), **layers)


def sources(inputs: dict) -> list[str]:
    """The values that a drawn node reads."""
    return [v for value in inputs.values() for v in ([value] if isinstance(value, str) else value)]


def reached(layers: dict[str, tuple], value: str) -> set[str]:
    """A value and all that it depends on."""
    inputs = sources(layers[value][1]) if value in layers else []
    return {value}.union(*(reached(layers, source) for source in inputs))


class Afresh:
    """A program's weights, moved by each optimizer in turn with nothing kept in between."""

    def __init__(
        self, checked: CheckedGraph, program: Program, layers: dict[str, nn.Module]
    ) -> None:
        self.checked = checked
        self.program = program
        self.layers = layers

    def value(self, id: str, image: Tensor) -> Tensor:
        """The value of a node, computed from the data on."""
        sources = [w.source.node for w in self.checked.graph.into(id)]
        inputs = [image if s == "digits" else self.value(s, image) for s in sources]
        if id in self.layers:
            return self.layers[id](inputs[0])
        if not id.startswith("loss"):
            return functools.reduce(operator.add, inputs)
        return nn.functional.mse_loss(*inputs)

    def move(self, statement: Statement, image: Tensor) -> None:
        """One optimizer's step of plain gradient descent."""
        weights = [w for id in statement.owned for w in self.layers[id].parameters()]
        gradients = torch.autograd.grad(self.value(statement.loss.node, image), weights)
        with torch.no_grad():
            for weight, gradient in zip(weights, gradients, strict=True):
                weight.add_(gradient, alpha=-LR)


@settings(max_examples=40, deadline=None)
@given(programs())
def test_reuse_changes_no_update(document: Document) -> None:
    checked = check(document)
    assert checked.problems == ()
    program = program_of(checked.main)
    module = load_source(export(document), Path("program.py"))
    torch.manual_seed(0)
    made = ready(module).double()
    owner = getattr(made, "network", made)
    layers = {id: getattr(owner, id) for id in program.network if id.startswith("linear")}
    copies = {}
    for id, layer in layers.items():
        copies[id] = nn.Linear(WIDTH, WIDTH, dtype=torch.float64)
        copies[id].load_state_dict(layer.state_dict())
    afresh = Afresh(checked.main, program, copies)
    batch = {
        "image": torch.rand(8, WIDTH, dtype=torch.float64),
        "label": torch.zeros(8, dtype=torch.int64),
    }
    for _ in range(2):
        made.step(batch)
        for statement in program.statements:
            afresh.move(statement, batch["image"])
    for id, layer in layers.items():
        for left, right in zip(layer.parameters(), copies[id].parameters(), strict=True):
            torch.testing.assert_close(left, right, rtol=1e-12, atol=1e-14)


def test_what_a_later_optimizer_computes_again_is_not_measured_before() -> None:
    """A part of a later loss: the judges' move makes its value stale, so it waits for it."""
    source = export(read(Path(__file__).parents[2] / "assets/examples/unit.graph.json"))
    step = source.split("def step")[1].split("def probe")[0]
    assert step.count("forged_digits = ") == 1
    assert step.index("self.judges_optimizer.step()") < step.index("forged_digits = ")
