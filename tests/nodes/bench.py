"""A bench for one node: real tensors through its description and through its printed class."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from graphs.codegen.expressions.imports import Imports
from graphs.codegen.expressions.lowering import lower_nodes
from graphs.codegen.expressions.printing import Described, Scope, describe
from graphs.document.document import End
from graphs.document.identifiers import Names
from graphs.load_module import load_source
from graphs.nodetypes.expressions import Evaluation, Expression
from graphs.nodetypes.node_type import Example, NodeType, node_types
from graphs.nodetypes.tensor_kinds import GraphSizes, Meta


def metas_of(shapes: list[tuple[int, ...] | Meta]) -> list[Meta]:
    """The metas of an example's row."""
    return [shape if isinstance(shape, Meta) else Meta(tuple(shape)) for shape in shapes]


def ends_of(type_: NodeType, metas: list[Meta]) -> dict[str, list[tuple[End, Meta]]]:
    """An example's inputs by port, each from an end of its own: `a0`, `a1`, …"""
    sources: dict[str, list[tuple[End, Meta]]] = {}
    waiting = [(End(f"a{number}", "output"), meta) for number, meta in enumerate(metas)]
    for port in type_.ports({}):
        taken = len(waiting) if port.many else min(1, len(waiting))
        sources[port.name], waiting = waiting[:taken], waiting[taken:]
    assert not waiting, "an example has more inputs than the node has ports"
    return sources


def inputs_for(metas: list[Meta], seed: int = 0) -> list[Tensor]:
    """Real tensors: numbers that want a gradient, labels of 0 to 2, or masks of sequences whose
    lengths differ.
    """
    generator = torch.Generator().manual_seed(seed)
    return [input_for(meta, generator) for meta in metas]


def input_for(meta: Meta, generator: torch.Generator) -> Tensor:
    """One such tensor."""
    if meta.floating:
        return torch.randn(meta.shape, generator=generator).requires_grad_()
    if meta.holds == "integers":
        return torch.randint(0, 3, meta.shape, generator=generator)
    lengths = torch.randint(1, meta.shape[1] + 1, (meta.shape[0], 1), generator=generator)
    return torch.arange(meta.shape[1]) < lengths


def example_inputs(example: Example, type_: NodeType) -> list[Tensor]:
    """Real tensors for an example; the sizes of graphs add up to the nodes that there are."""
    metas = metas_of(example.inputs)
    tensors = inputs_for(metas)
    ports = [port for port in type_.ports({}) for _ in ends_of(type_, metas)[port.name]]
    for number, port in enumerate(ports):
        if port.takes is GraphSizes:
            parts = torch.arange(len(tensors[0])).tensor_split(*metas[number].shape)
            tensors[number] = torch.tensor([len(part) for part in parts])
    return tensors


def described(example: Example, type_: NodeType) -> Described:
    """The node of an example, described."""
    return describe("node", "", type_, ends_of(type_, metas_of(example.inputs)))


def loaded(example: Example, type_: NodeType, folder: Path) -> dict[str, Any]:
    """What the loader of a data node gives; data made from other data gets 8 samples of each of 24
    classes.
    """
    label = torch.arange(192) % 24
    samples = [
        torch.randn(192, *meta.shape[1:])
        if meta.floating
        else torch.stack([label] * meta.shape[1], 1)
        if len(meta.shape) > 1
        else label
        for meta in metas_of(example.inputs)
    ]

    def known(leaf: Any) -> Any:
        return folder / leaf.name if hasattr(leaf, "name") else samples[int(leaf.end.node[1:])]

    value: dict[str, Any] = Evaluation(known, "cpu").value(described(example, type_).outputs[""])
    return value


def run_description(node: Described, tensors: list[Tensor]) -> list[Tensor]:
    """Compute a description on real tensors."""

    def known(leaf: Expression) -> Tensor:
        return tensors[int(leaf.end.node[1:])]  # type: ignore[attr-defined]

    evaluation = Evaluation(known, device="cpu")
    return [evaluation.value(value) for value in node.outputs.values()]


def printed_class(node: Described, count: int, metas: dict[End, Meta]) -> tuple[str, nn.Module]:
    """The class that is printed for a node, and one of it."""
    arguments = {End(f"a{number}", "output"): f"a{number}" for number in range(count)}
    scope = Scope(Imports(), dict(arguments), Names(arguments.values()))
    scope.imports.lines.add("from torch.nn import functional as F")
    results = [End("node", port) for port in node.outputs]
    lower_nodes(scope, [node], metas, results)
    made, computed = scope.kept()[0], scope.lines
    copied = [f"from {f.__module__} import {n}" for n, f in scope.imports.copied.items()]
    lines = [
        *sorted(scope.imports.lines),
        *copied,
        "class Printed(nn.Module):",
        "    def __init__(self):",
        "        super().__init__()",
        *(f"        {line}" for line in made),
        f"    def forward({', '.join(['self', *arguments.values()])}):",
        *(f"        {line}" for line in computed),
        f"        return [{', '.join(scope.text(end) for end in results)}]",
    ]
    source = "\n".join(lines)
    module = load_source(source, Path("printed.py"))
    return source, module.Printed()


def applied(type_name: str, parameters: dict[str, object], *shapes: tuple[int, ...]) -> nn.Module:
    """The module that a node describes for what arrives."""
    type_ = node_types()[type_name].model_validate(parameters)
    node = described(Example({}, list(shapes)), type_)
    (expression,) = node.outputs.values()
    evaluation = Evaluation(lambda leaf: torch.zeros(leaf.meta.shape), device="cpu")  # type: ignore[attr-defined]
    evaluation.value(expression)
    (module,) = evaluation.applied
    return module


def outcome(type_name: str, parameters: dict[str, object], *tensors: Tensor) -> list[Tensor]:
    """What leaves a node, computed from real tensors."""
    type_ = node_types()[type_name].model_validate(parameters)
    metas = [Meta(tuple(t.shape), str(t.dtype).removeprefix("torch.")) for t in tensors]
    return run_description(described(Example({}, list(metas)), type_), list(tensors))
