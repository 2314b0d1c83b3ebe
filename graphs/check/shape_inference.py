"""What leaves a node, from what arrives and its parameters: one meta run, remembered by content."""

from __future__ import annotations

import functools
import hashlib
import inspect
import json
import sys
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import torch
from pydantic import JsonValue, ValidationError
from torch import nn

from graphs.document.document import End, Node
from graphs.document.parameter_expressions import (
    ArithmeticProblem,
    NamedFloat,
    NamedInt,
    Number,
    evaluate,
    is_expression,
    named,
)
from graphs.document.problems import Problem
from graphs.document.validation_faults import Fault, faults
from graphs.nodetypes.expressions import Apply, Call, Evaluation, Expression, walk
from graphs.nodetypes.node_type import (
    Data,
    Interface,
    Misfit,
    NodeType,
    Optimizer,
    Port,
    node_types,
)
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


K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """A mapping that keeps what was put into it or asked for last."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._values: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        """The value of a key; None where it is not known, or not any more."""
        if key in self._values:
            self._values.move_to_end(key)
        return self._values.get(key)

    def put(self, key: K, value: V) -> None:
        """Keep a value, perhaps in the place of the one that was not asked for longest."""
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self.size:
            self._values.popitem(last=False)


REMEMBERED_USES = 4096
"""How many uses of blocks, and nodes that hold blocks, are remembered."""


class Cache:
    """Facts by content: a node's type, version and parameters, and what arrives. Kept in a file, if
    there is one.

    `blocks` and `held` are of uses of blocks and of nodes that hold blocks (`block_uses.Library`),
    for as long as the process lives.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.misses = 0
        self.blocks: Recent[Hashable, Any] = Recent(REMEMBERED_USES)
        self.held: Recent[Hashable, Any] = Recent(REMEMBERED_USES)
        self._facts: dict[tuple[str, Arrivals], Facts] = {}
        self._stored = 0
        if path is not None:
            self._load(path)

    def facts(self, content: str, type_: NodeType, arrivals: Arrivals) -> Facts:
        """The facts of a node, computed when they are new."""
        key = (content, arrivals)
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
                self._facts[key] = Facts(known, _shapes(weights), problem, port, dict(use))
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


Scope = Mapping[str, Number]
"""The named values that the expressions of a graph's nodes may read."""
Wrong = tuple[tuple[str, str], ...]
"""Bad parameters: for each its name and what is wrong with it."""


@functools.lru_cache(maxsize=100_000)
def _validated(type_: type[NodeType], content: str) -> NodeType | Wrong:
    _, version, parameters = json.loads(content)
    if version < type_.version:
        parameters = type_.migrate(version, parameters)
    try:
        return type_.model_validate(parameters)
    except ValidationError as error:
        return tuple(map(_sentence, faults(error)))


def validated(node: Node, scope: Scope = MappingProxyType({})) -> NodeType | Wrong:
    """The node's type with its parameters, or (parameter, what is wrong) for each bad one.

    Expressions are computed with the values of the scope; their numbers remember them.
    """
    type_ = node_types()[node.type]
    if not holds_expressions(node):
        return _validated(type_, node.content)
    problems: list[tuple[str, str]] = []
    parameters: dict[str, JsonValue] = {}
    named_values: dict[str, Any] = {}
    for name, value in node.parameters.items():
        try:
            named_values[name] = _computed(value, scope)
            parameters[name] = _plain(named_values[name])
        except ArithmeticProblem as problem:
            problems.append((name, f"{name}: {problem}"))
    if problems:
        return tuple(problems)
    made = _validated(type_, json.dumps([node.type, node.version, parameters], sort_keys=True))
    if not isinstance(made, NodeType):
        return made
    update = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in named_values.items()
        if value != node.parameters[name]
    }
    return made.model_copy(update=update)


def resolved_content(type_: NodeType) -> str:
    """What decides a node's behaviour once its expressions are computed, as text."""
    return json.dumps([type_.type_name(), type_.version, dict(type_)])


def spelled_content(type_: NodeType) -> str:
    """The same, with how its numbers were written: what decides how it is printed, too."""
    return json.dumps([type_.type_name(), type_.version, _spelled(dict(type_))])


def _spelled(value: Any) -> Any:
    """A value with the expressions that its numbers came from."""
    if isinstance(value, NamedInt | NamedFloat):
        return [value, value.text]
    if isinstance(value, dict):
        return {name: _spelled(part) for name, part in value.items()}
    return list(map(_spelled, value)) if isinstance(value, list | tuple) else value


def holds_expressions(node: Node) -> bool:
    """Whether a parameter of a node is an expression."""
    return any(map(_holds_expression, node.parameters.values()))


def _holds_expression(value: JsonValue) -> bool:
    if isinstance(value, dict | list):
        return any(map(_holds_expression, value.values() if isinstance(value, dict) else value))
    return is_expression(value)


def _computed(value: JsonValue, scope: Scope) -> Any:
    if isinstance(value, dict):
        return {name: _computed(part, scope) for name, part in value.items()}
    if isinstance(value, list):
        return [_computed(part, scope) for part in value]
    if isinstance(value, str) and is_expression(value):
        return named(evaluate(value[1:], scope), value[1:])
    return value


def _plain(value: Any) -> JsonValue:
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, NamedInt):
        return int(value)
    return float(value) if isinstance(value, NamedFloat) else value


def _sentence(fault: Fault) -> tuple[str, str]:
    parameter = fault.place[0] if fault.place else ""
    if fault.is_unknown:
        return parameter, f"{parameter} is not a parameter of this node: remove it"
    return parameter, f"{parameter}: {fault.message}, got {fault.got!r}"


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
    def interfaces(self) -> Mapping[str, Interface]:
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


def _shapes(entry: Any) -> Shapes:
    return tuple(tuple(int(size) for size in shape) for shape in entry)


def _meta(entry: Any) -> Meta:
    shape, dtype = entry
    return Meta(tuple(int(size) for size in shape), str(dtype))
