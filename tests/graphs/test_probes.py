"""Probes in a program: what only they read is in no step, and what is wrong is said on them."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

import nodes.library  # noqa: F401  registers the node types
from graphs.compiler import check, compile, export
from graphs.document.document import Document, End, Graph, Node, Wire
from graphs.load_module import load_source
from tests.graphs.drawing import classifier, drawn, ready

WATCHED: dict[str, tuple] = {
    "hidden": ("Histogram", {"values": "relu"}),
    "softmax": ("Softmax", {"x": "linear"}),
    "listing": ("NumberTable", {"columns": ["softmax", "digits.label"]}),
    "matrix": ("ConfusionMatrix", {"prediction": "linear", "label": "digits.label"}),
}
DECODER = Graph(
    nodes={
        "code": Node(type="Input", label="code", parameters={"kind": "vector"}),
        "pixels": Node(type="Linear", parameters={"out_features": 64}),
        "image": Node(type="Output", label="image"),
    },
    wires=(
        Wire(source=End("code", "output"), target=End("pixels", "x")),
        Wire(source=End("pixels", "output"), target=End("image", "value")),
    ),
)


def changed(value: Any, **update: Any) -> Any:
    """A frozen value with some parts changed."""
    return value.model_copy(update=update)


def loaded(document: Document) -> tuple[Any, Any, dict[str, torch.Tensor]]:
    """The module of a document, its program, and a batch."""
    module = load_source(export(document), Path("program.py"))
    torch.manual_seed(0)
    data = module.load("cpu")
    return module, ready(module), next(module.batches(data["validation"], 16))


def test_no_step_computes_what_only_probes_read() -> None:
    plain, watched = export(classifier()), export(classifier(**WATCHED))
    for method in ("evaluate", "step"):
        body = watched.split(f"def {method}(")[1].split("    def ")[0]
        assert "softmax" not in body and "histogram" not in body and "confusion" not in body
    assert "def probe(" in watched and "def tally(" in watched
    assert "prob" not in plain and "tally" not in plain


def test_a_step_does_the_same_work() -> None:
    counts = []
    for document in (classifier(), classifier(**WATCHED)):
        _, program, batch = loaded(document)
        with FlopCounterMode(display=False) as counter:
            program.step(batch)
        counts.append(counter.get_total_flops())
    assert counts[0] == counts[1] > 0


def test_labels_of_logged_values_and_probes_are_apart() -> None:
    document = classifier(
        loss_2=("Histogram", {"values": "relu"}), again=("Histogram", {"values": "conv"})
    )
    nodes = document.main.nodes
    named = {id: changed(nodes[id], label="loss") for id in ("loss", "loss_2", "again")}
    document = document.with_graph("main", changed(document.main, nodes={**nodes, **named}))
    known = compile(check(document)).interface
    assert known.losses == ("loss",) and list(known.probes) == ["loss", "loss_2"]
    _, program, batch = loaded(document)
    assert set(program.probe(batch)) == {
        f"{label}.{part}" for label in ("loss", "loss_2") for part in ("counts", "edges")
    }


def test_several_optimizers() -> None:
    """The step of two optimizers knows nothing of probes either; the probe computes anew."""
    document = classifier(
        head=("Linear", {"x": "flatten"}, {"out_features": 10}),
        second=("CrossEntropy", {"prediction": "head", "label": "digits.label"}),
        first=("AdamW", {"loss": "loss", "weights": ["conv", "linear"]}),
        adamw=("SGD", {"loss": "second", "weights": "head"}),
        **WATCHED,
    )
    assert check(document).problems == ()
    _, program, batch = loaded(document)
    with torch.no_grad():
        shown = program.eval().probe(batch)
        values = program.evaluate(batch)
    assert shown["listing.wire_1"].shape == (12, 10)
    matrix = program.tally(batch)["matrix.counts"]
    assert float(matrix.diagonal().sum() / matrix.sum()) == pytest.approx(float(values["accuracy"]))


def autoencoder(**changes: tuple) -> Document:
    """An autoencoder of one Linear and a block, and samples of the block from noise."""
    decoder = {"block": "Decoder", "weights": "decoder"}
    nodes: dict[str, tuple] = {
        "digits": ("Digits", {}, {"form": "pixels"}),
        "code": ("Linear", {"x": "digits.image"}, {"out_features": 4}),
        "loss": ("MeanSquaredError", {"target": "digits.image"}),
        "adamw": ("AdamW", {"loss": "loss"}),
        "noise": ("Noise", {"like": "digits.image"}, {"features": 4}),
        "shape": ("Reshape", {}, {"shape": [1, 8, 8]}),
        "samples": ("ImageGrid", {"images": "shape"}),
        **changes,
    }
    main = drawn("autoencoder", **nodes).main
    blocks = {id: Node(type="Block", parameters=decoder) for id in ("made", "dreamt")}
    wires = {
        ("code.output", "made.code"),
        ("made.image", "loss.prediction"),
        ("noise.output", "dreamt.code"),
        ("dreamt.image", "shape.x"),
    }
    laid = tuple(
        Wire(source=End(*a.split(".")), target=End(*b.split("."))) for a, b in sorted(wires)
    )
    main = changed(main, nodes={**main.nodes, **blocks}, wires=(*main.wires, *laid))
    return Document(title="autoencoder", graphs={"main": main, "Decoder": DECODER})


def test_samples_use_the_weights_of_the_network() -> None:
    document = autoencoder()
    assert check(document).problems == ()
    source = export(document)
    assert source.count("Decoder()") == 1 and "self.network.decoder(torch.randn" in source
    module, program, batch = loaded(document)
    torch.manual_seed(1)
    noise = torch.randn(16, 4)
    torch.manual_seed(1)
    shown = program.probe(batch)["samples.images"]
    assert torch.equal(shown, program.network.decoder(noise).reshape(16, 1, 8, 8))
    again = [module.probed(program, module.load("cpu"))["samples.images"] for _ in range(2)]
    assert torch.equal(*again)


def test_an_average_that_only_probes_show_follows() -> None:
    """A probe may show the moving average of a generator's weights."""
    document = autoencoder()
    average = {"block": "Decoder", "state": "average", "average_of": "decoder"}
    dreamt = changed(document.main.nodes["dreamt"], parameters=average)
    document = document.with_graph(
        "main", changed(document.main, nodes={**document.main.nodes, "dreamt": dreamt})
    )
    assert check(document).problems == ()
    source = export(document)
    assert "self.decoder_average.follow(self.network.decoder)" in source
    _, program, batch = loaded(document)
    program.step(batch)
    theirs, mine = program.network.decoder.pixels, program.decoder_average.module.pixels
    assert torch.equal(theirs.weight, mine.weight)


