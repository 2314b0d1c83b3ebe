"""Blocks made of a selection and taken apart again do what was drawn."""

from pathlib import Path

import pytest
import torch

import nodes.library  # noqa: F401  registers the node types
from graphs.compiler import check, export
from graphs.document.document import Document
from graphs.document.edits import EditError, SetParameters, apply
from graphs.load_module import load_source
from nodes.refactoring import make_block, promote, unmake_block
from tests.graphs.drawing import classifier, ready
from tests.graphs.test_blocks import gan


def losses(document: Document) -> list[float]:
    """Two steps of a document's program."""
    module = load_source(export(document), Path("program.py"))
    torch.manual_seed(0)
    program = ready(module)
    batches = module.batches(module.load("cpu")["train"], 16)
    return [float(program.step(next(batches))["loss"]) for _ in range(2)]


def test_a_block_made_and_unmade_changes_nothing() -> None:
    document = classifier()
    made = apply(document, *make_block(document, "main", ["conv", "relu", "flatten"], "Stem"))
    assert check(made).problems == ()
    assert "class Stem(nn.Module):" in export(made)
    assert set(made.main.nodes) == {"digits", "stem", "linear", "loss", "accuracy", "adamw"}
    assert losses(made) == losses(document)
    unmade = apply(made, *unmake_block(made, "main", "stem"))
    assert set(unmade.main.nodes) == set(document.main.nodes)
    assert {(w.source, w.target) for w in unmade.main.wires} == {
        (w.source, w.target) for w in document.main.wires
    }
    assert losses(unmade) == losses(document)
    for id, node in document.main.nodes.items():
        assert unmade.main.nodes[id].position == pytest.approx(node.position)


def test_several_wires_become_ports() -> None:
    document = classifier()
    made = apply(document, *make_block(document, "main", ["linear", "loss"], "Head"))
    checked = check(made)
    assert checked.problems == ()
    assert [port.name for port in checked.inputs("main", "head")] == ["x", "label"]
    assert [port.name for port in checked.outputs("main", "head")] == ["linear_out", "loss_out"]


def test_promoted_parameters_are_given_outside() -> None:
    document = classifier()
    made = apply(document, *make_block(document, "main", ["conv", "relu"], "Stem"))
    made = apply(made, *promote(made, "Stem", "conv", "out_channels", "channels"))
    wide = apply(made, SetParameters(id="stem", parameters={"arguments": {"channels": 9}}))
    assert check(wide).problems == ()
    assert "nn.Conv2d(1, 9, 3" in export(wide)
    unmade = apply(wide, *unmake_block(wide, "main", "stem"))
    assert unmade.main.nodes["conv"].parameters["out_channels"] == "=9"
    assert "nn.Conv2d(1, 9, 3" in export(unmade)


@pytest.mark.parametrize(
    ("ids", "name", "words"),
    [
        (["digits"], "Stem", "digits cannot stand in a block"),
        (["adamw", "conv"], "Stem", "adamw cannot stand in a block"),
        ([], "Stem", "choose the nodes"),
        (["conv"], "main", "there is a graph called main already"),
    ],
)
def test_what_cannot_be_a_block(ids: list[str], name: str, words: str) -> None:
    document = classifier()
    with pytest.raises(EditError, match=words):
        make_block(document, "main", ids, name)


def test_what_cannot_be_promoted() -> None:
    document = classifier()
    with pytest.raises(EditError, match="bias is not a number"):
        promote(document, "main", "conv", "bias", "b")
    with pytest.raises(EditError, match="is taken or no name"):
        promote(document, "main", "conv", "out_channels", "Big Name")


def test_shared_weights_keep_a_block_together() -> None:
    document = classifier()
    made = apply(document, *make_block(document, "main", ["relu"], "Act"))
    shared = {"weights": "w"}
    node = made.main.nodes["act"].model_copy(update={"parameters": {"block": "Act", **shared}})
    graph = made.main.model_copy(update={"nodes": {**made.main.nodes, "act": node, "act_2": node}})
    with pytest.raises(EditError, match="shares its weights with act_2"):
        unmake_block(made.with_graph("main", graph), "main", "act")


def test_a_block_parts_no_shared_weights() -> None:
    """What shares its weights goes into a block with the others, or not at all."""
    document = gan()
    for chosen in (["real_score"], ["fake", "fake_score"]):
        with pytest.raises(EditError, match="take both into the block, or neither"):
            make_block(document, "main", chosen, "Judged")
    assert make_block(document, "main", ["fake"], "Maker")
