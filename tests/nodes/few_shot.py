"""Systems that learn from few examples, drawn small: signs of 8 x 8 pixels, five classes a task."""

from graphs.document.document import Document
from tests.graphs.drawing import drawn
from tests.graphs.test_blocks import with_blocks
from tests.nodes.test_scan_map_adapt import labelled

SIGNS = {"classes": 200, "samples": 8, "size": 8}
DEALT = {"tasks": 512, "held_out": 100, "queries": 3, "batch_size": 16}


def embedding(features: int = 32) -> Document:
    """A block that makes a vector of an image."""
    return drawn(
        x=("Input", {}),
        flat=("Flatten", {"x": "x"}),
        hidden=("Linear", {"x": "flat"}, {"out_features": 128}),
        relu=("ReLU", {"x": "hidden"}),
        linear=("Linear", {"x": "relu"}, {"out_features": features}),
        y=("Output", {"value": "linear"}),
    )


def tasks(**parameters: object) -> dict[str, tuple]:
    """Signs, dealt into tasks."""
    sources = {"sample": "glyphs.image", "label": "glyphs.label"}
    return {
        "glyphs": ("Glyphs", {}, SIGNS),
        "tasks": ("Episodes", sources, {**DEALT, **parameters}),
    }


def seen(source: str) -> tuple:
    """Images of tasks as the embedding sees them."""
    return ("Map", {"x": source}, {"block": "Embedding", "weights": "embedding"})


def judged(prediction: str, label: str) -> dict[str, tuple]:
    """A loss, an accuracy and an optimizer on scores (N, Q, classes)."""
    inputs = {"prediction": prediction, "tokens": label}
    return {
        "loss": ("SequenceCrossEntropy", inputs),
        "accuracy": ("TokenAccuracy", inputs),
        "adamw": ("AdamW", {"loss": "loss"}, {"lr": 0.003}),
    }


def prototypical(**parameters: object) -> Document:
    """Queries go to the class whose mean is nearest."""
    main = drawn(
        "prototypical",
        **tasks(**parameters),
        known=seen("tasks.support"),
        asked=seen("tasks.query"),
        middle=("Prototypes", {"embedding": "known.y", "label": "tasks.support_label"}),
        scores=("Distances", {"x": "asked.y", "y": "middle"}),
        **judged("scores", "tasks.query_label"),
    )
    return with_blocks(main, Embedding=embedding())


def matching() -> Document:
    """Queries look at all examples."""
    sources = {"query": "asked.y", "support": "known.y", "label": "tasks.support_label"}
    main = drawn(
        "matching",
        **tasks(shot=2),
        known=seen("tasks.support"),
        asked=seen("tasks.query"),
        scores=("CosineAttention", sources),
        **judged("scores", "tasks.query_label"),
    )
    return with_blocks(main, Embedding=embedding())


PLACES, WIDTH = 12, 16
"""Of the memory network's memory."""


