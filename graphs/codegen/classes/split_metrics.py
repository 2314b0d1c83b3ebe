"""Metrics that are no means over batches, such as the area under a curve: something is kept of each
batch, and over a split all that was kept is finished together.

`build` of such a metric describes `finish(kept(…))`. A batch gives what is kept, a tensor whose
parts can be laid end to end; the exported file names what finishes it in `OVER_SPLIT`.
"""

from __future__ import annotations

from dataclasses import replace

from graphs.codegen.expressions.expression_printer import ExpressionPrinter
from graphs.codegen.expressions.imports import Imports
from graphs.codegen.expressions.printing import Described
from graphs.document.document import End
from graphs.nodetypes.expressions import Call, Expression
from graphs.nodetypes.node_type import Metric
from graphs.nodetypes.tensor_kinds import Meta, Tensor


def is_over_split(node: Described) -> bool:
    """Whether a node is a metric of a whole split."""
    return isinstance(node.type, Metric) and node.type.over_split


def kept(node: Described) -> Described:
    """Such a metric as a batch computes it: what is kept."""
    outputs: dict[str, Expression] = {port: _finish(node).args[0] for port in node.outputs}
    return replace(node, outputs=outputs)


def finishing(node: Described) -> Call:
    """What is made of all that was kept."""
    call = _finish(node)
    return Call(call.target, (Tensor(End("", "kept"), Meta(())),), call.kwargs)


def over_split_text(finished: dict[str, Call], imports: Imports) -> str:
    """The table of an exported file that names what finishes each metric."""
    imports.lines.add("from collections.abc import Callable")
    printer = ExpressionPrinter(imports, {End("", "kept"): "kept"})
    lines = [f'    "{label}": {_function(call, printer)},' for label, call in finished.items()]
    return "\n".join(
        [
            "OVER_SPLIT: dict[str, Callable[[Tensor], Tensor]] = {",
            *lines,
            "}",
            '"""Metrics of a whole split: what is made of all that was kept of its batches."""',
        ]
    )


def _function(call: Call, printer: ExpressionPrinter) -> str:
    text = printer.text(call)
    name = printer.imports.name(call.target)
    return name if text == f"{name}(kept)" else f"lambda kept: {text}"


def _finish(node: Described) -> Call:
    (value,) = node.outputs.values()
    assert isinstance(value, Call) and len(value.args) == 1, f"{node.id} is not finish(kept)"
    return value
