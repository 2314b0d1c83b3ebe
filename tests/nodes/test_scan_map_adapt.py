"""Blocks run over time, over an axis, or on what they gave."""

import pytest
import torch
from torch import nn

import nodes.library  # noqa: F401  registers the node types
from graphs.compiler import check, export
from graphs.document.document import Document, End
from graphs.document.edits import Rename, SetParameters, apply
from tests.graphs.drawing import drawn
from tests.graphs.test_blocks import program, with_blocks

GATE = {"expression": "sigmoid(x + h)"}


def labelled(document: Document, **labels: str) -> Document:
    """A drawing whose nodes have labels: an output may then have the name of an input."""
    return apply(document, *(Rename(id=id, label=label) for id, label in labels.items()))


def linears(source: str, *names: str, size: int = 6) -> dict[str, tuple]:
    """Linear layers that all read one node."""
    return {name: ("Linear", {"x": source}, {"out_features": size}) for name in names}


def gru() -> Document:
    """One step of a gated recurrent unit, drawn from parts."""
    cell = drawn(
        x=("Input", {}, {"kind": "vector"}),
        h=("Input", {}, {"kind": "vector"}),
        **linears("x", "xr", "xz", "xn"),
        **linears("h", "hr", "hz", "hn"),
        r=("Arithmetic", {"x": "xr", "h": "hr"}, GATE),
        z=("Arithmetic", {"x": "xz", "h": "hz"}, GATE),
        n=("Arithmetic", {"x": "xn", "r": "r", "h": "hn"}, {"expression": "tanh(x + r * h)"}),
        new=("Arithmetic", {"z": "z", "n": "n", "h": "h"}, {"expression": "(1 - z) * n + z * h"}),
        given=("Output", {"value": "new"}),
        kept=("Output", {"value": "new"}),
    )
    return labelled(cell, given="steps", kept="h")


def lstm() -> Document:
    """One step of a long short-term memory, drawn from parts, with two states."""
    cell = drawn(
        c=("Input", {}, {"kind": "vector"}),
        x=("Input", {}, {"kind": "vector"}),
        h=("Input", {}, {"kind": "vector"}),
        **linears("x", "xi", "xf", "xg", "xo"),
        **linears("h", "hi", "hf", "hg", "ho"),
        i=("Arithmetic", {"x": "xi", "h": "hi"}, GATE),
        f=("Arithmetic", {"x": "xf", "h": "hf"}, GATE),
        g=("Arithmetic", {"x": "xg", "h": "hg"}, {"expression": "tanh(x + h)"}),
        o=("Arithmetic", {"x": "xo", "h": "ho"}, GATE),
        memory=(
            "Arithmetic",
            {"f": "f", "c": "c", "i": "i", "g": "g"},
            {"expression": "f*c + i*g"},
        ),
        new=("Arithmetic", {"o": "o", "c": "memory"}, {"expression": "o * tanh(c)"}),
        given=("Output", {"value": "new"}),
        kept=("Output", {"value": "new"}),
        kept_c=("Output", {"value": "memory"}),
    )
    return labelled(cell, given="steps", kept="h", kept_c="c")


def read_by(cell: Document, **parameters: object) -> Document:
    """Digits, row by row, read by a cell."""
    main = drawn(
        "reader",
        digits=("Digits", {}, {"form": "rows"}),
        scan=("Scan", {"x": "digits.image"}, {"block": "Cell", "features": 6, **parameters}),
        steps=("Flatten", {"x": "scan.steps"}),
        both=("Concat", {"values": ["scan.h", "steps"]}),
        head=("Linear", {"x": "both"}, {"out_features": 10}),
        loss=("CrossEntropy", {"prediction": "head", "label": "digits.label"}),
        adamw=("AdamW", {"loss": "loss"}),
    )
    return with_blocks(main, Cell=cell)


def set_weights(cell: nn.Module, layer: nn.Module, gates: str) -> None:
    """Give the Linear layers of a drawn cell the weights of a layer of torch."""
    for start in ("x", "h"):
        name = {"x": "ih", "h": "hh"}[start]
        for kind in ("weight", "bias"):
            parts = getattr(layer, f"{kind}_{name}_l0").data.chunk(len(gates))
            for gate, part in zip(gates, parts, strict=True):
                getattr(getattr(cell, start + gate), kind).data.copy_(part)


@pytest.mark.parametrize(
    ("cell", "layer", "gates"),
    [(gru(), nn.GRU, "rzn"), (lstm(), nn.LSTM, "ifgo")],
    ids=["GRU", "LSTM"],
)
def test_a_drawn_cell_is_torchs(cell: Document, layer: type[nn.Module], gates: str) -> None:
    """Outputs and gradients of a recurrent layer drawn from parts equal torch's."""
    document = read_by(cell)
    checked = check(document)
    assert checked.problems == ()
    assert checked.shape_text("main", End("scan", "steps")) == "(N, 8, 6)"
    assert checked.shape_text("main", End("scan", "h")) == "(N, 6)"
    network = program(document).network
    usual = layer(8, 6, batch_first=True)
    set_weights(network.cell, usual, gates)
    x = torch.rand(5, 8, 8, requires_grad=True)
    left = network(x)
    steps, last = usual(x)
    last = last[0] if isinstance(last, tuple) else last
    right = network.head(torch.cat([last[0], steps.flatten(1)], 1))
    torch.testing.assert_close(left, right, atol=1e-5, rtol=0)
    (slope,) = torch.autograd.grad(left.square().sum(), x, retain_graph=True)
    (usual_slope,) = torch.autograd.grad(right.square().sum(), x, retain_graph=True)
    torch.testing.assert_close(slope, usual_slope, atol=1e-5, rtol=0)
    left.square().sum().backward()
    right.square().sum().backward()
    for start, name in (("x", "weight_ih_l0"), ("h", "weight_hh_l0")):
        ours = torch.cat([getattr(network.cell, start + gate).weight.grad for gate in gates])
        torch.testing.assert_close(ours, getattr(usual, name).grad, atol=1e-5, rtol=1e-5)


