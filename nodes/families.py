"""The families of the palette: their names, order and colours, and the files that hold their node
types.

Adding a node type to a file of the table needs nothing here; a new file is named in its family.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from graphs.nodetypes.node_type import NodeType


class Family(NamedTuple):
    """A part of the palette. `files` are modules of `nodes` whose node types lie in it."""

    name: str
    about: str
    colour: str
    files: tuple[str, ...] = ()


FAMILIES = (
    Family(
        "Data",
        "Samples from files of your own, hubs and bundled sets, or synthetic ones.",
        "#3d6b58",
        (
            "data.bundled",
            "data.tables",
            "data.image_and_audio_folders",
            "data.texts",
            "data.huggingface_torchvision",
            "data.arrays",
            "data.graph_data",
            "data.synthetic",
            "data.benchmark_tasks",
            "data.glyphs",
        ),
    ),
    Family(
        "Augmentation",
        "Random changes of samples during training, standardisation, spectrograms.",
        "#4a6a3f",
        ("layers.augmentation",),
    ),
    Family(
        "Convolution",
        "Convolutions of signals, images and volumes; transposed, causal and masked ones.",
        "#3a5f8f",
        ("layers.convolution", "layers.convolution_transposed"),
    ),
    Family(
        "Pooling and resizing",
        "Max, average and global pooling, upsampling, padding, cropping. No weights.",
        "#356d92",
        ("layers.pooling", "layers.pooling_adaptive", "layers.resizing"),
    ),
    Family(
        "Linear and embedding",
        "Fully connected layers, and vectors for tokens.",
        "#4f5a97",
        ("layers.dense",),
    ),
    Family(
        "Activations",
        "Element-wise non-linearities, softmax and gated units.",
        "#6b6f35",
        ("layers.activation", "layers.activations_bounded"),
    ),
    Family(
        "Normalisation and dropout",
        "Batch, layer, group and instance normalisation; dropout and stochastic depth.",
        "#3b6f7a",
        ("layers.normalisation", "layers.dropout"),
    ),
    Family(
        "Recurrence",
        "LSTM, GRU and plain recurrent layers, and their cells.",
        "#6b5191",
        ("layers.recurrence",),
    ),
    Family(
        "Attention",
        "Multi-head, dot-product and additive attention; Transformer layers.",
        "#834b84",
        ("layers.attention", "layers.transformer"),
    ),
    Family(
        "Positions and masks",
        "Positional encodings, class tokens, and masks for padded sequences.",
        "#6d5a72",
        ("layers.positions",),
    ),
    Family(
        "Graph networks",
        "Graph neural networks: convolution, attention and message passing on graphs; readouts.",
        "#2f6a86",
        ("graph_networks.graph_layers", "graph_networks.graph_messages"),
    ),
    Family(
        "Shape",
        "Reshaping, permuting, slicing, splitting and stacking tensors.",
        "#5d5a80",
        ("operations.shape", "operations.slicing"),
    ),
    Family(
        "Arithmetic",
        "Skip connections, concatenation, element-wise arithmetic, reductions and gates.",
        "#566274",
        (
            "operations.arithmetic",
            "operations.reductions",
            "operations.gating",
            "operations.constants",
        ),
    ),
    Family(
        "Gradients and state",
        "Detached, reversed and straight-through gradients; a replay pool.",
        "#5f6650",
        ("operations.gradients", "operations.replay_pool"),
    ),
    Family(
        "Blocks",
        "Graphs used inside others, once, several times or in a row; your own nn.Modules.",
        "#2f6f6b",
        ("blocks.blocks", "blocks.custom"),
    ),
    Family(
        "Loops over blocks",
        "Blocks run over time, over an axis, over tasks, or on their own outputs.",
        "#3a7561",
        (
            "blocks.scan_map_adapt",
            "blocks.generation",
            "blocks.generation_pixels",
            "blocks.receptive_fields",
        ),
    ),
    Family(
        "Few-shot learning",
        "Episodes of few labelled examples, and what prototypical and matching networks need.",
        "#7a5546",
        ("data.episodes",),
    ),
    Family(
        "Distributions",
        "Noise, sampling, likelihoods, quantisation and normalising flows.",
        "#4d6f4f",
        (
            "probability.distributions",
            "probability.categorical",
            "probability.likelihoods",
            "probability.flows",
        ),
    ),
    Family(
        "Losses",
        "Scalars for an optimizer to minimise.",
        "#98543f",
        (
            "losses.classification_losses",
            "losses.regression_losses",
            "losses.divergences",
            "losses.adversarial_losses",
            "losses.contrastive_losses",
            "losses.sequence_losses",
            "losses.loss_weighting",
        ),
    ),
    Family(
        "Metrics",
        "Measures of quality that are logged and minimised by nothing.",
        "#8a6a34",
        ("metrics.metrics", "metrics.regression_metrics"),
    ),
    Family(
        "Probes",
        "What the monitor shows: images, curves, histograms, audio, text.",
        "#2f7383",
        ("metrics.probes",),
    ),
    Family(
        "Optimizers",
        "Each minimises a loss over weights, with its learning-rate schedule.",
        "#93475c",
        ("optimizers.optimizers", "optimizers.lbfgs_muon"),
    ),
)
"""In the palette's order, which is that of building a network; so are the files of each."""
ELSEWHERE = Family("Other", "Node types from outside the library.", "#4a505c")

_BY_MODULE = {f"nodes.{file}": family for family in FAMILIES for file in family.files}
_PLACES = {module: place for place, module in enumerate(_BY_MODULE)}


def family_of(known: type[NodeType]) -> Family:
    """The family in which a node type lies."""
    return _BY_MODULE.get(known.__module__, ELSEWHERE)


def place_of(known: type[NodeType]) -> int:
    """The place of its file in the palette; node types of a file lie as they stand in it."""
    return _PLACES.get(known.__module__, len(_PLACES))