def test_a_hyperparameter_reaches_a_probe() -> None:
    document = classifier(
        noise=("GaussianNoise", {"x": "digits.image"}, {"deviation": "=spread"}),
        grid=("ImageGrid", {"images": "noise"}),
    )
    document = document.with_graph("main", changed(document.main, parameters={"spread": 0.5}))
    source = export(document)
    assert 'parser.add_argument("--spread", type=float, default=SPREAD)' in source
    assert "Program(spread=arguments.spread)" in source
    _, program, batch = loaded(document)
    assert program.probe(batch)["grid.images"].shape == (16, 1, 8, 8)


@pytest.mark.parametrize("given", [{}, {"drop_last": True}, {"sampling": "balanced"}])
def test_looking_draws_no_random_number(given: dict[str, Any]) -> None:
    """However the samples are handed out; a second look shows the same."""
    noise = ("GaussianNoise", {"x": "digits.image"})
    grid = ("ImageGrid", {"images": "noise"})
    document = classifier(digits=("Digits", {}, given), noise=noise, grid=grid, **WATCHED)
    module = load_source(export(document), Path("program.py"))
    data, program = module.load("cpu"), ready(module)
    before = torch.get_rng_state()
    first, second = (module.probed(program, data) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert first["matrix.counts"].sum() == 270  # all there are: only training drops a last batch


@pytest.mark.parametrize(
    ("changes", "node", "text"),
    [
        ({"grid": ("ImageGrid", {"images": "flatten"})}, "grid", "images needs (N, C, H, W)"),
        ({"dots": ("ScatterPlot", {})}, "dots", "points needs a wire"),
        (
            {
                "idle": ("Linear", {"x": "flatten"}, {"out_features": 2}),
                "dots": ("ScatterPlot", {"points": "idle"}),
            },
            "idle",
            "its weights reach no loss",
        ),
        (
            {
                "more": ("Digits", {}, {"split_seed": 1}),
                "grid": ("ImageGrid", {"images": "more.image"}),
            },
            "grid",
            "no loss or metric reads the data of more",
        ),
    ],
)
def test_problems(changes: dict[str, tuple], node: str, text: str) -> None:
    found = check(classifier(**changes)).problems
    assert [(p.node, text in p.text) for p in found] == [(node, True)], found


def test_a_probe_stands_in_main() -> None:
    document = autoencoder()
    block = document.graphs["Decoder"]
    nodes = {**block.nodes, "dots": Node(type="ScatterPlot")}
    wires = (*block.wires, Wire(source=End("code", "output"), target=End("dots", "points")))
    document = document.with_graph("Decoder", changed(block, nodes=nodes, wires=wires))
    (problem,) = check(document).problems
    assert (problem.graph, problem.node) == ("Decoder", "dots") and "in main" in problem.text
