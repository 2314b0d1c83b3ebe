"""Windows that slide along the axes of a signal, an image or a volume: what convolutions and
pooling have in common.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar

from torch.nn.utils.parametrizations import spectral_norm, weight_norm

from graphs.nodetypes.expressions import Call, call
from graphs.nodetypes.tensor_kinds import Image, Signal, Volume

Sizes = int | tuple[int, ...]
"""One number for all axes, or one for each."""
Grid = Signal | Image | Volume
"""What has channels, and then axes along which a window can slide."""
Parametrization = Literal["none", "weight_norm", "spectral_norm"]

_Given = TypeVar("_Given", bound=Sizes | None)


def parametrized(layer: Call, how: Parametrization) -> Call:
    """A layer whose weight is normalised each time it is used: `weight_norm(nn.Linear(8, 4))`."""
    wrappers: dict[str, Callable[..., Any]] = {
        "weight_norm": weight_norm,
        "spectral_norm": spectral_norm,
    }
    return layer if how == "none" else call(wrappers[how], layer)


def fitting(value: _Given, count: int, place: str = "axis") -> _Given:
    """Sizes that are one number, or one for each place. Raises ValueError."""
    if isinstance(value, tuple) and len(value) != count:
        several = f", or {count} of them, one for each {place}" if count > 1 else ""
        raise ValueError(f"needs one number{several}")
    return value


def each(value: Sizes, axes: int) -> tuple[int, ...]:
    """A number for each axis."""
    return value if isinstance(value, tuple) else (value,) * axes


def shortest(values: Sequence[int]) -> Sizes:
    """One number where all are equal, else one for each axis."""
    return values[0] if len(set(values)) == 1 else tuple(values)


def in_words(value: Sizes) -> str:
    """Sizes as people say them: `3`, `1 x 7`."""
    return " x ".join(map(str, value)) if isinstance(value, tuple) else str(value)
