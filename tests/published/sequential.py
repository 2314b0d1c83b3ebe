"""Networks on sequences, drawn as their papers have them."""

from graphs.document.document import Document
from tests.graphs.drawing import drawn
from tests.published.drawing import block, classifier, program, repeat, row


def wavenet(residual: int = 32, skip: int = 256, classes: int = 256) -> Document:
    """van den Oord et al. 2016 (arXiv 1609.03499): 30 layers, dilations 1 to 512 three times."""
    nodes = {
        **row(
            "x",
            dilated=(
                "CausalConv1d",
                {"out_channels": 2 * residual, "dilation": "=2 ** (i % 10)"},
            ),
            gate=("GatedTanh",),
            out=("Conv1d", {"out_channels": residual, "kernel_size": 1}),
        ),
        "sum": ("Add", {"values": ["x", "out"]}),
        **row("gate", skipped=("Conv1d", {"out_channels": skip, "kernel_size": 1})),
    }
    layer = drawn(
        x=("Input", {}),
        **nodes,
        y=("Output", {"value": "sum"}),
        skip=("Output", {"value": "skipped"}),
    )
    wide = {"out_channels": skip, "kernel_size": 1}
    main = {
        "sound": ("RandomTokens", {}, {"length": 4096, "vocabulary": classes, "samples": 16}),
        **row(
            "sound.tokens",
            levels=("OneHot", {"num_classes": classes}),
            channels=("Permute",),
            stem=("CausalConv1d", {"out_channels": residual}),
            layers=repeat("Layer", 30),
        ),
        **row(
            "layers.skip",
            relu1=("ReLU",),
            wide=("Conv1d", wide),
            relu2=("ReLU",),
            scores=("Conv1d", {"out_channels": classes, "kernel_size": 1}),
            steps=("Permute",),
        ),
        "loss": ("SequenceCrossEntropy", {"prediction": "steps", "tokens": "sound.target"}),
        "optimizer": ("AdamW", {"loss": "loss"}),
    }
    return program("wavenet", main, Layer=layer)


def _feed_forward(source: str, features: int, activation: tuple) -> dict:
    return row(
        source,
        wide=("Linear", {"out_features": 4 * features}),
        active=activation,
        narrow=("Linear", {"out_features": features}),
    )


def transformer(vocabulary: int = 37_000, features: int = 512) -> Document:
    """Vaswani et al. 2017 (arXiv 1706.03762), base: six layers up, six down, one table of vectors
    for both languages and for the scores.
    """
    encoder = block("norm2", _encoder_layer(features))
    decoder = block("norm3", _decoder_layer(features))
    sentences = {"length": 128, "vocabulary": vocabulary, "samples": 64}
    words = (
        "Embedding",
        {"num_embeddings": vocabulary, "embedding_dim": features, "weights": "words"},
    )
    scale = ("Scale", {"factor": features**0.5})
    positions = ("SinusoidalPositions",)
    main = {
        "source": ("RandomTokens", {}, sentences),
        "target": ("RandomTokens", {}, {**sentences, "seed": 1}),
        **row(
            "source.tokens",
            read=words,
            read_scale=scale,
            read_places=positions,
            encoder=repeat("EncoderLayer", 6),
        ),
        **row("target.tokens", written=words, written_scale=scale, written_places=positions),
        "decoder": (
            "Repeat",
            {"x": "written_places", "memory": "encoder.y"},
            {"block": "DecoderLayer", "copies": 6},
        ),
        **row(
            "decoder.y",
            scores=("TokenScores", {"num_embeddings": vocabulary, "weights": "words"}),
        ),
        "loss": ("SequenceCrossEntropy", {"prediction": "scores", "tokens": "target.target"}),
        "optimizer": ("AdamW", {"loss": "loss"}),
    }
    return program("transformer", main, EncoderLayer=encoder, DecoderLayer=decoder)


