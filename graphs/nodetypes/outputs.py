"""The names of a node's outputs, nested as `build` returns them."""

from __future__ import annotations

Outputs = str | tuple["Outputs", ...]


def output_paths(outputs: Outputs) -> list[tuple[str, tuple[int, ...]]]:
    """Each output's name and where it lies in what `build` returns: `("last", (1, 0))`."""
    if isinstance(outputs, str):
        return [(outputs, ())]
    return [
        (name, (index, *path))
        for index, part in enumerate(outputs)
        for name, path in output_paths(part)
    ]
