"""What leaves a node, from what arrives and its parameters: one meta run, remembered by content."""

from __future__ import annotations

import functools
import hashlib
import inspect
import json
import math
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
from pydantic import JsonValue, ValidationError

from graphs.document import End, Node
from graphs.expressions import Apply, Call, Evaluation, Expression, walk
from graphs.kinds import Meta, Tensor, in_words, is_symbolic
from graphs.node_type import Data, Misfit, NodeType, Optimizer, Port, node_types, output_paths

Arrivals = tuple[tuple[str, tuple[Meta, ...]], ...]
"""What arrives: for each connected input port its name and the metas of its wires, in order."""


class Facts(NamedTuple):
    """What is known of a node: what leaves it by port, how many weights it has, or what is wrong
    with it.
    """

    outputs: tuple[tuple[str, Meta], ...] = ()
    weights: int = 0
    problem: str | None = None
    port: str | None = None
    use: Mapping[str, JsonValue] = MappingProxyType({})


class Cache:
    """Facts by content: a node's type, version and parameters, and what arrives. Kept in a file, if
    there is one.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.misses = 0
        self._facts: dict[tuple[str, Arrivals], Facts] = {}
        self._stored = 0
        if path is not None:
            self._load(path)

    def facts(self, node: Node, type_: NodeType, arrivals: Arrivals) -> Facts:
        """The facts of a node, computed when they are new."""
        key = (node.content, arrivals)
        if key not in self._facts:
            self.misses += 1
            self._facts[key] = infer(type_, arrivals)
        return self._facts[key]

    def save(self) -> None:
        """Append what is new to the file. Raises OSError."""
        if self.path is None:
            return
        new = list(self._facts.items())[self._stored :]
        if new:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.writelines(_line(key, facts) for key, facts in new)
            self._stored = len(self._facts)

    def _load(self, path: Path) -> None:
        if not path.exists():
            return
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                (content, arrivals), (outputs, weights, problem, port, use) = json.loads(line)
                key = (
                    content,
                    tuple((name, tuple(_meta(m) for m in metas)) for name, metas in arrivals),
                )
                known = tuple((name, _meta(meta)) for name, meta in outputs)
                self._facts[key] = Facts(known, int(weights), problem, port, dict(use))
            except (ValueError, TypeError):
                continue  # a line that was cut when its writer was killed; it is computed again
        self._stored = len(self._facts)


def _line(key: tuple[str, Arrivals], facts: Facts) -> str:
    return json.dumps([key, facts._replace(use=dict(facts.use))]) + "\n"


def cache_name() -> str:
    """A file name that changes when torch or any node type does, since facts then may."""
    digest = hashlib.sha256(torch.__version__.encode())
    modules = {__name__, *(type_.__module__ for type_ in node_types().values())}
    for module in sorted(modules):
        digest.update(inspect.getsource(sys.modules[module]).encode())
    return f"shapes-{digest.hexdigest()[:16]}.jsonl"


@functools.lru_cache(maxsize=100_000)
def _validated(type_: type[NodeType], content: str) -> NodeType | tuple[tuple[str, str], ...]:
    _, version, parameters = json.loads(content)
    if version < type_.version:
        parameters = type_.migrate(version, parameters)
    try:
        return type_.model_validate(parameters)
    except ValidationError as error:
        return tuple(_sentence(entry) for entry in error.errors())


def validated(node: Node) -> NodeType | tuple[tuple[str, str], ...]:
    """The node's type with its parameters, or (parameter, what is wrong) for each bad one."""
    return _validated(node_types()[node.type], node.content)


def _sentence(entry: Any) -> tuple[str, str]:
    parameter = str(entry["loc"][0]) if entry["loc"] else ""
    if entry["type"] == "extra_forbidden":
        return parameter, f"{parameter} is not a parameter of this node: remove it"
    message = entry["msg"][0].lower() + entry["msg"][1:]
    return parameter, f"{parameter}: {message}, got {entry['input']!r}"


