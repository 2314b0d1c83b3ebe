"""Drawing documents in tests: nodes with what is wired into them."""

from typing import Any

from graphs.document.document import Document, End, Graph, Node, Wire
from graphs.nodetypes.node_type import node_types

Inputs = dict[str, str | list[str]]


def drawn(title: str = "drawn", **nodes: tuple[str, Inputs] | tuple[str, Inputs, dict]) -> Document:
    """A document: `conv=("Conv2d", {"x": "digits.image"}, {"out_channels": 8})`."""
    made: dict[str, Node] = {}
    wires: list[Wire] = []
    for id, (type_, inputs, *parameters) in nodes.items():
        version = node_types()[type_].version if type_ in node_types() else 1
        given = parameters[0] if parameters else {}
        made[id] = Node(type=type_, version=version, parameters=given)
        for port, sources in inputs.items():
            for source in [sources] if isinstance(sources, str) else sources:
                node, _, name = source.partition(".")
                end = End(node, name or node_types()[nodes[node][0]].output_names()[0])
                wires.append(Wire(source=end, target=End(id, port)))
    return Document(title=title, graphs={"main": Graph(nodes=made, wires=tuple(wires))})


def classifier(**changes: tuple) -> Document:
    """A small sound program on digits; nodes given by name are added or replaced."""
    nodes = {
        "digits": ("Digits", {}),
        "conv": ("Conv2d", {"x": "digits.image"}, {"out_channels": 4}),
        "relu": ("ReLU", {"x": "conv"}),
        "flatten": ("Flatten", {"x": "relu"}),
        "linear": ("Linear", {"x": "flatten"}, {"out_features": 10}),
        "loss": ("CrossEntropy", {"prediction": "linear", "label": "digits.label"}),
        "accuracy": ("Accuracy", {"prediction": "linear", "label": "digits.label"}),
        "adamw": ("AdamW", {"loss": "loss"}),
    }
    return drawn("classifier", **{**nodes, **changes})


def ready(module: Any, steps_per_epoch: int = 8, epochs: int = 3, **parameters: float) -> Any:
    """The program of an exported file with its optimizers, as the file's own loop makes it."""
    program = module.Program(**parameters)
    program.configure_optimizers(steps_per_epoch, epochs)
    return program
