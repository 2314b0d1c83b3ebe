"""Options of optimizers: what they print, what they do, and what is wrong with them."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import nodes.library  # noqa: F401  registers the node types
from graphs.compiler import check, compile, export
from graphs.document.document import Document, End, Wire
from graphs.document.edits import Connect, SetParameters, apply
from graphs.load_module import load_source
from graphs.nodetypes.node_type import Optimizer, node_types
from tests.graphs.drawing import classifier, ready
from tests.graphs.test_blocks import classifier_of, dense, gan, use, with_blocks

OPTIMIZERS = [type_ for type_ in node_types().values() if issubclass(type_, Optimizer)]


def with_options(document: Document, id: str, **options: object) -> Document:
    """A document with options on one of its optimizers."""
    return apply(document, SetParameters(id=id, parameters=options))


def texts(document: Document) -> list[tuple[str | None, str]]:
    """The document's problems, by node."""
    return [(problem.node, problem.text) for problem in check(document).problems]


@pytest.mark.parametrize("type_", OPTIMIZERS)
def test_a_form_shows_its_own_parameters_first(type_: type[Optimizer]) -> None:
    names = [parameter.name for parameter in type_.parameters()]
    assert names[0] == "lr" and names[-1] == "schedule_length"


def test_nothing_shows_at_its_default() -> None:
    for document in (classifier(), gan()):
        source = export(document).split("class Program")[1].split("def load(")[0]
        for word in ("self.batches", "self.epoch", "end_epoch", "lr_scheduler", "closure", "acts"):
            assert word not in source


PRINTED = [
    ({"every": 3}, "if self.batches % 3 == 0:"),
    ({"times": 2}, "for _ in range(2):"),
    ({"times": 2, "every": 3}, "for _ in range(2 if acts else 1):"),
    ({"first_epoch": 2}, "if self.epoch >= 2:"),
    ({"last_epoch": 2}, "if self.epoch <= 2:"),
    ({"first_epoch": 2, "last_epoch": 3}, "if 2 <= self.epoch <= 3:"),
    ({"clip_norm": 0.5}, "nn.utils.clip_grad_norm_(self."),
    ({"accumulate": 4, "every": 2}, "if self.batches % 8 == 0:"),
    ({"schedule": "step"}, "step_size=10, gamma=0.1"),
    ({"schedule": "exponential", "schedule_factor": 0.9}, "gamma=0.9"),
    ({"schedule": "cosine"}, "T_max=epochs * steps_per_epoch"),
    ({"schedule": "cosine", "times": 2}, "T_max=2 * epochs * steps_per_epoch"),
    ({"schedule": "cosine", "first_epoch": 3}, "T_max=max(1, (epochs - 2) * steps_per_epoch)"),
    ({"schedule": "one_cycle", "accumulate": 4}, "max(1, epochs * steps_per_epoch // 4)"),
    ({"schedule": "warm_up", "schedule_length": 9}, "start_factor=0.1, total_iters=9"),
    ({"schedule": "plateau"}, "scheduler.step(validation["),
]


@pytest.mark.parametrize(("options", "words"), PRINTED)
@pytest.mark.parametrize(("document", "id"), [(classifier(), "adamw"), (gan(), "forger")])
def test_what_is_used_is_printed(
    document: Document, id: str, options: dict[str, object], words: str
) -> None:
    """In both printed forms; and the program runs without a warning."""
    document = with_options(document, id, **options)
    assert check(document).problems == ()
    source = export(document)
    assert words in source
    program = made(source)
    module = load_source(source, Path("program.py"))
    for epoch in (1, 2, 3):
        program.epoch = epoch
        for batch in first_batches(module, 8):
            values = program.step(batch)
        if hasattr(program, "end_epoch"):
            program.end_epoch({name: float(value) for name, value in values.items()})
    assert compile(check(document)).interface.keeps_gradients == ("accumulate" in options)


def made(source: str) -> nn.Module:
    """The program of a source, made with seed 0."""
    torch.manual_seed(0)
    module = load_source(source, Path("program.py"))
    return ready(module)


def first_batches(module: object, count: int, size: int = 16) -> list[dict[str, Tensor]]:
    """The first batches of the training data."""
    batches = module.batches(module.load("cpu")["train"], size)  # type: ignore[attr-defined]
    return [next(batches) for _ in range(count)]


def weights(program: nn.Module) -> list[Tensor]:
    """A copy of a program's weights."""
    return [weight.detach().clone() for weight in program.parameters()]


