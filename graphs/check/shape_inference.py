"""What leaves a node, from what arrives and its parameters: one meta run, remembered by content."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import torch
from pydantic import JsonValue
from torch import nn

from graphs.document.document import End
from graphs.document.problems import Problem
from graphs.nodetypes.expressions import Apply, Call, Evaluation, Expression, walk
from graphs.nodetypes.node_type import BlockInterface, Data, Misfit, NodeType, Optimizer, Port
from graphs.nodetypes.outputs import Outputs, output_paths
from graphs.nodetypes.probe_type import Probe
from graphs.nodetypes.tensor_kinds import Meta, Tensor, in_words, is_symbolic

Arrivals = tuple[tuple[str, tuple[Meta, ...]], ...]
"""What arrives: for each connected input port its name and the metas of its wires, in order."""


Shapes = tuple[tuple[int, ...], ...]
"""The shapes of a node's weights, in order."""


class Facts(NamedTuple):
    """What is known of a node: what leaves it by port, how many weights it has, or what is wrong
    with it.
    """

    outputs: tuple[tuple[str, Meta], ...] = ()
    weights: Shapes = ()
    problem: str | None = None
    port: str | None = None
    use: Mapping[str, JsonValue] = MappingProxyType({})


def infer(
    type_: NodeType,
    arrivals: Arrivals,
    blocks: Blocks | None = None,
    note: Callable[[list[Expression], Evaluation], None] | None = None,
) -> Facts:
    """Run a node on the meta device. A type that holds blocks needs them; `note` sees the run."""
    try:
        if isinstance(type_, Data):
            return Facts(tuple(type_.fields_from(_given(type_, arrivals)).items()))
        described = described_with(type_, arrivals, blocks=blocks)
        if isinstance(type_, Optimizer):
            return Facts()
        run = Evaluation(meta_tensor)
        values = {name: run.value(expression) for name, expression in described.items()}
        _refuse_symbolic(described)
        if note is not None:
            note(list(described.values()), run)
    except Misfit as misfit:
        return Facts(problem=str(misfit), use=misfit.use)
    except PortMisfit as misfit:
        return Facts(problem=str(misfit), port=misfit.port)
    except BlockMisfit:
        raise
    except Exception as error:  # whatever torch refuses is the node's problem, never ours
        return Facts(problem=f"torch refuses it: {_first_sentence(str(error))}")
    outputs = tuple((name, meta_of(value)) for name, value in values.items())
    weights = (weight for module in run.applied for weight in module.parameters())
    return Facts(outputs, tuple(tuple(weight.shape) for weight in weights))


def _given(type_: Data, arrivals: Arrivals) -> dict[str, Meta]:
    """What other data nodes give a data node. Raises PortMisfit where it is of another kind."""
    kinds = {port.name: port for port in type_.ports({})}
    given = {name: meta for name, metas in arrivals for meta in metas}
    for name, meta in given.items():
        _require_kind(kinds[name], meta)
    return given


def meta_of(value: torch.Tensor) -> Meta:
    """What is known of a tensor."""
    return Meta(tuple(value.shape), str(value.dtype).removeprefix("torch."))


class BlockMisfit(Exception):
    """A block, or one inside it, has problems with what arrives: the former are its own."""

    def __init__(self, block: str, problems: tuple[Problem, ...], use: object) -> None:
        super().__init__(block)
        self.block = block
        self.problems = problems
        self.use = use


class Blocks(Protocol):
    """The blocks of a document, as nodes that hold them need them."""

    @property
    def interfaces(self) -> Mapping[str, BlockInterface]:
        """What each block shows."""

    def reference(self, name: str) -> Callable[..., nn.Module]:
        """What stands for a block in a description: calling it constructs a module."""


class PortMisfit(ValueError):
    """What arrives at a port is not of its kind."""

    def __init__(self, port: str, text: str) -> None:
        super().__init__(text)
        self.port = port


def described_with(
    type_: NodeType,
    arrivals: Arrivals,
    leaf: Callable[[Port, int, Meta], Tensor] | None = None,
    blocks: Blocks | None = None,
) -> dict[str, Expression]:
    """What `build` describes, by output port, with a leaf of the port's kind for each wire."""
    arrived = dict(arrivals)
    make = leaf or (lambda port, number, meta: port.takes(End(port.name, str(number)), meta))
    interfaces = blocks.interfaces if blocks else {}
    args: list[Any] = []
    leaves: list[Tensor] = []
    for port in type_.ports(interfaces):
        metas = arrived.get(port.name, ())
        for meta in metas:
            _require_kind(port, meta)
        found = [make(port, number, meta) for number, meta in enumerate(metas)]
        leaves.extend(found)
        args.extend(found if port.many or found else [None])
    if isinstance(type_, Optimizer) and len(args) == 1:
        args.append(type_.inputs()[-1].takes(End("", "owned"), Meta(())))
    held = {name: getattr(type_, name) for name in type_.block_fields()}
    references = {name: blocks.reference(block) for name, block in held.items()} if blocks else {}
    built = type_.build(*args, **references)
    return outputs_of(type_, type_.results(interfaces), built, leaves)


def outputs_of(
    type_: NodeType, outputs: Outputs, built: Any, leaves: list[Tensor]
) -> dict[str, Expression]:
    """What `build` returned, by output port. A module is applied to all that arrives."""
    if isinstance(built, Call) and built.is_module:
        built = Apply(built, tuple(leaves), {})
    if isinstance(type_, (Optimizer, Data)):
        return {"": built}
    if isinstance(type_, Probe):
        return dict(built)
    paths = output_paths(outputs)
    if isinstance(built, tuple):
        return {name: built[index] for index, (name, _) in enumerate(paths)}
    return {
        name: functools.reduce(lambda value, index: value[index], path, built)
        for name, path in paths
    }


def meta_tensor(leaf: Expression) -> Any:
    """The meta tensor that stands for a leaf."""
    if not isinstance(leaf, Tensor):
        raise TypeError(f"{type(leaf).__name__} has no value before training")
    return torch.empty(leaf.meta.shape, dtype=getattr(torch, leaf.meta.dtype), device="meta")


def _require_kind(port: Port, meta: Meta) -> None:
    if not port.takes.accepts(meta):
        odd = f" of {meta.dtype}" if meta.holds != port.takes.holds else ""
        raise PortMisfit(port.name, f"{port.name} needs {port.takes.needs()}, got {meta.text}{odd}")


def _refuse_symbolic(described: Mapping[str, Expression]) -> None:
    """A layer whose size depends on the batch cannot be made before the batch is there."""
    for expression in walk(list(described.values())):
        if isinstance(expression, Call) and expression.is_module:
            values = (*expression.args, *expression.kwargs.values())
            sizes = [part for v in values for part in (v if isinstance(v, tuple) else (v,))]
            if any(isinstance(size, int) and is_symbolic(size) for size in sizes):
                raise Misfit(
                    "its weights would depend on the batch size: keep the batch on the first axis"
                )


def _first_sentence(text: str) -> str:
    return in_words(" ".join(text.split("\n")[0].split()))[:300]
