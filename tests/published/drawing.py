"""Drawing networks: layers in a row, blocks from `x` to `y`, and programs around a network."""

from graphs.document.document import Document
from graphs.nodetypes.node_type import node_types
from tests.graphs.drawing import drawn

Layer = tuple[str] | tuple[str, dict]
Nodes = dict[str, tuple]
HOLDERS = ("Block", "Repeat")


def row(source: str, **layers: Layer) -> Nodes:
    """Layers one after another, the first of them wired to `source`."""
    nodes: Nodes = {}
    for id, (type_, *parameters) in layers.items():
        port = "x" if type_ in HOLDERS else node_types()[type_].inputs()[0].name
        nodes[id] = (type_, {port: source}, *parameters)
        source = f"{id}.y" if type_ in HOLDERS else id
    return nodes


def use(block: str, **arguments: object) -> Layer:
    """A use of a block, with values of its parameters."""
    return ("Block", {"block": block, "arguments": arguments})


def repeat(block: str, copies: int, **arguments: object) -> Layer:
    """Copies of a block in a row."""
    return ("Repeat", {"block": block, "copies": copies, "arguments": arguments})


def block(last: str, nodes: Nodes, **parameters: float) -> Document:
    """A block from the input `x` to the output `y`, which `last` is wired to."""
    document = drawn(x=("Input", {}), **nodes, y=("Output", {"value": last}))
    return document.with_graph("main", document.main.model_copy(update={"parameters": parameters}))


def program(title: str, nodes: Nodes, **blocks: Document) -> Document:
    """A document: its main graph and its blocks."""
    main = drawn(title, **nodes)
    return main.replace(
        graphs={"main": main.main, **{name: drawing.main for name, drawing in blocks.items()}}
    )


def classifier(title: str, size: int, channels: int, layers: Nodes, **blocks: Document) -> Document:
    """Images, a network from `images.image` whose last node gives the classes, and its training."""
    last, classes = list(layers)[-1], list(layers.values())[-1][2]["out_features"]
    images = {"channels": channels, "size": size, "classes": classes, "samples": 64}
    nodes = {
        "images": ("RandomImages", {}, {**images, "batch_size": 8}),
        **layers,
        "loss": ("CrossEntropy", {"prediction": last, "label": "images.label"}),
        "optimizer": ("SGD", {"loss": "loss"}),
    }
    return program(title, nodes, **blocks)
