"""A use of a block that is the moving average of another."""

from pathlib import Path

import torch

import nodes.library  # noqa: F401  registers the node types
from graphs.compiler import check, export
from graphs.document.document import Document
from graphs.load_module import load_source
from graphs.program.partition import program_of
from tests.graphs.drawing import drawn, ready
from tests.graphs.test_blocks import dense, gan, use, with_blocks


def averaged(average_of: str = "student", **parameters: object) -> Document:
    """A classifier of digits, and the average of its weights, which is measured."""
    options = {"state": "average", "average_of": average_of, "decay": 0.9, **parameters}
    main = drawn(
        "averaged",
        digits=("Digits", {}, {"form": "pixels"}),
        student=use("Dense", "digits.image", weights="student"),
        mean=use("Dense", "digits.image", **options),
        loss=("CrossEntropy", {"prediction": "student.y", "label": "digits.label"}),
        accuracy=("Accuracy", {"prediction": "mean.y", "label": "digits.label"}),
        sgd=("SGD", {"loss": "loss"}, {"lr": 0.1}),
    )
    return with_blocks(main, Dense=dense(10))


def test_an_average_follows() -> None:
    document = averaged()
    checked = check(document)
    assert checked.problems == ()
    assert program_of(checked.main).statements[0].owned == ("student",)
    source = export(document)
    assert "self.dense_average = Average(Dense(), decay=0.9)" in source
    assert "self.network.dense_average.follow(self.network.student)" in source
    module = load_source(source, Path("program.py"))
    torch.manual_seed(0)
    program = ready(module)
    program.train()
    student, mean = program.network.student.linear, program.network.dense_average
    expected = None
    for batch in list(module.batches(module.load("cpu")["train"], 64))[:4]:
        program.step(batch)
        now = student.weight.detach().clone()
        expected = now if expected is None else 0.9 * expected + 0.1 * now
        torch.testing.assert_close(mean.module.linear.weight.detach(), expected)
    assert not mean.module.linear.weight.requires_grad and not mean.training
    assert mean.state_dict()["steps"] == 4


def test_an_average_beside_several_optimizers() -> None:
    document = gan()
    smooth = use("Generator", "noise", state="average", average_of="forger_net")
    more = drawn(
        digits=("Digits", {}, {"form": "pixels"}),
        noise=("Noise", {"like": "digits.image"}, {"features": 16}),
        fake=use("Generator", "noise", weights="forger_net"),
        smooth=smooth,
        smooth_score=use("Discriminator", "smooth.y", weights="discriminator"),
        smooth_loss=("BinaryCrossEntropy", {"prediction": "smooth_score.y"}),
    )
    nodes = {**document.main.nodes, **more.main.nodes}
    wires = tuple(dict.fromkeys([*document.main.wires, *more.main.wires]))
    graph = document.main.model_copy(update={"nodes": nodes, "wires": wires})
    document = document.with_graph("main", graph)
    assert check(document).problems == ()
    assert "self.generator_average.follow(self.forger_net)" in export(document)


def test_an_average_of_nothing() -> None:
    (problem,) = check(averaged("teacher")).problems
    assert (problem.node, problem.parameter) == ("mean", "average_of")
    assert "names no weights of another use" in problem.text
