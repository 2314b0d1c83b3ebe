"""Convolutional networks, drawn as their papers or torchvision have them."""

from graphs.document.document import Document
from tests.published.drawing import block, classifier, program, repeat, row, use


def lenet_5() -> Document:
    """LeCun et al. 1998, with every map of C3 reading all of S2, and poolings that learn nothing:
    the variant that today's textbooks have.
    """
    layers = row(
        "images.image",
        c1=("Conv2d", {"out_channels": 6, "kernel_size": 5, "padding": 2}),
        a1=("Tanh",),
        s2=("AvgPool2d",),
        c3=("Conv2d", {"out_channels": 16, "kernel_size": 5, "padding": 0}),
        a3=("Tanh",),
        s4=("AvgPool2d",),
        flatten=("Flatten",),
        f5=("Linear", {"out_features": 120}),
        a5=("Tanh",),
        f6=("Linear", {"out_features": 84}),
        a6=("Tanh",),
        scores=("Linear", {"out_features": 10}),
    )
    return classifier("lenet_5", 28, 1, layers)


def alexnet() -> Document:
    """torchvision's AlexNet: Krizhevsky 2014, "One weird trick" (arXiv 1404.5997)."""
    conv = block(
        "relu",
        row(
            "x",
            conv=(
                "Conv2d",
                {"out_channels": "=channels", "kernel_size": "=size", "stride": "=stride"},
            ),
            relu=("ReLU",),
        ),
        channels=64,
        size=3,
        stride=1,
    )
    pool = ("MaxPool2d", {"kernel_size": 3, "stride": 2})
    stem = {"out_channels": 64, "kernel_size": 11, "stride": 4, "padding": 2}
    layers = row(
        "images.image",
        stem=("Conv2d", stem),
        relu=("ReLU",),
        pool1=pool,
        conv2=use("Conv", channels=192, size=5),
        pool2=pool,
        conv3=use("Conv", channels=384),
        conv4=use("Conv", channels=256),
        conv5=use("Conv", channels=256),
        pool5=pool,
        pooled=("AdaptiveAvgPool2d", {"size": 6}),
        flatten=("Flatten",),
        drop6=("Dropout",),
        dense6=("Linear", {"out_features": 4096}),
        relu6=("ReLU",),
        drop7=("Dropout",),
        dense7=("Linear", {"out_features": 4096}),
        relu7=("ReLU",),
        scores=("Linear", {"out_features": 1000}),
    )
    return classifier("alexnet", 224, 3, layers, Conv=conv)


def vgg_16() -> Document:
    """Simonyan and Zisserman 2014, configuration D (arXiv 1409.1556)."""
    conv = block(
        "relu",
        row("x", conv=("Conv2d", {"out_channels": "=channels"}), relu=("ReLU",)),
        channels=64,
    )
    stages = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
    convolutions = {}
    for number, (channels, copies) in enumerate(stages, start=1):
        convolutions[f"stage{number}"] = repeat("Conv", copies, channels=channels)
        convolutions[f"pool{number}"] = ("MaxPool2d",)
    layers = row(
        "images.image",
        **convolutions,
        flatten=("Flatten",),
        dense6=("Linear", {"out_features": 4096}),
        relu6=("ReLU",),
        drop6=("Dropout",),
        dense7=("Linear", {"out_features": 4096}),
        relu7=("ReLU",),
        drop7=("Dropout",),
        scores=("Linear", {"out_features": 1000}),
    )
    return classifier("vgg_16", 224, 3, layers, Conv=conv)


STEM = {
    "stem": ("Conv2d", {"out_channels": 64, "kernel_size": 7, "stride": 2, "bias": False}),
    "norm": ("BatchNorm2d",),
    "relu": ("ReLU",),
    "pool": ("MaxPool2d", {"kernel_size": 3, "stride": 2, "padding": 1}),
}
"""How ResNets and DenseNets begin."""


def _conv(channels: str, kernel_size: int, stride: str | int = 1) -> tuple:
    options = {"out_channels": channels, "kernel_size": kernel_size, "stride": stride}
    return ("Conv2d", {**options, "bias": False})


def _residual(deep: bool, projected: bool) -> Document:
    """A residual block: two convolutions, or a bottleneck of three; with or without a projection on
    its shortcut.
    """
    stride = "=stride" if projected else 1
    if deep:
        path = {
            "narrow": _conv("=channels", 1),
            "norm1": ("BatchNorm2d",),
            "relu1": ("ReLU",),
            "conv": _conv("=channels", 3, stride),
            "norm2": ("BatchNorm2d",),
            "relu2": ("ReLU",),
            "wide": _conv("=channels * 4", 1),
            "norm3": ("BatchNorm2d",),
        }
    else:
        path = {
            "conv1": _conv("=channels", 3, stride),
            "norm1": ("BatchNorm2d",),
            "relu1": ("ReLU",),
            "conv2": _conv("=channels", 3),
            "norm2": ("BatchNorm2d",),
        }
    nodes = row("x", **path)
    shortcut = "x"
    if projected:
        wide = "=channels * 4" if deep else "=channels"
        nodes |= row("x", projection=_conv(wide, 1, stride), norm=("BatchNorm2d",))
        shortcut = "norm"
    nodes |= {
        "sum": ("Add", {"values": [list(path)[-1], shortcut]}),
        "relu": ("ReLU", {"x": "sum"}),
    }
    parameters = {"channels": 64, **({"stride": 1} if projected else {})}
    return block("relu", nodes, **parameters)


