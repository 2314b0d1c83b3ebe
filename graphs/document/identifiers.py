"""Identifiers: Python names made from what people type, and names that are given once each. Imports
no torch, so a check may ask as well as a printer.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""What a node's id, a block's name and a parameter's name are made of."""

WORDS = frozenset((*keyword.kwlist, *dir(builtins)))
"""Python's own words, which no name in printed code may be."""

TORCH = ("torch", "nn", "F", "Tensor", "spectral_norm", "weight_norm")
"""What printed code calls torch and its parts."""

FLAGS = ("device", "epochs", "seed", "save", "data", "probes", "batch_size", "help")
"""Options of every exported file's command line."""

REFUSED = WORDS | {*TORCH, *FLAGS, "self", "i"}
"""What no parameter may be called: a reader would take it for something else. `i` is the number of
a copy in a Repeat. Whatever else collides in printed code gets another name there.
"""


def identifier(text: str, fallback: str = "node") -> str:
    """A snake_case Python identifier made from a label: `Conv 1 (stem)` becomes `conv_1_stem`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", text)
    name = "_".join(part.lower() for part in re.findall(r"[A-Za-z0-9]+", spaced))
    return name if name and not name[0].isdigit() else f"{fallback}_{name}".rstrip("_")


def class_name(text: str) -> str:
    """A class's name: `residual_block` and `residualBlock` become `ResidualBlock`."""
    name = "".join(part[:1].upper() + part[1:] for part in text.split("_"))
    return name if name and not name[0].isdigit() else f"Block{name}"


class Names:
    """Names of one scope: each is given once, and none is a word of Python's or a name of a scope
    around it.
    """

    def __init__(self, taken: Iterable[str] = (), outer: Names | None = None) -> None:
        self._first = frozenset((*WORDS, "_", *taken))
        self._given: set[str] = set()
        self._inside: set[str] = set()
        self._outer = outer

    def has(self, name: str) -> bool:
        """Whether the name is given or may not be."""
        return name in self._inside or self._holds(name)

    def _holds(self, name: str) -> bool:
        own = name in self._first or name in self._given
        return own or (self._outer is not None and self._outer._holds(name))

    def reserve(self, names: Iterable[str]) -> None:
        """Keep names from being given."""
        self._given.update(names)

    def unique(self, wanted: str, mark: str = "_") -> str:
        """The name wanted, or it with a number after a mark: `conv`, then `conv_2`."""
        name, number = wanted, 1
        while self.has(name):
            number += 1
            name = f"{wanted}{mark}{number}"
        self._given.add(name)
        outer = self._outer
        while outer is not None:
            outer._inside.add(name)
            outer = outer._outer
        return name

    def inner(self, taken: Iterable[str] = ()) -> Names:
        """Names of a scope inside this one. Neither hides a name of the other."""
        return Names(taken, self)

    def beside(self, taken: Iterable[str] = ()) -> Names:
        """Names of another scope of the same sort, in which nothing is given yet."""
        return Names((*self._first, *taken), self._outer)
