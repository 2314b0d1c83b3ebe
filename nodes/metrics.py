"""Metrics: numbers to watch, which move nothing."""

from graphs.expressions import Call, call
from graphs.kinds import Labels, Meta, Vector
from graphs.node_type import Example, Metric
from nodes.modules.measures import accuracy


class Accuracy(Metric):
    """The share of samples whose largest prediction is the right class, from 0 to 1."""

    examples = (
        Example({}, [(2, 10), Meta((2,), "int64")], [()]),
        Example({}, [(2, 10), (2,)], problem="label needs (N,) of whole numbers"),
    )

    def build(self, prediction: Vector, label: Labels) -> Call:
        return call(accuracy, prediction, label)
