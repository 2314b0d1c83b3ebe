"""The states of all random generators that a training step may draw from, as tensors and JSON."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

NUMPY_WORDS = 624


class PlainStates(BaseModel):
    """The generators of Python and NumPy. NumPy trusts a position, so it is checked here."""

    model_config = ConfigDict(frozen=True, strict=True)

    python: tuple[int, list[int], float | None]
    numpy_words: list[int] = Field(min_length=NUMPY_WORDS, max_length=NUMPY_WORDS)
    numpy_position: int = Field(ge=0, le=NUMPY_WORDS)
    numpy_gauss: float | None


class RandomStates:
    """A moment of all generators: `capture` takes it, `restore` goes back to it."""

    def __init__(self, plain: PlainStates, tensors: dict[str, Tensor]) -> None:
        self.plain = plain
        self.tensors = tensors

    @classmethod
    def capture(cls, device: torch.device) -> RandomStates:
        tensors = {"cpu": torch.get_rng_state()}
        if device.type != "cpu":
            tensors[device.type] = _device_state(device)
        return cls(_plain_states(), tensors)

    def restore(self, device: torch.device) -> None:
        """Go back to the moment. Raises ValueError, TypeError, RuntimeError for no state."""
        version, words, gauss = self.plain.python
        random.setstate((version, tuple(words), gauss))
        np.random.set_state(_numpy_state(self.plain))
        torch.set_rng_state(self.tensors["cpu"])
        if device.type != "cpu" and device.type in self.tensors:
            _set_device_state(device, self.tensors[device.type])


def _plain_states() -> PlainStates:
    version, words, gauss = random.getstate()
    state: Any = np.random.get_state(legacy=False)
    return PlainStates(
        python=(version, list(words), gauss),
        numpy_words=state["state"]["key"].tolist(),
        numpy_position=int(state["state"]["pos"]),
        numpy_gauss=float(state["gauss"]) if state["has_gauss"] else None,
    )


def _numpy_state(plain: PlainStates) -> dict[str, Any]:
    words = np.array(plain.numpy_words, dtype=np.uint32)
    return {
        "bit_generator": "MT19937",
        "state": {"key": words, "pos": plain.numpy_position},
        "has_gauss": int(plain.numpy_gauss is not None),
        "gauss": plain.numpy_gauss or 0.0,
    }


def _device_state(device: torch.device) -> Tensor:
    if device.type == "mps":
        return torch.mps.get_rng_state()
    state: Tensor = torch.get_device_module(device).get_rng_state(device)
    return state


def _set_device_state(device: torch.device, state: Tensor) -> None:
    if device.type == "mps":
        torch.mps.set_rng_state(state)
    else:
        torch.get_device_module(device).set_rng_state(state, device)
