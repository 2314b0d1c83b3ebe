"""Prints one description as the Python that it describes."""

from __future__ import annotations

import ast
import functools
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from torch import nn

from graphs.codegen.expressions.copies import copies_text
from graphs.codegen.expressions.imports import OPERATORS, Imports
from graphs.codegen.expressions.merge_uses import Argument, PrintedClass
from graphs.document.document import End
from graphs.nodetypes.expressions import Apply, Attribute, Call, Expression, FolderFile, Index, Item
from graphs.nodetypes.tensor_kinds import Tensor


class ExpressionPrinter:
    """Prints one expression. `values` gives the text of a leaf; `keep_defaults` prints every
    argument.
    """

    def __init__(
        self, imports: Imports, values: dict[End, str], keep_defaults: bool = False
    ) -> None:
        self.imports = imports
        self.values = values
        self.keep_defaults = keep_defaults

    def text(self, value: Any) -> str:
        """The Python of an expression, or of a validated plain value."""
        match value:
            case Tensor():
                return self.values[value.end]
            case Call() if value.target in OPERATORS:
                return self._operation(OPERATORS[value.target], *value.args)
            case Call():
                name = self.imports.name(value.target)
                return f"{name}({self._arguments(value.target, value.args, value.kwargs)})"
            case Apply():
                module = self.text(value.module)
                return f"{module}({self._arguments(value.module.target, value.args, value.kwargs)})"
            case Item():
                return f"{self._operand(value.value)}[{_index_text(value.index)}]"
            case Attribute():
                return f"{self._operand(value.value)}.{value.name}"
            case FolderFile():
                return f"folder / {value.name!r}"
            case Argument():
                return value.text
            case list() if _are_of_one_class(value):
                return self._copies(value)
            case list():
                return f"[{', '.join(map(self.text, value))}]"
            case tuple():
                return f"({', '.join(map(self.text, value))}{',' * (len(value) == 1)})"
            case bool() | int() | float() | str() | None:
                return repr(value)
        raise TypeError(f"{type(value).__name__} cannot stand in printed code")

    def _copies(self, calls: list[Call]) -> str:
        """Several of one class as a comprehension: `[Layer(i) for i in range(10)]`."""
        texts = [{name: self.text(v) for name, v in call.kwargs.items()} for call in calls]
        return copies_text(calls[0].target.__name__, texts)

    def _operation(self, sign: str, left: Any, right: Any) -> str:
        binds = _BINDS[sign]
        first = binds + 1 if sign == "**" else binds
        return f"{self._operand(left, first)} {sign} {self._operand(right, binds + 1)}"

    def _operand(self, value: Any, binds: int = len(OPERATORS)) -> str:
        """A part of an expression, in brackets where its signs bind less than those around."""
        text = self.text(value)
        tree = ast.parse(text, mode="eval").body
        if not isinstance(tree, ast.BinOp | ast.UnaryOp):
            return text
        inside = _BINDS_INSIDE.get(type(tree.op), _BINDS["*"])
        return text if inside >= binds else f"({text})"

    def _arguments(
        self, target: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> str:
        given = kwargs if self.keep_defaults else differing(target, kwargs)
        named = (f"{name}={self.text(value)}" for name, value in given.items())
        return ", ".join([*self._positional(args), *named])

    def _positional(self, args: tuple[Any, ...]) -> Iterable[str]:
        """Positional arguments; several modules of one class as a comprehension."""
        if _are_of_one_class(args):
            return [f"*{self._copies(list(args))}"]
        return map(self.text, args)


_BINDS = {"+": 1, "-": 1, "*": 2, "/": 2, "@": 2, "**": 3}
"""How strongly signs bind; of equal ones the left goes first."""
_BINDS_INSIDE: dict[type, int] = {ast.Add: _BINDS["+"], ast.Sub: _BINDS["-"], ast.Pow: _BINDS["**"]}
"""The same for what stands in a text; all others bind like `*`."""


def _index_text(index: Index) -> str:
    """What stands in brackets: `0`, or `:, -1` or `:, 1:`."""
    return ", ".join(map(_place_text, index)) if isinstance(index, tuple) else repr(index)


def _place_text(place: int | slice) -> str:
    if not isinstance(place, slice):
        return repr(place)
    ends = ("" if end is None else repr(end) for end in (place.start, place.stop))
    return ":".join(ends)


def _are_of_one_class(values: Sequence[Any]) -> bool:
    """Whether values are several modules of one class that the exported file defines."""
    targets = [value.target for value in values if isinstance(value, Call)]
    made = len(targets) == len(values) > 1 and isinstance(targets[0], PrintedClass)
    return made and all(target is targets[0] for target in targets)


def differing(target: Callable[..., Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a call that are not what they would be anyway."""
    defaults = _defaults(target)
    return {
        name: value
        for name, value in kwargs.items()
        if isinstance(value, Expression) or name not in defaults or not _same(defaults[name], value)
    }


@functools.lru_cache(maxsize=1000)
def _defaults(target: Callable[..., Any]) -> Mapping[str, Any]:
    try:
        parameters = inspect.signature(target).parameters.values()
    except ValueError:  # some functions of torch are built in and have no signature
        return {}
    return {
        p.name: p.default for p in parameters if p.default is not p.empty
    } | _recurrent_defaults(target)


def _recurrent_defaults(target: Callable[..., Any]) -> dict[str, Any]:
    """nn.LSTM and its kin hide their arguments behind *args; these are the defaults that torch
    documents.
    """
    if not (inspect.isclass(target) and issubclass(target, nn.RNNBase)):
        return {}
    return {
        "num_layers": 1,
        "bias": True,
        "batch_first": False,
        "dropout": 0.0,
        "bidirectional": False,
    }


def _same(default: Any, value: Any) -> bool:
    return isinstance(default, bool) is isinstance(value, bool) and bool(default == value)
