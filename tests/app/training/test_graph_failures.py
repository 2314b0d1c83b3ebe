"""Edges that lead to no node: said in one sentence, at the layer that found it."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import nodes.library  # noqa: F401  registers the node types
from app.training import failures
from graphs.compiler import check, export
from graphs.document.document import End, Wire
from graphs.document.document_io import read
from graphs.document.edits import Connect, Disconnect, apply
from graphs.load_module import load_source
from tests.graphs.drawing import ready

EXAMPLE = Path(__file__).parents[3] / "assets/examples/gcn_karate.graph.json"


def test_an_edge_to_nowhere_is_said_at_its_node() -> None:
    module: Any = load_source(export(read(EXAMPLE)), Path("gcn_karate.py"))
    batch = next(module.batches(module.load("cpu")["train"], 64))
    batch["edge_index"][1, 0] = 34
    run: Any = SimpleNamespace(document_path=EXAMPLE)
    with pytest.raises(IndexError) as caught:
        ready(module).step(batch)
    assert failures.failing_node(caught.value, module, run) == "near"
    assert failures.sentence(caught.value, module, "at step 1") == (
        "The program failed at step 1 at `source, target = edge_ends(edge_index, len(x))`: "
        "an edge ends at node 34, and there are 34 nodes, 0 to 33."
    )


def test_an_edge_index_of_other_numbers_is_said_before_training() -> None:
    document = read(EXAMPLE)
    right = Wire(source=End("club", "edge_index"), target=End("near", "edge_index"))
    wrong = Wire(source=End("club", "nodes"), target=End("near", "edge_index"))
    mixed = apply(document, Disconnect(wires=(right,)), Connect(wire=wrong))
    (problem,) = (p for p in check(mixed).problems if p.node == "near")
    assert problem.text == "edge_index needs (2, E) of integers, got (V, 34) of float32"
