"""Judges of graph networks, each beside the same network blind to edges."""

from collections.abc import Mapping

from pydantic import JsonValue

from app.examples_check.judging import Measure, judges
from app.examples_check.trained import Trained, changed
from graphs.document.document import Node
from graphs.document.edits import AddNode, Connect, Edit, RemoveNodes

LAYERS = ("GCNConv", "GATConv", "GINConv")


def blind(example: Trained) -> Trained:
    """The same network with a Linear layer in place of each that looks at edges."""
    edits: list[Edit] = []
    for name, graph in example.document.graphs.items():
        for id, node in graph.nodes.items():
            if node.type in LAYERS:
                size = {"out_features": width_of(node.parameters)}
                linear = Node(type="Linear", parameters=size, position=node.position)
                (source,) = graph.into(id, "x")
                kept = [source, *graph.out_of(id, "output")]
                edits += [
                    RemoveNodes(graph=name, ids=(id,)),
                    AddNode(graph=name, id=id, node=linear),
                    *(Connect(graph=name, wire=wire) for wire in kept),
                ]
    return changed(example, *edits)


def width_of(parameters: Mapping[str, JsonValue]) -> str:
    """How many features leave a layer, those of its heads side by side: an expression."""
    heads = parameters.get("heads", 1) if parameters.get("concat", True) else 1
    each, count = (str(value).removeprefix("=") for value in (parameters["out_features"], heads))
    return f"=({each}) * ({count})"


def unlabelled(example: Trained) -> float:
    """The accuracy on all nodes whose label is not known: those of validation and test."""
    parts = [example.data["validation"], example.data["test"]]
    found = [example.module.measure(example.program, part)["accuracy"] for part in parts]
    return sum(len(part) * value for part, value in zip(parts, found, strict=True)) / sum(
        map(len, parts)
    )


@judges("gcn_karate")
def gcn_karate(example: Trained) -> list[Measure]:
    """One known member of each side, 32 to tell."""
    known = unlabelled(example)
    alone = unlabelled(blind(example))
    return [Measure("accuracy", known, 0.87, baseline=alone, baseline_is="blind to edges")]


@judges("gat_digits")
def gat_digits(example: Trained) -> list[Measure]:
    """Two known labels of each digit, 1,777 digits to tell."""
    known, alone = unlabelled(example), unlabelled(blind(example))
    return [
        Measure("accuracy", known, 0.8, baseline=alone, baseline_is="blind to edges"),
        Measure("accuracy above blind to edges", known - alone, 0.025, over="mean"),
    ]


@judges("gin_classes")
def gin_classes(example: Trained) -> list[Measure]:
    """What grew against what was laid at random."""
    alone = blind(example).test()["accuracy"]
    value = example.test()["accuracy"]
    return [Measure("accuracy", value, 0.9, baseline=alone, baseline_is="blind to edges")]


@judges("mpnn")
def mpnn(example: Trained) -> list[Measure]:
    """Energies in deviations of the training molecules; the mean is what one says knowing none."""
    targets = example.data["test"].told["target"]
    simple = targets.abs().mean().item()
    value = example.test()["error"]
    return [Measure("error", value, 0.28, "below", baseline=simple, baseline_is="always the mean")]
