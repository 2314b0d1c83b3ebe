"""Optimizers as tensors and JSON, and back: nothing is unpickled, all is checked first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict, JsonValue
from torch import Tensor, nn


class OptimizerRecord(BaseModel):
    """What of an optimizer is no tensor: the options of its groups, and plain values by weight."""

    model_config = ConfigDict(frozen=True)

    groups: list[dict[str, JsonValue]]
    values: dict[int, dict[str, JsonValue]] = {}


def optimizers_of(program: nn.Module) -> dict[str, torch.optim.Optimizer]:
    """The optimizers of a program, by name."""
    named = vars(program).items()
    return {name: value for name, value in named if isinstance(value, torch.optim.Optimizer)}


def stored_names(present: Iterable[str], stored: Iterable[str]) -> dict[str, str] | None:
    """The name in a checkpoint of each optimizer or schedule; None where there are others.

    Older versions named them otherwise: `judge`, not `judge_optimizer`. They go by their order,
    which is that of the document.
    """
    now, then = list(present), list(stored)
    if set(now) == set(then):
        return {name: name for name in now}
    return dict(zip(now, then, strict=True)) if len(now) == len(then) else None


def pack(optimizer: torch.optim.Optimizer) -> tuple[OptimizerRecord, dict[str, Tensor]]:
    """The optimizer's record, and its tensors on the CPU as `weight.name`."""
    state: dict[str, Any] = optimizer.state_dict()
    tensors: dict[str, Tensor] = {}
    values: dict[int, dict[str, JsonValue]] = {}
    for index, entries in state["state"].items():
        for name, value in entries.items():
            if isinstance(value, Tensor):
                tensors[f"{index}.{name}"] = _copy(value)
            elif isinstance(value, list):
                values.setdefault(index, {})[name] = [_number(part) for part in value]
                parts = enumerate(value)
                found = {i: _copy(part) for i, part in parts if isinstance(part, Tensor)}
                tensors |= {f"{index}.{name}.{place}": part for place, part in found.items()}
            else:
                values.setdefault(index, {})[name] = value
    groups = [_plain(_without_weights(group)) for group in state["param_groups"]]
    return OptimizerRecord(groups=groups, values=values), tensors


def unpack(
    optimizer: torch.optim.Optimizer, record: OptimizerRecord, tensors: dict[str, Tensor]
) -> None:
    """Give the optimizer a record's state. Raises ValueError when it is not this optimizer's."""
    present: dict[str, Any] = optimizer.state_dict()
    if len(record.groups) != len(present["param_groups"]):
        raise ValueError("it has other groups of weights")
    pairs = zip(present["param_groups"], record.groups, strict=True)
    groups = [_options(old, new) for old, new in pairs]
    state = _state(_weights(optimizer), record, tensors)
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def _copy(value: Tensor) -> Tensor:
    return value.detach().to("cpu", copy=True).contiguous()


def _number(part: Any) -> JsonValue:
    """A part of a list; where a tensor stands, nothing."""
    return None if isinstance(part, Tensor) else part


def _without_weights(group: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in group.items() if name != "params"}


def _plain(group: dict[str, Any]) -> dict[str, JsonValue]:
    return {name: list(v) if isinstance(v, tuple) else v for name, v in group.items()}


def _options(present: dict[str, Any], stored: dict[str, JsonValue]) -> dict[str, Any]:
    if set(stored) != set(_without_weights(present)):
        raise ValueError("it has other options")
    options = {name: _like(name, present[name], value) for name, value in stored.items()}
    return {**options, "params": present["params"]}


def _like(name: str, present: Any, stored: Any) -> Any:
    """The stored value, when it is of the kind that the optimizer has now. JSON has no tuples."""
    if isinstance(present, tuple) and isinstance(stored, list) and len(present) == len(stored):
        return tuple(_like(name, *pair) for pair in zip(present, stored, strict=True))
    number = (int, float)
    both_numbers = isinstance(present, number) and isinstance(stored, number)
    same = isinstance(present, bool) == isinstance(stored, bool) and both_numbers
    if same or type(present) is type(stored) or (present is None and isinstance(stored, bool)):
        return stored
    raise ValueError(f"its option {name} is {stored!r}")


def _weights(optimizer: torch.optim.Optimizer) -> list[Tensor]:
    return [weight for group in optimizer.param_groups for weight in group["params"]]


def _state(
    weights: list[Tensor], record: OptimizerRecord, tensors: dict[str, Tensor]
) -> dict[int, dict[str, Any]]:
    state: dict[int, dict[str, Any]] = {i: _copied(values) for i, values in record.values.items()}
    together = sum(weight.numel() for weight in weights)
    for key, tensor in tensors.items():
        index, _, rest = key.partition(".")
        name, _, place = rest.partition(".")
        if not index.isdecimal() or int(index) >= len(weights):
            raise ValueError(f"it has no weight {index}")
        needed, got = tuple(weights[int(index)].shape), tuple(tensor.shape)
        if tensor.numel() != 1 and got not in (needed, (together,)):  # LBFGS keeps all in a row
            raise ValueError(f"{name} of its weight {index} needs {needed}, got {got}")
        aligned = tensor.clone()  # where numbers lie in a file, a product of rows rounds otherwise
        if place:
            _put(state.get(int(index), {}).get(name), place, aligned)
        else:
            state.setdefault(int(index), {})[name] = aligned
    if any(index >= len(weights) for index in state):
        raise ValueError("it has fewer weights")
    return state


def _copied(values: dict[str, JsonValue]) -> dict[str, Any]:
    return {name: list(v) if isinstance(v, list) else v for name, v in values.items()}


def _put(values: Any, place: str, tensor: Tensor) -> None:
    """Put a tensor into its place of a list. Raises ValueError where there is none."""
    if not isinstance(values, list) or not place.isdecimal() or int(place) >= len(values):
        raise ValueError(f"it has no list with a place {place}")
    values[int(place)] = tensor
