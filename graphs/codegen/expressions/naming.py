"""Names in printed code, given once each; and what the code imports or copies."""

from __future__ import annotations

import builtins
import keyword
import operator
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations

from graphs.codegen.expressions.merge_uses import PrintedClass
from graphs.custom.module_stub import UserClass
from graphs.custom.python_files import PythonFile
from graphs.custom.source_extraction import UserCode

OPERATORS: dict[Any, str] = {
    operator.add: "+",
    operator.sub: "-",
    operator.mul: "*",
    operator.truediv: "/",
    operator.matmul: "@",
    operator.pow: "**",
}
"""Functions that are printed as signs."""


FLAGS = ("device", "epochs", "seed", "save", "data", "probes", "batch_size", "help", "i")
"""Flags and constants of an exported file, and the number of a copy."""


class Names:
    """Names of one scope: each is given once and shadows no keyword, builtin or import."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.reserved = tuple(taken)
        self._taken = {
            *keyword.kwlist,
            *dir(builtins),
            "torch",
            "nn",
            "F",
            "self",
            "Tensor",
            "spectral_norm",
            "weight_norm",
            *self.reserved,
        }

    def has(self, name: str) -> bool:
        """Whether the name is given or may not be."""
        return name in self._taken

    def reserve(self, names: Iterable[str]) -> None:
        """Keep names from being given."""
        self._taken.update(names)

    def unique(self, wanted: str, mark: str = "_") -> str:
        """The name wanted, or it with a number after a mark."""
        name, number = wanted, 1
        while name in self._taken:
            number += 1
            name = f"{wanted}{mark}{number}"
        self._taken.add(name)
        return name


def attribute_names(*taken: str) -> Names:
    """Names for the attributes of a module, none of which hides one of torch's."""
    return Names([*dir(nn.Module), "training", *taken])


class Imports:
    """What the printed code refers to: names of torch, and functions and modules whose source goes
    along.
    """

    def __init__(self) -> None:
        self.copied: dict[str, Callable[..., Any]] = {}
        self.lines: set[str] = {"import torch", "from torch import Tensor, nn"}
        self.user = UserCode()

    def name(self, target: Callable[..., Any]) -> str:
        """How printed code calls a class or function."""
        title = target.__name__
        if isinstance(target, UserClass):
            return self.user.title(target.file, title)
        if isinstance(target, PrintedClass):
            return title
        if target in OPERATORS or target is len:
            return title
        if getattr(nn, title, None) is target:
            return f"nn.{title}"
        if getattr(functional, title, None) is target:
            self.lines.add("from torch.nn import functional as F")
            return f"F.{title}"
        if getattr(torch.optim, title, None) is target:
            return f"torch.optim.{title}"
        if getattr(parametrizations, title, None) is target:
            self.lines.add(f"from {parametrizations.__name__} import {title}")
            return title
        if getattr(torch, title, None) is target:
            return f"torch.{title}"
        self.copied[title] = target
        return title

    def copy_users(self, targets: Iterable[object], taken: Iterable[str]) -> None:
        """Take the users' classes among targets along, under names that are not taken."""
        self.user.taken.update(dict.fromkeys(taken, ""))
        classes: dict[PythonFile, list[str]] = {}
        for target in targets:
            if isinstance(target, UserClass):
                classes.setdefault(target.file, []).append(target.__name__)
        for file, names in classes.items():
            self.user.add(file, names)

    def is_copied(self, target: Callable[..., Any]) -> bool:
        """Whether a class or function is ours, so that its source goes along."""
        return self.copied.get(target.__name__) is target
