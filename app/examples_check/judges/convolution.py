"""Judges of convolutional networks."""

from app.examples_check.judging import Measure, judges
from app.examples_check.trained import Trained, changed
from graphs.document.document import End, Wire
from graphs.document.edits import Connect, RemoveNodes


@judges("resnet56")
def resnet56(example: Trained) -> list[Measure]:
    """As deep as it is it learns, and without its shortcuts it does not."""
    deep, plain = (found.test()["accuracy"] for found in (example, without_shortcuts(example)))
    return [
        Measure("accuracy", deep, 0.95, baseline=plain, baseline_is="without shortcuts"),
        Measure("accuracy above that without shortcuts", deep - plain, 0.25),
    ]


def without_shortcuts(example: Trained) -> Trained:
    """The same layers with nothing around them."""
    edits = []
    for graph, ids in {"Residual": ("sum",), "Widening": ("sum", "shortcut", "norm_3")}.items():
        wire = Wire(source=End("norm_2", "output"), target=End("relu", "x"))
        edits += [RemoveNodes(graph=graph, ids=ids), Connect(graph=graph, wire=wire)]
    return changed(example, *edits)
