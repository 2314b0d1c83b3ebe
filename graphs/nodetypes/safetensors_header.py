"""Files of weights, of which no more than names, shapes and dtypes is read: a file may be a
stranger's.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from safetensors import SafetensorError, safe_open

from graphs.nodetypes.tensor_kinds import Meta

LARGEST_HEADER = 16 << 20
"""Bytes of the longest header that is read; a network of 100,000 weights needs ten million."""
_LENGTH = 8
"""Bytes before the header that say how long it is."""

_DTYPES = {
    "BOOL": "bool",
    **{
        f"{letter}{bits}": f"{kind}{bits}"
        for letter, kind in (("I", "int"), ("U", "uint"), ("F", "float"))
        for bits in (8, 16, 32, 64)
        if (letter, bits) != ("F", 8)
    },
    "BF16": "bfloat16",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2",
}
"""What torch calls the dtypes of such files."""


class Start(NamedTuple):
    """A safetensors file that weights start from, and what stands before their names in it."""

    file: str
    part: str = ""


class WeightsError(ValueError):
    """A file that holds no weights; its text is one sentence without an end."""


def metas_in(path: Path) -> dict[str, Meta]:
    """Shape and dtype of every tensor in a safetensors file. Raises WeightsError."""
    try:
        _require_header(path)
        with safe_open(path, framework="numpy") as file:
            slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118
            return {
                name: _meta(part.get_shape(), part.get_dtype()) for name, part in slices.items()
            }
    except OSError as error:
        raise WeightsError(f"{path.name} cannot be read: {error.strerror or error}") from error
    except SafetensorError as error:
        raise WeightsError(f"{path.name} is damaged, or no safetensors file: {error}") from error


def _require_header(path: Path) -> None:
    """Refuse what no header of weights can be, before anything reads it whole."""
    if not path.is_file():
        raise WeightsError(f"{path.name} is no file")
    with path.open("rb") as file:
        length = int.from_bytes(file.read(_LENGTH), "little")
    if _LENGTH + length > path.stat().st_size:
        raise WeightsError(f"{path.name} is no safetensors file, or was cut off")
    if length > LARGEST_HEADER:
        raise WeightsError(f"{path.name} has a header longer than {LARGEST_HEADER >> 20} MiB")


def _meta(shape: list[int], dtype: str) -> Meta:
    return Meta(tuple(shape), _DTYPES.get(dtype, dtype.lower()))