def resnet(title: str, copies: tuple[int, int, int, int], deep: bool) -> Document:
    """He et al. 2015 (arXiv 1512.03385), as torchvision has it: the 3x3 convolution strides."""
    stages = {}
    for stage, count in enumerate(copies):
        channels = 64 * 2**stage
        changes = deep or stage > 0
        if changes:
            stages[f"widen{stage + 1}"] = use(
                "Widening", channels=channels, stride=2 if stage else 1
            )
        stages[f"stage{stage + 1}"] = repeat("Residual", count - changes, channels=channels)
    layers = row(
        "images.image",
        **STEM,
        **stages,
        pooled=("GlobalAvgPool2d",),
        scores=("Linear", {"out_features": 1000}),
    )
    blocks = {"Residual": _residual(deep, False), "Widening": _residual(deep, True)}
    return classifier(title, 224, 3, layers, **blocks)


def resnet_18() -> Document:
    """Two residual blocks a stage."""
    return resnet("resnet_18", (2, 2, 2, 2), deep=False)


def resnet_50() -> Document:
    """Bottlenecks: 3, 4, 6 and 3."""
    return resnet("resnet_50", (3, 4, 6, 3), deep=True)


def densenet_121() -> Document:
    """Huang et al. 2016 (arXiv 1608.06993), growth 32, bottlenecks of 128, compression by half."""
    path = row(
        "x",
        norm1=("BatchNorm2d",),
        relu1=("ReLU",),
        narrow=_conv("=growth * 4", 1),
        norm2=("BatchNorm2d",),
        relu2=("ReLU",),
        conv=_conv("=growth", 3),
    )
    dense = block("all", {**path, "all": ("Concat", {"values": ["x", "conv"]})}, growth=32)
    transition = block(
        "pool",
        row(
            "x",
            norm=("BatchNorm2d",),
            relu=("ReLU",),
            conv=_conv("=channels", 1),
            pool=("AvgPool2d",),
        ),
        channels=128,
    )
    layers = row(
        "images.image",
        **STEM,
        dense1=repeat("DenseLayer", 6),
        transition1=use("Transition", channels=128),
        dense2=repeat("DenseLayer", 12),
        transition2=use("Transition", channels=256),
        dense3=repeat("DenseLayer", 24),
        transition3=use("Transition", channels=512),
        dense4=repeat("DenseLayer", 16),
        last_norm=("BatchNorm2d",),
        last_relu=("ReLU",),
        pooled=("GlobalAvgPool2d",),
        scores=("Linear", {"out_features": 1000}),
    )
    return classifier("densenet_121", 224, 3, layers, DenseLayer=dense, Transition=transition)


def u_net() -> Document:
    """Ronneberger et al. 2015 (arXiv 1505.04597): 572 pixels in, convolutions without padding, the
    middle of each earlier image joined on the way up, two maps of 388 pixels out.
    """
    conv = ("Conv2d", {"out_channels": "=channels", "padding": 0})
    double = block(
        "relu2", row("x", conv1=conv, relu1=("ReLU",), conv2=conv, relu2=("ReLU",)), channels=64
    )
    enlarge = {"out_channels": "=channels", "kernel_size": 2, "stride": 2, "padding": 0}
    up = drawn_up(enlarge)
    nodes = {"images": ("RandomImages", {}, {"channels": 1, "size": 572, "samples": 16})}
    source = "images.image"
    for level in range(5):
        nodes |= row(source, **{f"down{level}": use("Double", channels=64 * 2**level)})
        nodes |= row(f"down{level}.y", **{f"pool{level}": ("MaxPool2d",)}) if level < 4 else {}
        source = f"pool{level}"
    source = "down4.y"
    for level in (3, 2, 1, 0):
        parameters = {"block": "Up", "arguments": {"channels": 64 * 2**level}}
        nodes[f"up{level}"] = ("Block", {"x": source, "skip": f"down{level}.y"}, parameters)
        source = f"up{level}.y"
    nodes |= row(
        source,
        maps=("Conv2d", {"out_channels": 2, "kernel_size": 1}),
        loss=("BinaryCrossEntropy", {"target": 0.0}),
        optimizer=("SGD",),
    )
    return program("u_net", nodes, Double=double, Up=up)


def drawn_up(enlarge: dict) -> Document:
    """One step up: enlarge, join the middle of the image from the way down, two convolutions."""
    nodes = {
        "skip": ("Input", {}),
        **row("x", larger=("ConvTranspose2d", enlarge)),
        "middle": ("CenterCrop", {"x": "skip", "like": "larger"}),
        "both": ("Concat", {"values": ["middle", "larger"]}),
        **row("both", double=use("Double", channels="=channels")),
    }
    return block("double.y", nodes, channels=64)
