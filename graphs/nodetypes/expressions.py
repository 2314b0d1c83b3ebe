"""Descriptions of Python: what `build` of a node type returns. They are read twice, by a meta run
and by a printer.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn
from torch.nn.utils import parametrizations

Index = int | tuple[int | slice, ...]
"""What stands in brackets: a place, or a place or slice for each axis."""


class Expression:
    """A description of a Python value."""

    def __getitem__(self, index: Index) -> Item:
        return Item(self, index)

    def operands(self) -> tuple[Any, ...]:
        """What the value is made of: expressions, plain values, and lists of them."""
        return ()


class Call(Expression):
    """A construction or a function call: `nn.Conv2d(3, 32, 3)`, `F.relu(x)`. Calling it describes
    applying it.
    """

    def __init__(
        self, target: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self.target = target
        self.args = args
        self.kwargs = kwargs

    def __call__(self, *args: Any, **kwargs: Any) -> Apply:
        return Apply(self, args, kwargs)

    @property
    def is_module(self) -> bool:
        """Whether it constructs a module, which `__init__` keeps and `forward` applies."""
        return (
            getattr(self.target, "is_module", False)
            or getattr(self.target, "__module__", "") == parametrizations.__name__
            or (inspect.isclass(self.target) and issubclass(self.target, nn.Module))
        )

    def operands(self) -> tuple[Any, ...]:
        return (*self.args, *self.kwargs.values())


class Apply(Expression):
    """A module applied to values: `self.conv(x)`."""

    def __init__(self, module: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.module = module
        self.args = args
        self.kwargs = kwargs

    def operands(self) -> tuple[Any, ...]:
        return (self.module, *self.args, *self.kwargs.values())


class Item(Expression):
    """One of several values, or a part of a tensor: `result[0]`, `sequence[:, -1]`."""

    def __init__(self, value: Expression, index: Index) -> None:
        self.value = value
        self.index = index

    def operands(self) -> tuple[Any, ...]:
        return (self.value,)


class Attribute(Expression):
    """An attribute of a value or of a module: `image.device`, `self.tokens.weight`."""

    def __init__(self, value: Expression, name: str) -> None:
        self.value = value
        self.name = name

    def operands(self) -> tuple[Any, ...]:
        return (self.value,)


class FolderFile(Expression):
    """A file in the document's folder: `folder / "wine.csv"`."""

    def __init__(self, name: str) -> None:
        self.name = name


def call(target: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Call:
    """Describe `target(*args, **kwargs)`."""
    return Call(target, args, kwargs)


def modules_of(expression: Expression) -> list[Call]:
    """The modules that an expression applies, hands to a function, or reads an attribute of."""
    if isinstance(expression, Call) and expression.is_module:
        return []  # modules inside another are that one's own
    operands = expression.operands()
    return [part for part in operands if isinstance(part, Call) and part.is_module]


def walk(value: Any) -> Iterator[Expression]:
    """Every expression inside a value, operands first, each object once."""
    seen: set[int] = set()

    def visit(value: Any) -> Iterator[Expression]:
        if isinstance(value, (list, tuple)):
            for part in value:
                yield from visit(part)
        elif isinstance(value, Expression) and id(value) not in seen:
            seen.add(id(value))
            yield from visit(value.operands())
            yield value

    return visit(value)


SHORTCUTS: dict[Any, Callable[..., Any]] = {}
"""For functions and modules that are slow on the meta device, what gives the same shapes sooner: a
function gets the same arguments, one for a module the module first. A test holds them to it.
"""


class Evaluation:
    """Computes expressions, by default on the meta device: shapes without numbers.

    `known` gives the tensors of leaves. After the run `applied` holds the modules that were
    applied, and `structures` how each tuple that a call returned falls into parts.
    """

    def __init__(self, known: Callable[[Expression], Any], device: str = "meta") -> None:
        self._known = known
        self._device = device
        self._values: dict[int, Any] = {}
        self.applied: list[nn.Module] = []
        self.structures: dict[int, Any] = {}

    def value(self, expression: Any) -> Any:
        """The value of an expression, or of each one in a list. Raises what torch raises."""
        if isinstance(expression, (list, tuple)):
            return type(expression)(self.value(part) for part in expression)
        if not isinstance(expression, Expression):
            return expression
        if id(expression) not in self._values:
            self._values[id(expression)] = self._compute(expression)
        return self._values[id(expression)]

    def _compute(self, expression: Expression) -> Any:
        for used in modules_of(expression):
            self._use(self.value(used))
        match expression:
            case Call():
                target = None if expression.is_module else self._sooner(expression.target)
                target = target or expression.target
                with torch.device(self._device):
                    result = target(*self._args(expression), **self._kwargs(expression))
            case Apply():
                apply = self.value(expression.module)
                if sooner := self._sooner(expression.module.target):
                    apply = functools.partial(sooner, apply)
                result = apply(*self._args(expression), **self._kwargs(expression))
            case Item():
                result = self.value(expression.value)[expression.index]
            case Attribute():
                result = getattr(self.value(expression.value), expression.name)
            case _:
                result = self._known(expression)
        self.structures[id(expression)] = structure(result)
        return result

    def _sooner(self, target: Any) -> Callable[..., Any] | None:
        return SHORTCUTS.get(target) if self._device == "meta" else None

    def _use(self, module: nn.Module) -> None:
        if module not in self.applied:
            self.applied.append(module)
            if self._device == "meta":
                module.eval()  # shapes are the same, and what is drawn in training needs numbers

    def _args(self, expression: Call | Apply) -> list[Any]:
        return [self.value(value) for value in expression.args]

    def _kwargs(self, expression: Call | Apply) -> dict[str, Any]:
        return {name: self.value(value) for name, value in expression.kwargs.items()}


def structure(value: Any) -> Any:
    """How a value falls into parts: None for one value, a list of the parts' structures for a
    tuple.
    """
    return [structure(part) for part in value] if isinstance(value, tuple) else None
