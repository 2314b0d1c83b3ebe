"""Searching the palette: what is typed gives first what a user of PyTorch means."""

import time

import pytest

import nodes.library  # noqa: F401  registers the node types
from graphs.nodetypes.node_type import node_types
from nodes.families import FAMILIES, family_of
from nodes.search import by_family, found_in, make_table, ranked

FIRST = {
    "relu": "ReLU",
    "conv": "Conv2d",
    "batch norm": "BatchNorm2d",
    "softmax": "Softmax",
    "lstm": "LSTM",
    "adam": "Adam",
    "bce": "BinaryCrossEntropy",
    "binary cross entropy": "BinaryCrossEntropy",
    "image folder": "ImageFolder",
    "csv": "Table",
    "residual": "Add",
    "skip": "Add",
    "attention": "MultiheadAttention",
    "mse": "MeanSquaredError",
    "l1": "MeanAbsoluteError",
    "dropout": "Dropout",
    "upsample": "Upsample",
    "reshape": "Reshape",
    "view": "Reshape",
    "squeeze": "Squeeze",
    "learning rate": "AdamW",
    "scheduler": "AdamW",
    "noise": "Noise",
    "embedding": "Embedding",
    "positional encoding": "SinusoidalPositions",
    "accuracy": "Accuracy",
    "f1": "F1",
    "gan": "HingeAdversarial",
    "vae": "Reparameterise",
    "mnist": "TorchvisionImages",
    # layers
    "linear": "Linear",
    "fully connected": "Linear",
    "fc": "Linear",
    "dense": "Linear",
    "mlp": "Linear",
    "perceptron": "Linear",
    "logits": "Linear",
    "conv 2d": "Conv2d",
    "conv-2d": "Conv2d",
    "Conv2D": "Conv2d",
    "convolution": "Conv2d",
    "cnn": "Conv2d",
    "conv1d": "Conv1d",
    "depthwise": "Conv2d",
    "dilated": "Conv2d",
    "causal": "CausalConv1d",
    "causal conv": "CausalConv1d",
    "wavenet": "CausalConv1d",
    "transposed": "ConvTranspose2d",
    "transposed convolution": "ConvTranspose2d",
    "deconv": "ConvTranspose2d",
    "deconvolution": "ConvTranspose2d",
    "pixelcnn": "MaskedConv2d",
    "gru": "GRU",
    "rnn": "RNN",
    "lstm cell": "LSTMCell",
    "recurrent": "LSTM",
    "bidirectional": "LSTM",
    "transformer": "TransformerEncoderLayer",
    "encoder": "TransformerEncoderLayer",
    "decoder": "TransformerDecoderLayer",
    "self attention": "MultiheadAttention",
    "cross-attention": "MultiheadAttention",
    "sdpa": "DotProductAttention",
    "bahdanau": "AdditiveAttention",
    "rope": "RotaryPositions",
    "cls": "ClassToken",
    "mask": "PaddingMask",
    "key_padding_mask": "PaddingMask",
    "lengths": "LengthMask",
    "embeddings": "Embedding",
    "word vectors": "Embedding",
    "weight tying": "TokenScores",
    "batchnorm": "BatchNorm2d",
    "batchnorm2d": "BatchNorm2d",
    "BatchNorm1d": "BatchNorm1d",
    "bn": "BatchNorm2d",
    "layer norm": "LayerNorm",
    "layernorm": "LayerNorm",
    "layer normalization": "LayerNorm",
    "group norm": "GroupNorm",
    "instance norm": "InstanceNorm2d",
    "drop path": "StochasticDepth",
    "max pool": "MaxPool2d",
    "max pooling": "MaxPool2d",
    "pooling": "MaxPool2d",
    "average pooling": "AvgPool2d",
    "global average pooling": "GlobalAvgPool2d",
    "adaptive": "AdaptiveAvgPool2d",
    "padding": "Pad2d",
    "zero padding": "Pad2d",
    "pixel shuffle": "PixelShuffle",
    "interpolate": "Upsample",
    "resize": "Upsample",
    "crop": "CenterCrop",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "gelu": "GELU",
    "relu6": "ReLU6",
    "leaky relu": "LeakyReLU",
    "swish": "SiLU",
    "activation": "ReLU",
    "gcn": "GCNConv",
    "gat": "GATConv",
    "graph attention": "GATConv",
    "gnn": "GCNConv",
    "edge": "EdgeGather",
    "edge features": "NNConv",
    "message passing": "NNConv",
    "scatter": "EdgeScatter",
    "graph pooling": "Readout",
    # operations
    "flatten": "Flatten",
    "concat": "Concat",
    "torch.cat": "Concat",
    "skip connection": "Add",
    "shortcut": "Add",
    "plus": "Add",
    "transpose": "Permute",
    "swap axes": "Permute",
    "unsqueeze": "Unsqueeze",
    "broadcast": "Expand",
    "one hot": "OneHot",
    "one-hot": "OneHot",
    "argmax": "TopK",
    "topk": "TopK",
    "matrix multiplication": "MatMul",
    "matmul": "MatMul",
    "detach": "Detach",
    "stop gradient": "Detach",
    "no_grad": "Detach",
    "clip": "Clamp",
    "gradient reversal": "GradientReversal",
    "straight through": "StraightThrough",
    "gumbel": "StraightThrough",
    "chunk": "Split",
    "last step": "Select",
    "indexing": "Select",
    "mean": "Mean",
    "sum": "Sum",
    "sqrt": "Arithmetic",
    "zeros": "Constant",
    "squeeze and excitation": "SqueezeExcite",
    "replay buffer": "ReplayPool",
    # blocks and tasks
    "ema": "Block",
    "weight sharing": "Block",
    "pretrained": "Block",
    "freeze": "Block",
    "sequential": "Repeat",
    "nn.Module": "Block",
    "custom": "Custom",
    "maml": "Adapt",
    "vmap": "Map",
    "autoregressive": "Generate",
    "few-shot": "Episodes",
    # distributions
    "sample": "CategoricalSample",
    "normal": "NormalNoise",
    "gaussian": "NormalNoise",
    "latent": "Noise",
    "mixture": "LogisticMixtureLikelihood",
    "mixture density network": "LogisticMixtureLikelihood",
    "flow": "AffineFlow",
    "normalizing flow": "AffineFlow",
    "reparameterization": "Reparameterise",
    "mu-law": "MuLawEncode",
    "entropy": "CategoricalEntropy",
    "uniform": "UniformNoise",
    # losses and metrics
    "cross entropy": "CrossEntropy",
    "nn.CrossEntropyLoss": "CrossEntropy",
    "label smoothing": "CrossEntropy",
    "nll": "NegativeLogLikelihood",
    "segmentation": "PixelCrossEntropy",
    "huber": "Huber",
    "smooth l1": "SmoothL1",
    "l2": "MeanSquaredError",
    "kl divergence": "KLDivergence",
    "kl": "KLToNormal",
    "elbo": "KLToNormal",
    "triplet": "Triplet",
    "contrastive": "InfoNCE",
    "simclr": "NTXent",
    "distillation": "Distillation",
    "wgan": "WassersteinAdversarial",
    "gradient penalty": "GradientPenalty",
    "ctc": "CTC",
    "cosine similarity": "CosineDistance",
    "loss weight": "WeightedSum",
    "confusion matrix": "ConfusionMatrix",
    "auc": "AUROC",
    "perplexity": "Perplexity",
    "bits per dim": "BitsPerDimension",
    "top 5": "TopKAccuracy",
    "histogram": "Histogram",
    "scatter plot": "ScatterPlot",
    "tsne": "ScatterPlot",
    # optimizers
    "ema of weights": "Block",
    "sgd": "SGD",
    "momentum": "SGD",
    "adamw": "AdamW",
    "rmsprop": "RMSprop",
    "lbfgs": "LBFGS",
    "weight decay": "AdamW",
    "clip gradients": "AdamW",
    "lr": "AdamW",
    "optimizer": "AdamW",
    "spectral norm": "Conv2d",
    "weight norm": "Conv2d",
    # data
    "wav": "AudioFolder",
    "audio": "AudioFolder",
    "text": "TextFile",
    "tokenizer": "TextFile",
    "numpy": "NumpyArrays",
    "npz": "NpzArrays",
    "parquet": "ParquetTable",
    "pandas": "Table",
    "hugging face": "HuggingFaceImages",
    "huggingface": "HuggingFaceImages",
    "torchvision": "TorchvisionImages",
    "cifar10": "TorchvisionImages",
    "digits": "Digits",
    "iris": "Iris",
    "mp2": "MaxPool2d",
    "omniglot": "Glyphs",
    "augmentation": "RandomShift",
    "rotate": "RandomRotation",
    "flip": "RandomFlip",
    "mixup": "MixUp",
    "normalize": "Standardise",
    "spectrogram": "Spectrogram",
    "stft": "Spectrogram",
}
"""What is typed, and what must come first."""