def moves(document: Document, count: int, epoch: int = 1) -> list[bool]:
    """Whether any weight of a classifier moved, for each of some batches."""
    source = export(document)
    program, module = made(source), load_source(source, Path("program.py"))
    program.epoch = epoch
    found = []
    for batch in first_batches(module, count):
        before = weights(program)
        program.step(batch)
        found.append(
            not all(map(torch.equal, before, weights(program))),
        )
    return found


def test_whose_turn_it_is() -> None:
    def moved(count: int, epoch: int = 1, **options: object) -> list[bool]:
        return moves(with_options(classifier(), "adamw", **options), count, epoch)

    assert moved(4, every=2) == [False, True, False, True]
    assert moved(4, accumulate=2) == [False, True, False, True]
    assert moved(4, every=2, accumulate=2) == [False, False, False, True]
    assert moved(1, first_epoch=2) == [False] and moved(1, 2, first_epoch=2) == [True]
    assert moved(1, 3, last_epoch=2) == [False] and moved(1, 2, last_epoch=2) == [True]


def test_accumulated_gradients_are_those_of_one_batch() -> None:
    """Four batches of 16 move the weights as one of 64 does."""
    document = with_options(classifier(), "adamw", accumulate=4)
    parts, whole = made(export(document)), made(export(classifier()))
    module = load_source(export(document), Path("program.py"))
    for batch in first_batches(module, 4):
        parts.step(batch)
    whole.step(first_batches(module, 1, 64)[0])
    for left, right in zip(weights(parts), weights(whole), strict=True):
        torch.testing.assert_close(left, right, rtol=1e-3, atol=1e-5)


def test_several_times_are_several_steps() -> None:
    document = with_options(classifier(), "adamw", times=3)
    thrice, once = made(export(document)), made(export(classifier()))
    module = load_source(export(document), Path("program.py"))
    (batch,) = first_batches(module, 1)
    thrice.step(batch)
    for _ in range(3):
        once.step(batch)
    assert all(map(torch.equal, weights(thrice), weights(once)))


def test_a_clipped_gradient_is_short() -> None:
    document = with_options(classifier(), "adamw", clip_norm=0.01)
    source = export(document)
    program, module = made(source), load_source(source, Path("program.py"))
    program.step(first_batches(module, 1)[0])
    gradients = [weight.grad for weight in program.parameters() if weight.grad is not None]
    length = torch.stack([gradient.norm() for gradient in gradients]).norm()
    torch.testing.assert_close(length, torch.tensor(0.01))


def test_collected_gradients_reach_own_weights_alone() -> None:
    """Clipping the judge leaves no gradient on the generator."""
    document = with_options(gan(), "judge", clip_norm=1.0)
    document = with_options(document, "forger", every=2)
    program = made(export(document))
    program.step(first_batches(load_source(export(document), Path("program.py")), 1)[0])
    assert all(weight.grad is None for weight in program.generator.parameters())
    assert all(weight.grad is not None for weight in program.discriminator.parameters())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"first_epoch": 5, "last_epoch": 4}, "it begins in epoch 5 and ends in epoch 4"),
        ({"first_epoch": 11}, "it begins in epoch 11, and the run has 10"),
        ({"times": 2, "accumulate": 2}, "set times or accumulate to 1"),
        ({"schedule_factor": 1.5}, "schedule_factor"),
    ],
)
def test_options_that_cannot_be_meant(options: dict[str, object], words: str) -> None:
    (problem,) = texts(with_options(classifier(), "adamw", **options))
    assert problem[0] == "adamw" and words in problem[1]


def wired(document: Document, source: str) -> list[tuple[str | None, str]]:
    """The problems once an optimizer has a weights wire from a node."""
    wire = Wire(source=End(*source.split(".")), target=End("adamw", "weights"))
    return texts(apply(document, Connect(wire=wire)))


def test_weights_wires_that_give_nothing() -> None:
    without = (
        "adamw",
        "relu has no weights to move: wire a node that has some, or remove the wire",
    )
    assert without in wired(classifier(), "relu.output")
    layers = {"a": use("Dense", "digits.image", state="frozen"), "b": use("Dense", "a.y")}
    frozen = with_blocks(classifier_of(**layers), Dense=dense())
    expected = ("adamw", "a is frozen: train it, or remove the wire")
    assert expected in wired(frozen, "a.y")
    aside = classifier(
        aside=("Linear", {"x": "flatten"}),
        other=("CrossEntropy", {"prediction": "aside", "label": "digits.label"}),
        sgd=("SGD", {"loss": "other", "weights": "aside"}),
    )
    expected = (
        "adamw",
        "no gradient of its loss reaches aside: wire weights that the loss needs",
    )
    assert texts(aside) == [] and expected in wired(aside, "aside.output")
