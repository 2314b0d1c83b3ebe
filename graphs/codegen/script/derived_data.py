"""Data that other data is made from: in `load`, its samples are taken before there are batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphs.codegen.classes.compilation import Context
from graphs.codegen.expressions.expression_printer import ExpressionPrinter
from graphs.codegen.expressions.own_names import SCRIPT, local_names
from graphs.codegen.expressions.printing import Described
from graphs.document.document import End
from graphs.document.identifiers import identifier
from graphs.nodetypes.node_type import Data
from graphs.runtime.training import indexed_split, loop


class Loaders:
    """The calls that load data nodes; what other data reads stands in variables, set in `lines`."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.lines: list[str] = []
        self.calls: dict[str, str] = {}
        """The call for each data node, or the variable in which its samples are."""
        self.copied: list[Callable[..., Any]] = []
        """Functions that the lines use."""
        self._values: dict[End, str] = {}
        self._names = context.names.inner((*local_names(SCRIPT), *context.argument_names))
        printer = ExpressionPrinter(context.imports, self._values, keep_defaults=True)
        for node in context.described(context.program.loaded):
            self.calls[node.id] = printer.text(node.outputs[""])
            if fields := self._fields(node.id):
                self._take(node, fields)

    def of_batches(self) -> dict[str, str]:
        """The calls of those nodes of which batches are made."""
        return {id: self.calls[id] for id in self.context.program.data}

    def _fields(self, id: str) -> list[str]:
        """What other data nodes read of a node."""
        wires = self.context.graph.graph.out_of(id)
        loaded = self.context.program.loaded
        return list(dict.fromkeys(w.source.port for w in wires if w.target.node in loaded))

    def _take(self, node: Described, fields: list[str]) -> None:
        """Keep the splits of a node in a variable, and the fields of all its samples in others."""
        variable = self._names.unique(identifier(node.title))
        self.lines.append(f"{variable} = {self.calls[node.id]}")
        self.calls[node.id] = variable
        names = {field: self._names.unique(identifier(field)) for field in fields}
        self._values.update({End(node.id, field): name for field, name in names.items()})
        source = variable
        if isinstance(node.type, Data) and node.type.hands_out:
            source = f"all_samples({variable})"
            self.copied.append(indexed_split.all_samples)
        self.copied.append(loop.samples_of)
        asked = ", ".join(f'"{field}"' for field in fields)
        left = ", ".join(names.values()) if len(names) > 1 else f"({names[fields[0]]},)"
        self.lines.append(f"{left} = samples_of({source}, {asked})")