@pytest.mark.parametrize(("query", "first"), FIRST.items())
def test_what_is_meant_comes_first(query: str, first: str) -> None:
    found = ranked(node_types(), query)
    assert [known.type_name() for known in found[:1]] == [first]


def test_nonsense_finds_nothing_and_nothing_finds_all() -> None:
    assert ranked(node_types(), "qqqq") == []
    assert len(ranked(node_types(), "")) == len(ranked(node_types(), " ")) == len(node_types())
    assert found_in(node_types()["Digits"], "trains in seconds") == "help"


def test_every_type_is_found_by_its_name() -> None:
    for name, known in node_types().items():
        for query in (name, name.lower(), f"nn.{name}"):
            assert found_in(known, query) == "name", query


def test_every_keyword_finds_its_type() -> None:
    for known in node_types().values():
        for keyword in known.keywords:
            assert found_in(known, keyword) in ("name", "keyword"), keyword


def test_case_hyphens_and_plurals_do_not_matter() -> None:
    wanted = ranked(node_types(), "batch norm")
    for query in ("BatchNorm", "batch-norm", "BATCH NORM", " batch  norm ", "batch norms"):
        assert ranked(node_types(), query)[:3] == wanted[:3]


def test_a_better_place_comes_first_and_equal_ones_lie_as_in_the_palette() -> None:
    conv = ["Conv2d", "Conv1d", "Conv3d", "ConvTranspose2d"]
    assert [known.type_name() for known in ranked(node_types(), "conv")[:4]] == conv
    assert found_in(node_types()["Conv2d"], "conv") == "keyword"
    assert found_in(node_types()["Conv1d"], "conv") == "start of the name"
    assert found_in(node_types()["MaxPool2d"], "mp2") == "letters of the name"


def test_the_palette_has_every_type_once_in_the_order_of_families() -> None:
    families = by_family(node_types())
    assert list(families) == [family.name for family in FAMILIES]
    assert (FAMILIES[0].name, FAMILIES[-1].name) == ("Data", "Optimizers")
    shown = [known for types in families.values() for known in types]
    assert len(shown) == len(set(shown)) == len(node_types())
    assert shown == ranked(node_types(), "")
    assert {family_of(known) for known in shown} == set(FAMILIES)


def test_searching_is_quick_enough_for_each_key() -> None:
    make_table(node_types().values())
    start = time.process_time()
    for query in ("c", "co", "con", "conv", "conv 2", "zzzz", "cross entropy of sequences"):
        ranked(node_types(), query)
    assert time.process_time() - start < 7 * 0.05