def infer(type_: NodeType, arrivals: Arrivals) -> Facts:
    """Run a node on the meta device."""
    try:
        if isinstance(type_, Data):
            return Facts(tuple(type_.fields().items()))
        described = described_with(type_, arrivals)
        if isinstance(type_, Optimizer):
            return Facts()
        run = Evaluation(meta_tensor)
        values = {name: run.value(expression) for name, expression in described.items()}
        _refuse_symbolic(described)
    except Misfit as misfit:
        return Facts(problem=str(misfit), use=misfit.use)
    except PortMisfit as misfit:
        return Facts(problem=str(misfit), port=misfit.port)
    except Exception as error:  # whatever torch refuses is the node's problem, never ours
        return Facts(problem=f"torch refuses it: {_first_sentence(str(error))}")
    outputs = tuple(
        (name, Meta(tuple(v.shape), str(v.dtype).removeprefix("torch.")))
        for name, v in values.items()
    )
    return Facts(
        outputs, sum(math.prod(w.shape) for module in run.modules for w in module.parameters())
    )


class PortMisfit(ValueError):
    """What arrives at a port is not of its kind."""

    def __init__(self, port: str, text: str) -> None:
        super().__init__(text)
        self.port = port


def described_with(
    type_: NodeType,
    arrivals: Arrivals,
    leaf: Callable[[Port, int, Meta], Tensor] | None = None,
) -> dict[str, Expression]:
    """What `build` describes, by output port, with a leaf of the port's kind for each wire."""
    arrived = dict(arrivals)
    make = leaf or (lambda port, number, meta: port.takes(End(port.name, str(number)), meta))
    args: list[Any] = []
    leaves: list[Tensor] = []
    for port in type_.inputs():
        metas = arrived.get(port.name, ())
        for meta in metas:
            _require_kind(port, meta)
        found = [make(port, number, meta) for number, meta in enumerate(metas)]
        leaves.extend(found)
        args.extend(found if port.many or found else [None])
    if isinstance(type_, Optimizer) and len(args) == 1:
        args.append(type_.inputs()[-1].takes(End("", "owned"), Meta(())))
    return outputs_of(type_, type_.build(*args), leaves)


def outputs_of(type_: NodeType, built: Any, leaves: list[Tensor]) -> dict[str, Expression]:
    """What `build` returned, by output port. A module that was not applied is applied to all that
    arrives.
    """
    if isinstance(built, Call) and built.is_module:
        built = Apply(built, tuple(leaves), {})
    if isinstance(type_, (Optimizer, Data)):
        return {"": built}
    if isinstance(built, tuple):
        return dict(zip(type_.output_names(), built, strict=True))
    described: dict[str, Expression] = {}
    for name, path in output_paths(type_.outputs):
        described[name] = functools.reduce(lambda value, index: value[index], path, built)
    return described


def meta_tensor(leaf: Expression) -> Any:
    """The meta tensor that stands for a leaf."""
    if not isinstance(leaf, Tensor):
        raise TypeError(f"{type(leaf).__name__} has no value before training")
    return torch.empty(leaf.meta.shape, dtype=getattr(torch, leaf.meta.dtype), device="meta")


def _require_kind(port: Port, meta: Meta) -> None:
    if not port.takes.accepts(meta):
        odd = f" of {meta.dtype}" if meta.floating == port.takes.integer else ""
        raise PortMisfit(port.name, f"{port.name} needs {port.takes.needs()}, got {meta.text}{odd}")


def _refuse_symbolic(described: Mapping[str, Expression]) -> None:
    """A layer whose size depends on the batch cannot be made before the batch is there."""
    for expression in walk(list(described.values())):
        if isinstance(expression, Call) and expression.is_module:
            sizes = [
                v for v in (*expression.args, *expression.kwargs.values()) if isinstance(v, int)
            ]
            if any(is_symbolic(size) for size in sizes):
                raise Misfit(
                    "its weights would depend on the batch size: keep the batch on the first axis"
                )


def _first_sentence(text: str) -> str:
    return in_words(" ".join(text.split("\n")[0].split()))[:300]


def _meta(entry: Any) -> Meta:
    shape, dtype = entry
    return Meta(tuple(int(size) for size in shape), str(dtype))
