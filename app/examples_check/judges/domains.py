"""Judges of networks that go from one domain to another."""

from app.examples_check.judging import Measure, judges
from app.examples_check.trained import Trained, changed
from graphs.document.edits import SetParameters


@judges("dann")
def dann(example: Trained) -> list[Measure]:
    """Digits of the domain that has no labels, with and without the domain's gradient reversed."""
    off = [
        SetParameters(graph="main", id=id, parameters={**node.parameters, "strength": 1e-9})
        for id, node in example.document.main.nodes.items()
        if node.type == "GradientReversal"
    ]
    plain = changed(example, *off)
    found, alone = (each.test()["faded_accuracy"] for each in (example, plain))
    return [
        Measure("accuracy on faded digits", found, 0.82, baseline=alone, baseline_is="source only"),
        Measure("accuracy above source only", found - alone, 0.3),
    ]
