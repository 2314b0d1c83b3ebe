"""Choices: what no choice asks for is not there; a hyperparameter turns to another variant."""

from pathlib import Path

import pytest
import torch

import nodes.library  # noqa: F401  registers the node types
from graphs.compiler import check, export
from graphs.document.document import MAIN, Document, End
from graphs.load_module import load_source
from tests.graphs.drawing import drawn
from tests.graphs.test_blocks import with_blocks


def variants(choice: object, **parameters: int) -> Document:
    """Digits read from pixels by a straight line or through a hidden layer."""
    document = drawn(
        "variants",
        digits=("Digits", {}, {"form": "pixels"}),
        straight=("Linear", {"x": "digits.image"}, {"out_features": 10}),
        hidden=("Linear", {"x": "digits.image"}, {"out_features": 16}),
        bent=("ReLU", {"x": "hidden"}),
        deep=("Linear", {"x": "bent"}, {"out_features": 10}),
        scores=("Choose", {"values": ["straight", "deep"]}, {"choice": choice}),
        loss=("CrossEntropy", {"prediction": "scores", "label": "digits.label"}),
        adamw=("AdamW", {"loss": "loss"}),
    )
    main = document.main.model_copy(update={"parameters": parameters})
    return document.with_graph(MAIN, main)


def layers_of(document: Document) -> list[str]:
    """The names of what learns in the exported program."""
    module = load_source(export(document), Path("program.py"))
    network = module.Program().network
    return [name for name, _ in network.named_children()]


def test_only_what_is_chosen_is_there() -> None:
    assert layers_of(variants(1)) == ["straight"]
    assert layers_of(variants(2)) == ["hidden", "deep"]


def test_what_is_left_out_is_not_checked() -> None:
    bad = variants(1)
    nodes = {**bad.main.nodes}
    nodes["hidden"] = nodes["hidden"].model_copy(update={"parameters": {"out_features": -1}})
    bad = bad.with_graph(MAIN, bad.main.model_copy(update={"nodes": nodes}))
    assert not check(bad).problems
    assert check(bad).meta(MAIN, End("deep", "output")) is None
    assert [port.name for port in check(bad).inputs(MAIN, "deep")] == ["x"]


def test_a_hyperparameter_chooses_and_is_fixed_in_the_file() -> None:
    document = variants("=depth", depth=2)
    assert not check(document).problems
    assert layers_of(document) == ["hidden", "deep"]
    source = export(document)
    assert "--depth" not in source
    assert "Fixed in this file: depth = 2." in source


def test_a_choice_that_is_not_there_is_said_once() -> None:
    problems = check(variants(3)).problems
    assert [problem.text for problem in problems] == ["choice is 3, and 2 wires arrive"]
    assert problems[0].fixes


def test_a_cycle_is_refused_in_what_is_left_out_too() -> None:
    checked = check(variants(1))
    assert not checked.accepts(MAIN, End("deep", "output"), End("hidden", "x"))
    assert checked.accepts(MAIN, End("straight", "output"), End("bent", "x"))


def test_one_of_two_data_sets_is_loaded() -> None:
    """What is known of the other is not there: neither its samples nor a batch of both."""
    document = drawn(
        "sets",
        digits=("Digits", {}, {"form": "pixels"}),
        moons=("Moons", {}),
        seen=("Choose", {"values": ["digits.image", "moons.point"]}, {"choice": 2}),
        known=("Choose", {"values": ["digits.label", "moons.label"]}, {"choice": 2}),
        scores=("Linear", {"x": "seen"}, {"out_features": 10}),
        loss=("CrossEntropy", {"prediction": "scores", "label": "known"}),
        adamw=("AdamW", {"loss": "loss"}),
    )
    assert not check(document).problems
    source = export(document)
    assert "load_digits" not in source
    train = load_source(source, Path("program.py")).load("cpu")["train"]
    assert set(train) == {"point", "label"}


def block_of_two() -> Document:
    """A block with a choice by its parameter: one layer, or twice its input."""
    block = drawn(
        x=("Input", {}, {"kind": "features"}),
        linear=("Linear", {"x": "x"}, {"out_features": 64}),
        twice=("Add", {"values": ["x", "x"]}),
        either=("Choose", {"values": ["linear", "twice"]}, {"choice": "=which"}),
        y=("Output", {"value": "either"}),
    )
    return block.with_graph(MAIN, block.main.model_copy(update={"parameters": {"which": 1}}))


@pytest.mark.parametrize("which", [1, 2])
def test_each_use_of_a_block_chooses(which: int) -> None:
    first = {"block": "Either", "arguments": {"which": which}}
    main = drawn(
        "uses",
        digits=("Digits", {}, {"form": "pixels"}),
        one=("Block", {"x": "digits.image"}, first),
        two=("Block", {"x": "one.y"}, {"block": "Either", "arguments": {"which": 3 - which}}),
        head=("Linear", {"x": "two.y"}, {"out_features": 10}),
        loss=("CrossEntropy", {"prediction": "head", "label": "digits.label"}),
        adamw=("AdamW", {"loss": "loss"}),
    )
    document = with_blocks(main, Either=block_of_two())
    assert not check(document).problems
    module = load_source(export(document), Path("program.py"))
    torch.manual_seed(0)
    network = module.Program().network
    assert sum(p.numel() for p in network.parameters()) == 64 * 64 + 64 + 64 * 10 + 10
    assert network(torch.ones(2, 64)).shape == (2, 10)