def _encoder_layer(features: int) -> dict:
    return {
        "attention": ("MultiheadAttention", {"query": "x"}, {"num_heads": 8}),
        "sum1": ("Add", {"values": ["x", "attention"]}),
        "norm1": ("LayerNorm", {"x": "sum1"}),
        **_feed_forward("norm1", features, ("ReLU",)),
        "sum2": ("Add", {"values": ["norm1", "narrow"]}),
        "norm2": ("LayerNorm", {"x": "sum2"}),
    }


def _decoder_layer(features: int) -> dict:
    return {
        "memory": ("Input", {}),
        "own": ("MultiheadAttention", {"query": "x"}, {"num_heads": 8, "causal": True}),
        "sum1": ("Add", {"values": ["x", "own"]}),
        "norm1": ("LayerNorm", {"x": "sum1"}),
        "across": ("MultiheadAttention", {"query": "norm1", "context": "memory"}, {"num_heads": 8}),
        "sum2": ("Add", {"values": ["norm1", "across"]}),
        "norm2": ("LayerNorm", {"x": "sum2"}),
        **_feed_forward("norm2", features, ("ReLU",)),
        "sum3": ("Add", {"values": ["norm2", "narrow"]}),
        "norm3": ("LayerNorm", {"x": "sum3"}),
    }


def _pre_norm_layer(features: int, heads: int, causal: bool, gelu: str, eps: float) -> Document:
    """Normalise, attend, add; normalise, two Linear layers, add."""
    norm = ("LayerNorm", {"eps": eps})
    attention = ("MultiheadAttention", {"num_heads": heads, "causal": causal})
    nodes = {
        **row("x", norm1=norm, attention=attention),
        "sum1": ("Add", {"values": ["x", "attention"]}),
        **row("sum1", norm2=norm),
        **_feed_forward("norm2", features, ("GELU", {"approximate": gelu})),
        "sum2": ("Add", {"values": ["sum1", "narrow"]}),
    }
    return block("sum2", nodes)


def gpt_2(features: int = 768, vocabulary: int = 50_257) -> Document:
    """Radford et al. 2019, the small one: twelve layers, scores with the vectors of the words."""
    layer = _pre_norm_layer(features, features // 64 or 1, causal=True, gelu="tanh", eps=1e-5)
    text = {"length": 1024, "vocabulary": vocabulary, "samples": 16, "batch_size": 4}
    main = {
        "text": ("RandomTokens", {}, text),
        **row(
            "text.tokens",
            embedded=(
                "Embedding",
                {"num_embeddings": vocabulary, "embedding_dim": features, "weights": "tokens"},
            ),
            positions=("LearnedPositions",),
            layers=repeat("Layer", 12),
            norm=("LayerNorm",),
            scores=("TokenScores", {"num_embeddings": vocabulary, "weights": "tokens"}),
        ),
        "loss": ("SequenceCrossEntropy", {"prediction": "scores", "tokens": "text.target"}),
        "optimizer": ("AdamW", {"loss": "loss"}),
    }
    return program("gpt_2", main, Layer=layer)


def vit_b_16() -> Document:
    """Dosovitskiy et al. 2020 (arXiv 2010.11929): patches of 16 pixels, twelve layers."""
    patches = {"out_channels": 768, "kernel_size": 16, "stride": 16, "padding": 0}
    layers = row(
        "images.image",
        patches=("Conv2d", patches),
        flat=("Flatten", {"start": 2}),
        steps=("Permute",),
        token=("ClassToken",),
        positions=("LearnedPositions",),
        layers=repeat("Layer", 12),
        norm=("LayerNorm", {"eps": 1e-6}),
        first=("Select",),
        scores=("Linear", {"out_features": 1000}),
    )
    layer = _pre_norm_layer(768, 12, causal=False, gelu="none", eps=1e-6)
    return classifier("vit_b_16", 224, 3, layers, Layer=layer)
