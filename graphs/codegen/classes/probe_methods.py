"""Prints what probes show: methods of a program beside its step, which never run inside one."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable
from typing import Protocol

from graphs.codegen.classes.block_classes import indented
from graphs.codegen.classes.compilation import Context, NetworkClass
from graphs.codegen.expressions.lowering import lower_nodes
from graphs.codegen.expressions.printing import Scope
from graphs.document.document import End


class Surroundings(Protocol):
    """The class of a program, as far as its probes need it."""

    context: Context
    network: NetworkClass | None
    labels: dict[str, str]
    scope: Scope
    fields: dict[End, str]

    def reads(self, fields: Iterable[End]) -> list[str]:
        """Lines that take fields out of a batch."""

    def call_network(self, network: NetworkClass, scope: Scope, wanted: set[End]) -> list[str]:
        """The lines that compute what is wanted of the network."""


class ProbeMethods:
    """The methods `probe` and `tally`. Each computes what its probes need and no more."""

    def __init__(self, around: Surroundings, labels: dict[str, str]) -> None:
        self.around = around
        self.context = around.context
        self.network = around.network
        self.labels = labels

    def text(self) -> list[str]:
        """The source of both, each only where there are probes for it."""
        program, lines = self.context.program, []
        if program.probes:
            about = "What the probes show of one batch."
            lines += ["", *self._method("probe", about, program.probes)]
        if program.tallies:
            about = "Counts of one batch, which add up over many."
            lines += ["", *self._method("tally", about, program.tallies)]
        return lines

    def _method(self, name: str, about: str, ids: tuple[str, ...]) -> list[str]:
        computed = self._computed(ids)
        entering = set(self.context.entering(computed))
        scope, lines = self._opened(entering)
        nodes = self.context.described(computed)
        parts = [End(node.id, part) for node in nodes if node.id in ids for part in node.outputs]
        lower_nodes(scope, nodes, self.context.shapes, parts)
        shown = (f'"{self.labels[end.node]}.{end.port}": {scope.text(end)}' for end in parts)
        return [
            f"def {name}(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:",
            f'    """{about}"""',
            *indented([*lines, *scope.lines]),
            f"    return {{{', '.join(shown)}}}",
        ]

    def _computed(self, ids: Iterable[str]) -> tuple[str, ...]:
        """The nodes that are computed for some probes, beside those of the network."""
        wiring, program = self.context.graph.wiring, self.context.program
        elsewhere = {*program.data, *(program.network if self.network else ())}
        needed = wiring.upstream(ids) - elsewhere
        return tuple(id for id in wiring.order if id in needed)

    def _opened(self, entering: set[End]) -> tuple[Scope, list[str]]:
        """A scope that knows these values, and the lines that compute them."""
        around, network = self.around, self.network
        wanted = entering & set(network.outputs) if network else set()
        read = entering | set(network.inputs) if network and wanted else entering
        fields = {end: name for end, name in around.fields.items() if end in read}
        scope = around.scope.sibling(fields)
        lines = around.reads(fields)
        if network:
            inside = network.scope.modules.items()
            known = {key: [f"network.{name}" for name in names] for key, names in inside}
            scope.modules = ChainMap(around.scope.modules, known)
        if network and wanted:
            lines += around.call_network(network, scope, wanted)
        return scope, lines
