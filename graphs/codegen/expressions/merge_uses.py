"""Several uses of one block become one class: what differs between them is an argument."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from graphs.check.node_parameters import ParameterValues
from graphs.document.parameter_expressions import (
    NamedFloat,
    NamedInt,
    Number,
    names_in,
    renamed,
)
from graphs.nodetypes.expressions import Apply, Attribute, Call, Expression, FolderFile, Item
from graphs.nodetypes.tensor_kinds import Tensor

Resolve = Callable[[Call], Call]
"""Puts the class of a block in the place of the reference to it."""


Fit = Callable[[tuple[Number, ...]], str | None]
"""The expression that has these values, one for each use, if there is one."""


class Different(Exception):
    """Descriptions that no single class can have."""


class PrintedClass:
    """A class that the exported file defines, as the target of a call."""

    is_module = True

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __call__(self, **arguments: Number) -> Any:
        raise TypeError(f"{self.__name__} exists in the exported file alone")


class Argument(Expression):
    """A number that a constructor is given: `channels`, or an expression of arguments."""

    def __init__(self, text: str) -> None:
        self.text = text


class Merger:
    """Merges descriptions, one a use, and collects the arguments that their class needs."""

    def __init__(
        self, scopes: list[ParameterValues], resolve: Resolve, fit: Fit | None = None
    ) -> None:
        self.arguments: dict[str, tuple[Number, ...]] = {}
        """Each argument's value in each use."""
        self.texts: dict[tuple[Number, ...], str] = {}
        """How numbers that differ between uses are written, by their values in each use."""
        self.origins: dict[int, Expression] = {}
        """The first use's expression for each merged one."""
        self._scopes = scopes
        self._fit = fit
        self._resolve = resolve
        self._merged: dict[int, Expression] = {}
        self._made: list[Argument] = []
        self._hints: dict[str, str] = {}
        """What arguments are, among those that their first number was no expression of others."""

    def rename(self, names: Mapping[str, str]) -> None:
        """Give arguments the names that they have in the class that is printed."""
        self.arguments = {names.get(name, name): values for name, values in self.arguments.items()}
        self.texts = {values: renamed(text, names) for values, text in self.texts.items()}
        for made in self._made:
            made.text = renamed(made.text, names)

    def _reading(self, text: str) -> Argument:
        self._made.append(Argument(text))
        return self._made[-1]

    def merge(self, values: list[Any], hint: str = "size", stem: str = "") -> Any:
        """One value for all uses. `hint` names an argument; `stem` makes it unique."""
        first = values[0]
        if all(value is first for value in values):
            values = values[:1]
        if isinstance(first, Expression):
            if id(first) not in self._merged:
                merged = self._expression(values, hint, stem)
                self._merged[id(first)] = merged
                self.origins[id(merged)] = first
            return self._merged[id(first)]
        if isinstance(first, (list, tuple)):
            _require(all(len(value) == len(first) for value in values))
            parts = [list(part) for part in zip(*values, strict=True)]
            return type(first)(self.merge(part, hint, stem) for part in parts)
        if isinstance(first, (int, float)) and not isinstance(first, bool):
            return self._number(values, hint, stem)
        _require(all(value == first and type(value) is type(first) for value in values))
        return first

    def _expression(self, values: list[Any], hint: str, stem: str) -> Expression:
        first = values[0]
        _require(all(type(value) is type(first) for value in values))
        match first:
            case Tensor():
                _require(all(value.end == first.end for value in values))
                return first
            case Call():
                return self._call([self._resolve(value) for value in values], stem)
            case Apply():
                module = self.merge([value.module for value in values], hint, stem)
                return Apply(module, *self._operands(values, first.module.target, stem))
            case Item():
                _require(all(value.index == first.index for value in values))
                return Item(self.merge([value.value for value in values], hint, stem), first.index)
            case Attribute():
                value = self.merge([value.value for value in values], hint, stem)
                return Attribute(value, first.name)
            case FolderFile():
                return first
        raise TypeError(f"{type(first).__name__} cannot be merged")

    def _call(self, values: list[Call], stem: str) -> Call:
        _require(all(value.target == values[0].target for value in values))
        return Call(values[0].target, *self._operands(values, values[0].target, stem))

    def _operands(
        self, values: list[Any], target: Callable[..., Any], stem: str
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        first = values[0]
        _require(all(len(value.args) == len(first.args) for value in values))
        _require(all(list(value.kwargs) == list(first.kwargs) for value in values))
        hints = _hints(target, len(first.args))
        args = tuple(
            self.merge([value.args[index] for value in values], hint, stem)
            for index, hint in enumerate(hints)
        )
        kwargs = {
            name: self.merge([value.kwargs[name] for value in values], name, stem)
            for name in first.kwargs
        }
        return args, kwargs

    def _number(self, values: list[Number], hint: str, stem: str) -> Any:
        """A literal where all uses agree; else the expression they share, or a new argument."""
        if all(value == values[0] for value in values):
            return values[0]
        texts = {getattr(value, "text", None) for value in values}
        (text,) = texts if len(texts) == 1 else (None,)
        if text is not None and all(isinstance(v, NamedInt | NamedFloat) for v in values):
            self.texts.setdefault(tuple(values), text)
            for name in names_in(text):
                self.arguments[name] = tuple(scope[name] for scope in self._scopes)
            return self._reading(text)
        if self._fit is not None:
            return self._fitted(tuple(values))
        known = self.texts.get(tuple(values))
        return self._reading(known or self._argument(tuple(values), hint, stem))

    def _fitted(self, values: tuple[Number, ...]) -> Argument:
        """The expression of parameters that gives these values. Raises Different without one."""
        text = self._fit(values) if self._fit else None
        if text is None:
            raise Different
        for name in names_in(text):
            self.arguments[name] = tuple(scope[name] for scope in self._scopes)
        return self._reading(text)

    def _argument(self, values: tuple[Number, ...], hint: str, stem: str) -> str:
        """A parameter or a multiple of one with these values in every use, or an argument of the
        same sort and a number; else a new argument.
        """
        parameters = {
            name: tuple(scope[name] for scope in self._scopes) for name in self._scopes[0]
        }
        factors = {name: _factor(values, known) for name, known in parameters.items()}
        fitting = {name: factor for name, factor in factors.items() if factor is not None}
        if fitting:
            name = min(fitting, key=fitting.__getitem__)
            self.arguments[name] = parameters[name]
            text = name if fitting[name] == 1 else f"{name} * {fitting[name]}"
        elif text := self._shifted(values, hint):
            return text
        else:
            taken = {*self.arguments, *parameters}
            name = text = next(n for n in _candidates(hint, stem) if n not in taken)
            self.arguments[name] = values
            self._hints[name] = hint
        self.texts.setdefault(values, text)
        return text

    def _shifted(self, values: tuple[Number, ...], hint: str) -> str:
        """An argument of the same sort and the number by which these values are larger."""
        alike = [name for name, known in self._hints.items() if known == hint]
        for name in alike:
            pairs = list(zip(values, self.arguments[name], strict=True))
            shifts = {value - known for value, known in pairs}
            if len(shifts) == 1 and all(isinstance(n, int) for pair in pairs for n in pair):
                self.texts.setdefault(values, f"{name} + {shifts.pop()}".replace("+ -", "- "))
                return self.texts[values]
        return ""


def _factor(values: tuple[Number, ...], known: tuple[Number, ...]) -> int | None:
    """The integer by which known values are multiplied to give these, if there is one."""
    if not all(isinstance(value, int) for value in (*values, *known)) or not known[0]:
        return 1 if values == known else None
    factor = int(values[0] // known[0])
    fits = factor > 0 and all(factor * k == v for k, v in zip(known, values, strict=True))
    return factor if fits else None


def skeleton(value: Any, resolve: Resolve) -> Any:
    """What must be equal for two descriptions to be merged: everything but the numbers."""
    match value:
        case Tensor():
            return value.end
        case Call():
            call = resolve(value)
            kwargs = {name: skeleton(part, resolve) for name, part in call.kwargs.items()}
            return id(call.target), [skeleton(part, resolve) for part in call.args], kwargs
        case Expression():
            extra = getattr(value, "index", getattr(value, "name", None))
            parts = [skeleton(part, resolve) for part in value.operands()]
            return type(value).__name__, extra, parts
        case list() | tuple():
            return [skeleton(part, resolve) for part in value]
        case bool() | str() | None:
            return value
    return "number"


def _require(same: bool) -> None:
    if not same:
        raise Different


def _hints(target: Callable[..., Any], count: int) -> list[str]:
    """What the positional arguments of a call are called."""
    return [*_argument_names(target), *["size"] * count][:count]


@functools.lru_cache(maxsize=1000)
def _argument_names(target: Callable[..., Any]) -> tuple[str, ...]:
    try:
        parameters = inspect.signature(target).parameters.values()
    except (TypeError, ValueError):  # functions that are built in have no signature
        return ()
    kinds = ((p.name, p.kind is p.POSITIONAL_OR_KEYWORD) for p in parameters)
    return tuple(name for name, positional in kinds if positional and name != "self")


def _candidates(hint: str, stem: str) -> Iterable[str]:
    yield hint
    yield f"{stem}_{hint}" if stem else f"{hint}_2"
    number = 2
    while True:
        number += 1
        yield f"{stem}_{hint}_{number}"
