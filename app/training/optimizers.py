"""Optimizers as tensors and JSON, and back: nothing is unpickled, all is checked first."""

from __future__ import annotations

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


def pack(optimizer: torch.optim.Optimizer) -> tuple[OptimizerRecord, dict[str, Tensor]]:
    """The optimizer's record, and its tensors on the CPU as `weight.name`."""
    state: dict[str, Any] = optimizer.state_dict()
    tensors: dict[str, Tensor] = {}
    values: dict[int, dict[str, JsonValue]] = {}
    for index, entries in state["state"].items():
        for name, value in entries.items():
            if isinstance(value, Tensor):
                tensors[f"{index}.{name}"] = value.detach().to("cpu", copy=True).contiguous()
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
    state: dict[int, dict[str, Any]] = {i: dict(values) for i, values in record.values.items()}
    for key, tensor in tensors.items():
        index, _, name = key.partition(".")
        if not index.isdecimal() or int(index) >= len(weights):
            raise ValueError(f"it has no weight {index}")
        if tensor.numel() != 1 and tensor.shape != weights[int(index)].shape:
            needed, got = tuple(weights[int(index)].shape), tuple(tensor.shape)
            raise ValueError(f"{name} of its weight {index} needs {needed}, got {got}")
        state.setdefault(int(index), {})[name] = tensor
    if any(index >= len(weights) for index in state):
        raise ValueError("it has fewer weights")
    return state
