"""Whether a block may run step by step, so that what it remembers need not be computed again.

The block is checked for a shorter and a longer sequence: the axis that grew is time, on every wire.
Then each node's type says how it treats the steps (`graphs/nodetypes/time_dependence.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from torch import nn

from graphs.check.block_uses import BlockReference, Library, port_nodes, result_ends
from graphs.check.results import CheckedGraph
from graphs.check.shape_inference import BlockMisfit, described_with
from graphs.document.document import End
from graphs.document.parameter_expressions import Number
from graphs.nodetypes.expressions import Evaluation
from graphs.nodetypes.node_type import BlockInterface, Misfit
from graphs.nodetypes.tensor_kinds import Meta
from graphs.nodetypes.time_dependence import Arriving, Treatment


class Hindered(Exception):
    """A node that must see all steps at once; the text says which."""


@dataclass(frozen=True)
class Grown:
    """A value for a shorter and for a longer sequence. `last`: what it holds is of the last step.

    It stands for a tensor where a block is read to find out how it treats time.
    """

    short: Meta
    long: Meta
    last: bool = False

    @property
    def time(self) -> int | None:
        """The axis that grew. Raises Hindered where it is not one that grew by the new steps."""
        sizes = zip(self.short.shape, self.long.shape, strict=True)
        grown = [axis for axis, (short, long) in enumerate(sizes) if short != long]
        if len(grown) > 1:
            raise Hindered(f"something compares each step with each, {self.short.text}")
        return grown[0] if grown else None

    @property
    def steps(self) -> int:
        """How many steps there are in the shorter sequence; 0 where time is no axis."""
        return 0 if self.time is None else self.short.shape[self.time]

    def __add__(self, other: Grown) -> Grown:
        """A sum, as a Repeat makes of what leaves its copies."""
        return Grown(self.short, self.long, self.last or other.last)


def hindrance(
    block: BlockReference,
    given: Iterable[Meta],
    longer: Iterable[Meta],
    arguments: Mapping[str, Number],
) -> str:
    """What keeps a block from running step by step, as the first of `given` grows to that of
    `longer`; nothing where it can.
    """
    values = list(map(Grown, given, longer))
    try:
        one = values[0].short._replace(
            shape=(values[0].short.shape[0], 1, *values[0].short.shape[2:])
        )
        block.results([one, *(v.short for v in values[1:])], arguments)
        results = _SteppedBlock(block.library, block.name, arguments)(*values)
        result = results[0] if isinstance(results, tuple) else results
        return "" if result.last or result.time is not None else "what it gives does not grow"
    except Hindered as hindered:
        return f"{block.name}: {hindered}"
    except (BlockMisfit, Misfit):
        return f"{block.name} does not take one step alone"


class _SteppedBlock(nn.Module):
    """Stands for a block, and is applied to Grown values in the place of tensors."""

    def __init__(self, library: Library, name: str, arguments: Mapping[str, Number]) -> None:
        super().__init__()
        self.library = library
        self.name = name
        self.arguments = arguments

    def forward(self, *given: Grown) -> Any:
        """What leaves the block. Raises Hindered at the first node that must see all steps."""
        short, long = (
            self.library.checked(self.library.use(self.name, metas, self.arguments))
            for metas in (tuple(v.short for v in given), tuple(v.long for v in given))
        )
        found = _Walk(short, long).results(given)
        return found[0] if len(found) == 1 else tuple(found)


@dataclass
class _Inside:
    """The blocks that a node holds, as those that Grown values run through."""

    library: Library

    @property
    def interfaces(self) -> Mapping[str, BlockInterface]:
        return self.library.interfaces

    def reference(self, name: str) -> Callable[..., nn.Module]:
        def stepped(**arguments: Number) -> nn.Module:
            return _SteppedBlock(self.library, name, arguments)

        stepped.is_module = True  # type: ignore[attr-defined]  # as a BlockReference says it
        stepped.interface = self.interfaces[name]  # type: ignore[attr-defined]
        return stepped


Arrived = list[tuple[str, Grown]]
"""What arrives at a node: the port and the value of each wire."""


@dataclass
class _Walk:
    """One walk through a block that was checked for two lengths."""

    short: CheckedGraph
    long: CheckedGraph

    def results(self, given: tuple[Grown, ...]) -> list[Grown]:
        """What leaves the block's outputs."""
        short = self.short
        ports = port_nodes(short.graph, "input").values()
        entering = [End(id, short.outputs(id)[0].name) for id in ports]
        found = dict(zip(entering, given, strict=True))
        needed = short.wiring.upstream(end.node for end in result_ends(short))
        for id in short.wiring.order:
            if id in needed and id not in ports:
                arriving = [(w.target.port, found[w.source]) for w in short.graph.into(id)]
                found.update(self._leaving(id, arriving))
        return [found[end] for end in result_ends(short)]

    def _leaving(self, id: str, arriving: Arrived) -> dict[End, Grown]:
        treatment = self._treatment(id, arriving)
        if treatment == "inside":
            return self._inside(id, arriving)
        ends = [End(id, port.name) for port in self.short.outputs(id)]
        leaving = {end: Grown(self.short.metas[end], self.long.metas[end]) for end in ends}
        steps = {value.steps for _, value in arriving if value.steps}
        for end, value in leaving.items():
            if (value.steps and {value.steps} != steps) or (
                steps and not value.steps and treatment == "alone"
            ):
                raise Hindered(f"{id} changes the number of steps")
            last = bool(steps) or any(part.last for _, part in arriving)
            leaving[end] = replace(value, last=last and not value.steps)
        return leaving

    def _treatment(self, id: str, arriving: Arrived) -> Treatment:
        """How a node treats its steps. Raises Hindered where it must see all of them at once."""
        type_ = self.short.types[id]
        treatment = type_.over_time(
            tuple(Arriving(port, len(v.short.shape), v.time) for port, v in arriving)
        )
        timed = any(value.steps for _, value in arriving)
        if timed and any(value.last for _, value in arriving):
            raise Hindered(f"{id} gives every step what is known at the last alone")
        if treatment == "looks" and timed:
            raise Hindered(f"{id} looks at other steps and cannot remember them")
        if treatment == "remembers" and not timed:
            raise Hindered(f"{id} would remember what is no step")
        if treatment != "inside" and type_.block_fields():
            raise Hindered(f"{id} cannot remember what its block did")
        return treatment

    def _inside(self, id: str, arriving: Arrived) -> dict[End, Grown]:
        """What leaves a node that holds blocks: its description, applied to Grown values."""
        values: dict[str, list[Grown]] = {}
        for port, value in arriving:
            values.setdefault(port, []).append(value)
        arrivals = tuple((port, tuple(v.short for v in part)) for port, part in values.items())
        type_, blocks = self.short.types[id], _Inside(self.short.library)
        described = described_with(type_, arrivals, blocks=blocks)
        run = Evaluation(lambda leaf: values[leaf.end.node][int(leaf.end.port)])  # type: ignore[attr-defined]
        try:
            return {End(id, port): run.value(value) for port, value in described.items()}
        except Hindered as hindered:
            raise Hindered(f"{hindered}, in {id}") from None
