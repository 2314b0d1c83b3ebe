"""The parameters of a node: expressions computed, values validated, contents to remember it by."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic import JsonValue, ValidationError

from graphs.document.document import Node
from graphs.document.parameter_expressions import (
    ArithmeticProblem,
    NamedFloat,
    NamedInt,
    Number,
    evaluate,
    is_expression,
    named,
)
from graphs.document.validation_faults import Fault, faults
from graphs.nodetypes.node_type import NodeType, node_types

ParameterValues = Mapping[str, Number]
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


def validated(node: Node, scope: ParameterValues = MappingProxyType({})) -> NodeType | Wrong:
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


def _computed(value: JsonValue, scope: ParameterValues) -> Any:
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
