"""What printed code imports, and what goes along as a copy."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations

from graphs.check.block_uses import BlockReference
from graphs.codegen.expressions.merge_uses import PrintedClass
from graphs.codegen.expressions.own_names import import_meanings, printed_imports
from graphs.codegen.expressions.source_copier import Copier
from graphs.custom.module_stub import UserClass
from graphs.custom.python_files import PythonFile
from graphs.custom.source_extraction import UserCode
from graphs.nodetypes.expressions import Call, walk

OPERATORS: dict[Any, str] = {
    operator.add: "+",
    operator.sub: "-",
    operator.mul: "*",
    operator.truediv: "/",
    operator.matmul: "@",
    operator.pow: "**",
}
"""Functions that are printed as signs."""


class Imports:
    """What the printed code refers to: names of torch, and functions and modules whose source goes
    along.
    """

    def __init__(self) -> None:
        self.copied: dict[str, Callable[..., Any]] = {}
        self.lines: set[str] = {"import torch", "from torch import Tensor, nn"}
        self.user = UserCode()
        self._copier = Copier()

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

    def take(self, values: Sequence[Any]) -> set[str]:
        """Take the functions and modules of ours along that values refer to. What this brings into
        a file: their names, those of what they call, and of what these import.
        """
        for target in _targets(values):
            ours = not isinstance(target, BlockReference | UserClass)
            if ours and self.name(target) in self.copied:
                self._copier.add(target)
        return {*self.copied, *self._copier.names, *self._meanings()}

    def take_users(self, values: Sequence[Any], taken: Iterable[str]) -> set[str]:
        """Take the users' classes along that values refer to, under names that are not taken. What
        this brings into a file.
        """
        self.user.taken.update({**dict.fromkeys(taken, ""), **self._meanings()})
        classes: dict[PythonFile, list[str]] = {}
        for target in _targets(values):
            if isinstance(target, UserClass):
                classes.setdefault(target.file, []).append(target.__name__)
        for file, names in classes.items():
            self.user.add(file, names)
        return self.user.names

    def _meanings(self) -> dict[str, str]:
        """What is imported, by its name in the file, each with what it stands for."""
        lines = sorted({*self.lines, *self._copier.imports})
        return {**printed_imports(), **import_meanings(lines)}

    def is_copied(self, target: Callable[..., Any]) -> bool:
        """Whether a class or function is ours, so that its source goes along."""
        return self.copied.get(target.__name__) is target


def _targets(values: Sequence[Any]) -> list[Callable[..., Any]]:
    return [part.target for part in walk(values) if isinstance(part, Call)]
