"""Whether a block may run step by step, and which node stands in the way."""

import nodes.library  # noqa: F401  registers the node types
from graphs.compiler import check, export
from graphs.document.document import Document, End
from graphs.document.edits import apply
from tests.graphs.drawing import drawn
from tests.graphs.test_blocks import with_blocks
from tests.nodes.generating import VOCABULARY, language_model, model


def problems_of(document: Document) -> list[str]:
    return [problem.text for problem in check(document).problems if problem.node == "longer"]


def hindrance_of(drawing: Document, **others: Document) -> str:
    """What stands in the way of remembering, as `cached: always` says it."""
    document = language_model(drawing, others, cached="always")
    (problem,) = (p for p in check(document).problems if p.node == "longer")
    (edit,) = problem.fixes[0].edits
    assert not problems_of(apply(document, edit))
    assert "cached=True" not in export(apply(document, edit))
    return problem.text


def test_what_looks_ahead_is_computed_anew() -> None:
    reader = ("LSTM", {"x": "embedded"}, {"hidden_size": 8, "bidirectional": True})
    assert hindrance_of(model("lstm.sequence", lstm=reader)) == (
        "cannot be cached: Model: lstm looks at other steps and cannot remember them"
    )
    attention = ("MultiheadAttention", {"query": "embedded"}, {"num_heads": 2})
    assert "attention looks at" in hindrance_of(model("attention", attention=attention))
    norm = {
        "channels": ("Permute", {"x": "embedded"}),
        "norm": ("GroupNorm", {"x": "channels"}, {"num_groups": 2}),
        "steps": ("Permute", {"x": "norm"}),
    }
    assert "norm looks at" in hindrance_of(model("steps", **norm))


def test_the_axis_of_time_is_followed() -> None:
    """A Softmax over features takes each step alone; the same over time does not."""

    def turned(dim: int) -> Document:
        return model(
            "back",
            channels=("Permute", {"x": "embedded"}),
            shares=("Softmax", {"x": "channels"}, {"dim": dim}),
            back=("Permute", {"x": "shares"}),
        )

    assert "cached=True" in export(language_model(turned(1)))
    assert "shares looks at" in hindrance_of(turned(2))


def test_what_is_known_at_the_last_step_alone() -> None:
    """An LSTM's last state may give the next token; it may not be given to the steps before."""
    lstm = {"lstm": ("LSTM", {"x": "embedded"}, {"hidden_size": 8})}
    last = drawn(
        tokens=("Input", {}, {"kind": "tokens"}),
        embedded=("Embedding", {"tokens": "tokens"}, {"num_embeddings": VOCABULARY}),
        lstm=("LSTM", {"x": "embedded"}, {"hidden_size": 8}),
        step=("Select", {"x": "lstm.sequence"}, {"index": -1}),
        both=("Concat", {"values": ["lstm.last", "step"]}),
        head=("Linear", {"x": "both"}, {"out_features": VOCABULARY}),
        scores=("Output", {"value": "head"}),
    )
    document = language_model(last)
    main = document.main.model_copy(
        update={
            "nodes": {k: v for k, v in document.main.nodes.items() if k not in ("learned", "loss")},
            "wires": tuple(
                w.model_copy(update={"source": End("said", "output")})
                if w.source.node == "loss"
                else w
                for w in document.main.wires
                if not {"learned", "loss"} & {w.source.node, w.target.node}
            ),
        }
    )
    assert not problems_of(document.with_graph("main", main))
    spread = {
        **lstm,
        "flat": ("Linear", {"x": "lstm.last"}, {"out_features": 8}),
        "row": ("Reshape", {"x": "flat"}, {"shape": [1, 8]}),
        "sum": ("Multiply", {"values": ["embedded", "row"]}),
    }
    assert "sum gives every step what is known at the last" in hindrance_of(model("sum", **spread))


def test_inner_blocks_and_scans_are_looked_into() -> None:
    inner = drawn(
        x=("Input", {}),
        pool=("Mean", {"x": "x"}, {"dim": 1, "keep": True}),
        sum=("Multiply", {"values": ["x", "pool"]}),
        y=("Output", {"value": "sum"}),
    )
    use = {"layers": ("Repeat", {"x": "embedded"}, {"block": "Inner", "copies": 2})}
    assert "pool looks at other steps and cannot remember them, in layers" in hindrance_of(
        model("layers.y", **use), Inner=inner
    )
    cell = drawn(
        x=("Input", {}, {"kind": "vector"}),
        h=("Input", {}, {"kind": "vector"}),
        new=("GRUCell", {"x": "x", "h": "h"}),
        y=("Output", {"value": "new"}),
        h_out=("Output", {"value": "new"}),
    )
    nodes = {**cell.main.nodes, "h_out": cell.main.nodes["h_out"].model_copy(update={"label": "h"})}
    cell = cell.with_graph("main", cell.main.model_copy(update={"nodes": nodes}))
    scan = {"scan": ("Scan", {"x": "embedded"}, {"block": "Cell", "features": 8})}
    assert "scan looks at" in hindrance_of(model("scan.y", **scan), Cell=cell)


def test_a_memory_that_no_step_changes_is_looked_at_again() -> None:
    """A decoder looks at what an encoder gave, which has no time of its own."""
    decoder = drawn(
        tokens=("Input", {}, {"kind": "tokens"}),
        memory=("Input", {}, {"kind": "sequence"}),
        embedded=("Embedding", {"tokens": "tokens"}, {"num_embeddings": 11, "embedding_dim": 8}),
        layers=(
            "Repeat",
            {"x": "embedded", "memory": "memory"},
            {"block": "Layer", "copies": 2},
        ),
        found=("AdditiveAttention", {"query": "layers.y", "memory": "memory"}),
        head=("Linear", {"x": "found.found"}, {"out_features": 11}),
        scores=("Output", {"value": "head"}),
    )
    layer = drawn(
        x=("Input", {}),
        memory=("Input", {}),
        layer=("TransformerDecoderLayer", {"x": "x", "memory": "memory"}, {"num_heads": 2}),
        y=("Output", {"value": "layer"}),
    )
    main = drawn(
        text=("RandomTokens", {}, {"length": 5, "vocabulary": 11, "samples": 40}),
        read=("Embedding", {"tokens": "text.tokens"}, {"num_embeddings": 11, "embedding_dim": 8}),
        longer=(
            "Generate",
            {"tokens": "text.target", "memory": "read"},
            {"block": "Decoder", "cached": "always"},
        ),
    )
    checked = check(with_blocks(main, Decoder=decoder, Layer=layer))
    assert not [problem for problem in checked.problems if problem.node == "longer"]
    assert checked.shape_text("main", End("longer", "sequence")) == "(N, 21)"