def memory_cell() -> Document:
    """One step of a memory network: it reads what is like its key, and writes where little is
    used.
    """
    cell = drawn(
        x=("Input", {}, {"kind": "vector"}),
        h=("Input", {}, {"kind": "vector"}),
        memory=("Input", {}, {"kind": "sequence"}),
        usage=("Input", {}, {"kind": "vector"}),
        both=("Concat", {"values": ["x", "h"]}),
        linear=("Linear", {"x": "both"}, {"out_features": 32}),
        hidden=("Tanh", {"x": "linear"}),
        key=("Linear", {"x": "hidden"}, {"out_features": WIDTH}),
        row=("Reshape", {"x": "key"}, {"shape": [1, WIDTH]}),
        likeness=("Distances", {"x": "row", "y": "memory"}, {"measure": "cosine"}),
        sharp=("Scale", {"x": "likeness"}, {"factor": 5.0}),
        looked=("Softmax", {"x": "sharp"}),
        read=("MatMul", {"left": "looked", "right": "memory"}),
        flat_read=("Flatten", {"x": "read"}),
        looked_at=("Flatten", {"x": "looked"}),
        unused=("Scale", {"x": "usage"}, {"factor": -20.0}),
        free=("Softmax", {"x": "unused"}),
        column=("Reshape", {"x": "free"}, {"shape": [PLACES, 1]}),
        written=("MatMul", {"left": "column", "right": "row"}),
        remembered=("Add", {"values": ["memory", "written"]}),
        worn=(
            "Arithmetic",
            {"old": "usage", "r": "looked_at", "w": "free"},
            {"expression": "0.95 * old + r + w"},
        ),
        told=("Concat", {"values": ["hidden", "flat_read"]}),
        steps=("Output", {"value": "told"}),
        next_h=("Output", {"value": "hidden"}),
        next_memory=("Output", {"value": "remembered"}),
        next_usage=("Output", {"value": "worn"}),
    )
    return labelled(cell, next_h="h", next_memory="memory", next_usage="usage")


def memory_network() -> Document:
    """A stream of signs, each with the label of the one before."""
    memory = {"sizes": [PLACES, WIDTH], "value": 1e-6}
    main = drawn(
        "memory_network",
        **tasks(way=3, shot=4, queries=1),
        images=seen("tasks.support"),
        late=("PreviousLabels", {"label": "tasks.support_label"}, {"classes": 3}),
        stream=("Concat", {"values": ["images.y", "late"]}, {"dim": -1}),
        empty=("Constant", {"like": "stream"}, memory),
        fresh=("Constant", {"like": "stream"}, {"sizes": [PLACES]}),
        scan=(
            "Scan",
            {"x": "stream", "memory": "empty", "usage": "fresh"},
            {"block": "Cell", "features": 32},
        ),
        scores=("Linear", {"x": "scan.steps"}, {"out_features": 3}),
        **judged("scores", "tasks.support_label"),
    )
    return with_blocks(main, Embedding=embedding(), Cell=memory_cell())


def snail() -> Document:
    """Examples with their labels and one query without, read as one sequence."""
    main = drawn(
        "snail",
        **tasks(),
        one=("Slice", {"x": "tasks.query"}, {"end": 1}),
        wanted=("Slice", {"x": "tasks.query_label"}, {"end": 1}),
        images=("Concat", {"values": ["tasks.support", "one"]}),
        vectors=seen("images"),
        shown=("KnownLabels", {"label": "tasks.support_label"}),
        steps=("Concat", {"values": ["vectors.y", "shown"]}, {"dim": -1}),
        wide=("Linear", {"x": "steps"}, {"out_features": 32}),
        signal=("Permute", {"x": "wide"}),
        convolved=("CausalConv1d", {"x": "signal"}, {"out_channels": 64}),
        gated=("GatedTanh", {"x": "convolved"}),
        sequence=("Permute", {"x": "gated"}),
        attention=("MultiheadAttention", {"query": "sequence"}, {"causal": True}),
        last=("Slice", {"x": "attention"}, {"start": -1}),
        scores=("Linear", {"x": "last"}, {"out_features": 5}),
        **judged("scores", "wanted"),
    )
    return with_blocks(main, Embedding=embedding())


def maml() -> Document:
    """A network that is adapted to each task by gradient steps."""
    sources = {
        "support": "tasks.support",
        "answer": "tasks.support_label",
        "query": "tasks.query",
    }
    main = drawn(
        "maml",
        **tasks(),
        scores=(
            "Adapt",
            sources,
            {"block": "Embedding", "loss": "cross_entropy", "lr": 0.4, "steps": 2},
        ),
        **judged("scores", "tasks.query_label"),
    )
    return with_blocks(main, Embedding=embedding(5))


SYSTEMS = {
    system.__name__: system for system in (prototypical, matching, memory_network, snail, maml)
}
