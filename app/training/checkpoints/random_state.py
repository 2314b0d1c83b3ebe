"""The states of all random generators that a training step may draw from, as tensors and JSON."""

from __future__ import annotations

import random
from typing import Any, NamedTuple

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


class RandomStates(NamedTuple):
    """A moment of all generators: `capture` takes it (20 µs), `restore` goes back to it."""

    python: tuple[Any, ...]
    numpy: dict[str, Any]
    tensors: dict[str, Tensor]

    @classmethod
    def capture(cls, device: torch.device) -> RandomStates:
        """The states now."""
        tensors = {"cpu": torch.get_rng_state()}
        if device.type != "cpu":
            tensors[device.type] = _device_state(device)
        numpy: Any = np.random.get_state(legacy=False)
        return cls(random.getstate(), numpy, tensors)

    @classmethod
    def from_plain(cls, plain: PlainStates, tensors: dict[str, Tensor]) -> RandomStates:
        """The states of a checkpoint. Raises OverflowError for words that are none."""
        version, words, gauss = plain.python
        numpy = {
            "bit_generator": "MT19937",
            "state": {
                "key": np.array(plain.numpy_words, dtype=np.uint32),
                "pos": plain.numpy_position,
            },
            "has_gauss": int(plain.numpy_gauss is not None),
            "gauss": plain.numpy_gauss or 0.0,
        }
        return cls((version, tuple(words), gauss), numpy, tensors)

    def plain(self) -> PlainStates:
        """What of the states is no tensor."""
        version, words, gauss = self.python
        return PlainStates(
            python=(version, list(words), gauss),
            numpy_words=self.numpy["state"]["key"].tolist(),
            numpy_position=int(self.numpy["state"]["pos"]),
            numpy_gauss=float(self.numpy["gauss"]) if self.numpy["has_gauss"] else None,
        )

    def restore(self, device: torch.device) -> None:
        """Go back to the moment. Raises ValueError, TypeError, RuntimeError for no state.

        A device of another kind than the one that was captured keeps its state.
        """
        random.setstate(self.python)
        np.random.set_state(self.numpy)
        torch.set_rng_state(self.tensors["cpu"])
        if device.type != "cpu" and device.type in self.tensors:
            _set_device_state(device, self.tensors[device.type])


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
