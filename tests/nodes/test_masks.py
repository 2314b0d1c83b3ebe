"""Masks: what has them, what takes them, and what is refused."""

import pytest

import nodes.library  # noqa: F401  registers the node types
from graphs.compiler import check
from graphs.document.document import Document, End
from graphs.document.edits import apply
from graphs.nodetypes.node_type import node_types
from graphs.nodetypes.tensor_kinds import Mask, Meta, Tensor, kind_of
from tests.graphs.drawing import drawn

TAKING = [
    (name, port.name)
    for name, type_ in node_types().items()
    for port in type_.inputs()
    if port.name.endswith("mask")
]
READING = {
    "LSTM": {},
    "GRU": {},
    "RNN": {},
    "MultiheadAttention": {"num_heads": 2},
    "TransformerEncoderLayer": {"num_heads": 2, "dim_feedforward": 8},
}


def reader(mask: str, type_: str = "LSTM", **options: object) -> Document:
    """A network that reads dates, with a wire to its mask."""
    port = "query" if type_ == "MultiheadAttention" else "x"
    inputs = {port: "embedding", "mask": mask}
    return drawn(
        dates=("DateStrings", {}, {"samples": 5, "held_out": 2}),
        embedding=("Embedding", {"tokens": "dates.source"}, {"num_embeddings": 70}),
        layer=(type_, inputs, options),
    )


def texts(document: Document) -> dict[str, str]:
    """What is said at the layer."""
    return {p.port or "": p.text for p in check(document).problems if p.node == "layer"}


def test_every_mask_port_takes_masks() -> None:
    assert len(TAKING) >= 8
    for name, port in TAKING:
        takes = {port.name: port.takes for port in node_types()[name].inputs()}[port]
        assert takes is Mask, (name, port)


@pytest.mark.parametrize("type_", READING)
def test_masks_of_data_fit_layers(type_: str) -> None:
    document = reader("dates.mask", type_, **READING[type_])
    checked = check(document)
    assert texts(document) == {}
    assert checked.kind("main", End("dates", "mask")) == "mask"


def test_whole_numbers_are_made_a_mask_by_a_quick_fix() -> None:
    document = reader("dates.source")
    (problem,) = [p for p in check(document).problems if p.node == "layer"]
    assert problem.text == "mask needs (N, T) of booleans, got (N, 21) of int64"
    (fix,) = [fix for fix in problem.fixes if fix.title == "Insert PaddingMask"]
    assert texts(apply(document, *fix.edits)) == {}


def test_a_mask_is_neither_numbers_nor_classes() -> None:
    document = drawn(
        dates=("DateStrings", {}),
        embedding=("Embedding", {"tokens": "dates.mask"}),
        linear=("Linear", {"x": "dates.mask"}),
    )
    said = {problem.node: problem.text for problem in check(document).problems}
    assert said["embedding"] == "tokens needs (N, T) of integers, got (N, 21) of bool"
    assert said["linear"] == "x needs (N, F) or (N, T, F), got (N, 21) of bool"


def test_kinds_by_what_they_hold() -> None:
    assert kind_of(Meta((2, 7), "bool")) is Mask
    assert kind_of(Meta((2,), "bool")) is Tensor
    assert [Meta((), dtype).holds for dtype in ("float16", "int32", "bool")] == [
        "numbers",
        "integers",
        "booleans",
    ]
