"""Examples train to their bars: what plain PyTorch reaches on every seed, with a margin. The file
that each exports is trained here; that a run equals it bit for bit is tested beside the worker.
"""

from pathlib import Path
from typing import Any

import pytest
import torch

import nodes.library  # noqa: F401  registers the node types
from graphs.document import Document, End, Wire
from graphs.edits import Connect, RemoveNodes, apply
from graphs.files import read
from graphs.loading import load_source
from graphs.source import export
from tests.graphs.judging import precision_and_recall, rarest_share

EXAMPLES = Path(__file__).parents[2] / "assets/examples"
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def example(name: str) -> Document:
    """An example's document."""
    return read(EXAMPLES / f"{name}.graph.json")


def trained(document: Document) -> tuple[Any, Any, dict[str, dict[str, torch.Tensor]]]:
    """The module of a document, its program after all epochs, and the data."""
    source = export(document, EXAMPLES)
    module = load_source(source, Path("program.py"))
    torch.manual_seed(module.SEED)
    data = module.load("cpu", EXAMPLES) if "--data" in source else module.load("cpu")
    steps = len(list(module.batches(data["train"], module.BATCH_SIZE)))
    length = {"steps_per_epoch": steps} if "steps_per_epoch" in source else {}
    program = module.Program(**length)
    for _ in range(module.EPOCHS):
        module.train(program, data["train"])
    return module, program.eval(), data


def test_resnet_learns_as_deep_as_it_is_and_a_plain_one_does_not() -> None:
    """56 layers with shortcuts, and without (He et al. 2015, arXiv 1512.03385)."""
    accuracies = []
    for document in (example("resnet"), plain(example("resnet"))):
        module, program, data = trained(document)
        accuracies.append(module.measure(program, data["test"])["accuracy"])
    deep, without = accuracies
    assert deep > 0.95 and deep > without + 0.25


def plain(document: Document) -> Document:
    """The same layers with no shortcut around them."""
    without = {"Residual": ("sum",), "Widening": ("sum", "shortcut", "norm_3")}
    for graph, ids in without.items():
        wire = Wire(source=End("norm_2", "output"), target=End("relu", "x"))
        document = apply(
            document, RemoveNodes(graph=graph, ids=ids), Connect(graph=graph, wire=wire)
        )
    return document


def test_vae_packs_digits_better_than_a_mixture_of_classes() -> None:
    """In nats a digit: independent pixels reach 25.3, one mean image for each class 20.1."""
    module, program, data = trained(example("vae"))
    values = [module.measure(program, data["test"]) for _ in range(5)]
    assert sum(value["negative_elbo"] for value in values) / 5 < 18.8
    assert values[0]["divergence"] > 3


def test_gan_draws_digits_like_the_real_ones() -> None:
    """A normal distribution fitted to the pixels has precision 0.3 and recall 0.5."""
    _, program, data = trained(example("gan"))
    torch.manual_seed(0)
    with torch.no_grad():
        fake = program.generator(torch.randn(500, 16))
    unseen = torch.cat([data["test"]["image"], data["validation"]["image"]])[:500]
    precision, recall = precision_and_recall(unseen, fake)
    assert precision > 0.65 and recall > 0.60
    assert rarest_share(data["train"]["image"], data["train"]["label"], fake) > 0.03


@pytest.mark.parametrize(
    ("name", "bar"), [("image_folder", 0.75), ("audio_classes", 0.9)], ids=["images", "sounds"]
)
def test_files_in_folders_are_told_apart(name: str, bar: float) -> None:
    """There are three classes, so guessing has an accuracy of 0.33."""
    module, program, data = trained(example(name))
    assert module.measure(program, data["test"])["accuracy"] > bar


def test_a_text_is_foreseen_better_than_by_its_letters_alone() -> None:
    """How often each letter occurs gives about 3.1 nats a letter."""
    module, program, data = trained(example("text_lm"))
    tokens = data["train"]["tokens"].flatten()
    share = tokens.bincount(minlength=90) / len(tokens)
    alone = -(share[data["test"]["target"].flatten()] + 1e-6).log().mean()
    assert module.measure(program, data["test"])["cross_entropy"] < 0.75 * alone
