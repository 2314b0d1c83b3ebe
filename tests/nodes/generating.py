"""Documents in which a language model learns, and goes on from the first tokens of a text."""

from graphs.document.document import Document
from tests.graphs.drawing import drawn
from tests.graphs.test_blocks import with_blocks

VOCABULARY, LENGTH, PROMPT = 11, 16, 5


def language_model(model: Document, others: dict | None = None, **parameters: object) -> Document:
    """A block `Model` from tokens to scores, trained on random tokens, that also writes some."""
    use = {"block": "Model", "weights": "model"}
    main = drawn(
        "writer",
        text=("RandomTokens", {}, {"length": LENGTH, "vocabulary": VOCABULARY, "samples": 40}),
        seen=("Slice", {"x": "text.tokens"}, {"end": PROMPT}),
        learned=("Block", {"tokens": "text.tokens"}, use),
        longer=(
            "Generate",
            {"tokens": "seen"},
            {**use, "steps": LENGTH - PROMPT, **parameters},
        ),
        said=("OneHot", {"labels": "longer.sequence"}, {"num_classes": VOCABULARY}),
        loss=("SequenceCrossEntropy", {"prediction": "learned.scores", "tokens": "text.target"}),
        drift=("SequenceCrossEntropy", {"prediction": "said", "tokens": "text.target"}),
        adamw=("AdamW", {"loss": "loss"}, {"lr": 0.01}),
    )
    return with_blocks(main, Model=model, **(others or {}))


def model(last: str, width: int = 8, /, **layers: tuple) -> Document:
    """A model from `tokens` to `scores`: its layers read `embedded`, the last is given."""
    table = {"num_embeddings": VOCABULARY, "embedding_dim": width}
    return drawn(
        tokens=("Input", {}, {"kind": "tokens"}),
        embedded=("Embedding", {"tokens": "tokens"}, table),
        **layers,
        head=("Linear", {"x": last}, {"out_features": VOCABULARY}),
        scores=("Output", {"value": "head"}),
    )


def recurrent(type_: str, width: int = 8, **parameters: object) -> Document:
    """Two layers of a recurrent network."""
    size = {"hidden_size": 3 * width // 2, "num_layers": 2, **parameters}
    return language_model(
        model(
            f"{type_.lower()}.sequence", width, **{type_.lower(): (type_, {"x": "embedded"}, size)}
        )
    )


def wavenet(width: int = 8, copies: int = 3, **parameters: object) -> Document:
    """Gated dilated causal convolutions with residual connections and a sum of all skips."""
    layer = drawn(
        x=("Input", {}),
        dilated=("CausalConv1d", {"x": "x"}, {"out_channels": 2 * width, "dilation": "=2 ** i"}),
        gate=("GatedTanh", {"x": "dilated"}),
        out=("Conv1d", {"x": "gate"}, {"out_channels": width, "kernel_size": 1}),
        sum=("Add", {"values": ["x", "out"]}),
        skipped=("Conv1d", {"x": "gate"}, {"out_channels": 12, "kernel_size": 1}),
        y=("Output", {"value": "sum"}),
        skip=("Output", {"value": "skipped"}),
    )
    drawing = model(
        "steps",
        width,
        channels=("Permute", {"x": "embedded"}),
        layers=("Repeat", {"x": "channels"}, {"block": "Layer", "copies": copies}),
        relu=("ReLU", {"x": "layers.skip"}),
        steps=("Permute", {"x": "relu"}),
    )
    return language_model(drawing, {"Layer": layer}, **parameters)


def transformer(
    positions: str, type_: str = "", width: int = 8, copies: int = 2, **parameters: object
) -> Document:
    """Causal layers, drawn from parts, that know their steps in one of four ways."""
    inner = positions if positions in ("rotary", "alibi") else "none"
    options = {"num_heads": 2, "causal": True, "positions": inner}
    parts = {
        "norm1": ("LayerNorm", {"x": "x"}),
        "attention": ("MultiheadAttention", {"query": "norm1"}, options),
        "sum1": ("Add", {"values": ["x", "attention"]}),
        "norm2": ("LayerNorm", {"x": "sum1"}),
        "wide": ("Linear", {"x": "norm2"}, {"out_features": 2 * width}),
        "gelu": ("GELU", {"x": "wide"}),
        "narrow": ("Linear", {"x": "gelu"}, {"out_features": width}),
        "sum2": ("Add", {"values": ["sum1", "narrow"]}),
    }
    whole = {"sum2": ("TransformerEncoderLayer", {"x": "x"}, {**options, "dim_feedforward": 16})}
    layer = drawn(x=("Input", {}), **(whole if type_ else parts), y=("Output", {"value": "sum2"}))
    places = {
        "sinusoidal": ("SinusoidalPositions", {"x": "embedded"}),
        "learned": ("LearnedPositions", {"x": "embedded"}, {"length": LENGTH}),
    }.get(positions, ("Scale", {"x": "embedded"}, {"factor": 2.0}))
    drawing = model(
        "layers.y",
        width,
        places=places,
        layers=("Repeat", {"x": "places"}, {"block": "Layer", "copies": copies}),
    )
    return language_model(drawing, {"Layer": layer}, **parameters)