def test_a_scan_is_read_well() -> None:
    source = export(read_by(gru()))
    assert "steps, h = scan(" in source and "self.cell = Cell()" in source
    assert "new = (1 - z) * n + z * h  # (N, 6)" in source


def test_a_state_of_another_size_is_said() -> None:
    (problem,) = check(read_by(gru(), features=7)).problems
    assert (problem.graph, problem.node) == ("Cell", "new")


def test_a_state_begins_as_what_is_wired_and_an_input_may_be_whole() -> None:
    """A decoder that sees everything the encoder gave, and begins where it ended."""
    cell = drawn(
        x=("Input", {}, {"kind": "vector"}),
        h=("Input", {}, {"kind": "vector"}),
        seen=("Input", {}, {"kind": "sequence"}),
        middle=("Mean", {"x": "seen"}, {"dim": 1}),
        both=("Concat", {"values": ["x", "h", "middle"]}),
        new=("Linear", {"x": "both"}, {"out_features": 6}),
        kept=("Output", {"value": "new"}),
    )
    document = read_by(gru())
    more = drawn(
        scan=("Scan", {}, {"block": "Cell"}),
        decoder=(
            "Scan",
            {"x": "scan.steps", "h": "scan.h", "seen": "scan.steps"},
            {"block": "Decoder", "whole": ["seen"]},
        ),
        last=("Linear", {"x": "decoder.h"}, {"out_features": 1}),
    )
    main = document.main
    nodes = {**main.nodes, **{id: more.main.nodes[id] for id in ("decoder", "last")}}
    wires = (*main.wires, *more.main.wires)
    document = document.with_graph("main", main.model_copy(update={"nodes": nodes, "wires": wires}))
    document = document.with_graph("Decoder", labelled(cell, kept="h").main)
    checked = check(document)
    assert {(p.node, p.graph) for p in checked.problems} == {("decoder", "main"), ("last", "main")}
    assert all("reach no loss" in problem.text for problem in checked.problems)
    assert checked.shape_text("main", End("decoder", "h")) == "(N, 6)"


def test_sequences_must_fit() -> None:
    document = read_by(gru())
    edit = SetParameters(id="digits", parameters={"form": "pixels"})
    problem = next(p for p in check(apply(document, edit)).problems if p.node == "scan")
    assert "x needs (N, T, F), got (N, 64)" in problem.text


def test_a_state_that_changes_its_size_has_a_fix() -> None:
    cell = drawn(
        x=("Input", {}),
        h=("Input", {}),
        both=("Concat", {"values": ["x", "h"]}),
        new=("Linear", {"x": "both"}, {"out_features": 12}),
        kept=("Output", {"value": "new"}),
    )
    main = drawn(
        digits=("Digits", {}, {"form": "rows"}),
        scan=("Scan", {"x": "digits.image"}, {"block": "Cell", "features": 6}),
    )
    document = with_blocks(main, Cell=labelled(cell, kept="h"))
    (problem,) = (p for p in check(document).problems if p.node == "scan")
    assert problem.text == "h is (N, 6), and Cell gives (N, 12) back: set features to 12"
    (edit,) = problem.fixes[0].edits
    assert edit == SetParameters(id="scan", parameters={"features": 12})
    assert not [p for p in check(apply(document, edit)).problems if p.node == "scan"]


def classified(**layers: tuple) -> Document:
    """Digits as rows, the layers given, and a loss on the one called `scores`."""
    return drawn(
        "classified",
        digits=("Digits", {}, {"form": "rows"}),
        **layers,
        loss=("CrossEntropy", {"prediction": "scores", "label": "digits.label"}),
        adamw=("AdamW", {"loss": "loss"}),
    )


def perceptron(features: int = 4) -> Document:
    """A block of one Linear layer from vectors."""
    return drawn(
        x=("Input", {}, {"kind": "vector"}),
        linear=("Linear", {"x": "x"}, {"out_features": features}),
        y=("Output", {"value": "linear"}),
    )


@pytest.mark.parametrize("axis", [1, 2])
def test_map_is_a_loop_over_an_axis(axis: int) -> None:
    main = classified(
        each=("Map", {"x": "digits.image"}, {"block": "Perceptron", "axis": axis}),
        flat=("Flatten", {"x": "each.y"}),
        scores=("Linear", {"x": "flat"}, {"out_features": 10}),
    )
    document = with_blocks(main, Perceptron=perceptron())
    checked = check(document)
    assert checked.problems == ()
    shape = {1: "(N, 8, 4)", 2: "(N, 4, 8)"}[axis]
    assert checked.shape_text("main", End("each", "y")) == shape
    assert f"over_axis(self.perceptron, image, axis={axis})" in export(document)
    network = program(document).network
    image = torch.rand(3, 8, 8)
    each = torch.stack([network.perceptron(place) for place in image.unbind(axis)], axis)
    torch.testing.assert_close(network(image), network.scores(each.flatten(1)))


def test_an_axis_must_be_there() -> None:
    main = classified(
        each=("Map", {"x": "digits.image"}, {"block": "Perceptron", "axis": 3}),
        scores=("Linear", {"x": "each.y"}, {"out_features": 10}),
    )
    texts = [p.text for p in check(with_blocks(main, Perceptron=perceptron())).problems]
    assert "there is no axis 3 in (N, 8, 8)" in texts
