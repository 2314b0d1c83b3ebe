"""What a class of the user's shows, read from its source: ports from `forward`, a form from
`__init__`, help from its docstrings.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from graphs.custom.python_files import PythonFile
from graphs.nodetypes.node_type import Misfit, Port
from graphs.nodetypes.outputs import Outputs
from graphs.nodetypes.parameters import Form, Parameter
from graphs.nodetypes.tensor_kinds import Tensor, Weights

_FORMS: dict[str, Form] = {"int": "integer", "float": "number", "bool": "flag", "str": "text"}
_SIZE = re.compile(r"(\w+)\.shape\[(-?\d+)\]")
_AXES = {"_features": -1, "_channels": 1}


class Signature(NamedTuple):
    """What a class shows."""

    help: str
    ports: tuple[Port, ...]
    outputs: Outputs
    parameters: tuple[Parameter, ...]
    """What a person may choose; one without a default has None."""
    required: frozenset[str]
    """Parameters without a default."""
    sizes: Mapping[str, tuple[str, int]]
    """Arguments that come from wires: a port, and an axis of what arrives there."""


class Hint(NamedTuple):
    """An annotation, as far as it matters: `Annotated[Tensor, "image"] | None`."""

    name: str = ""
    optional: bool = False
    note: str = ""
    choices: tuple[str, ...] = ()
    parts: tuple[Hint, ...] = ()


def class_names(file: PythonFile) -> tuple[str, ...]:
    """The classes of a file that say what they do with tensors: those with a `forward`."""
    found = (s for s in file.tree.body if isinstance(s, ast.ClassDef))
    return tuple(s.name for s in found if _method(file, s, "forward"))


@lru_cache(maxsize=256)
def signature_of(file: PythonFile, class_name: str) -> Signature:
    """What a class of a file shows. Raises Misfit where it does not say it in annotations."""
    definition = _class(file, class_name)
    if definition is None:
        there = ", ".join(class_names(file)) or "none"
        raise Misfit(f"{file.name} has no class {class_name} with a forward; it has {there}")
    forward = _method(file, definition, "forward")
    init = _method(file, definition, "__init__")
    if forward is None:
        raise Misfit(f"{class_name} has no forward in {file.name}: write one")
    ports = tuple(_ports(forward, class_name))
    texts = [_docstring(definition), _docstring(init), _docstring(forward)]
    sizes = dict(_sizes(init, ports)) if init else {}
    shown = list(_parameters(init, class_name, sizes, texts)) if init else []
    return Signature(
        help=texts[0],
        ports=ports,
        outputs=_outputs(forward, class_name),
        parameters=tuple(parameter for parameter, _ in shown),
        required=frozenset(parameter.name for parameter, needed in shown if needed),
        sizes=sizes,
    )


def _class(file: PythonFile, name: str) -> ast.ClassDef | None:
    found = (s for s in file.tree.body if isinstance(s, ast.ClassDef) and s.name == name)
    return next(found, None)


def _method(file: PythonFile, class_: ast.ClassDef, name: str) -> ast.FunctionDef | None:
    """A method of a class, or of what it inherits from in the same file."""
    seen: set[str] = set()
    waiting: list[ast.ClassDef | None] = [class_]
    while waiting:
        here = waiting.pop(0)
        if here is None or here.name in seen:
            continue
        seen.add(here.name)
        for statement in here.body:
            if isinstance(statement, ast.FunctionDef) and statement.name == name:
                return statement
        waiting += [_class(file, base.id) for base in here.bases if isinstance(base, ast.Name)]
    return None


def _docstring(node: ast.ClassDef | ast.FunctionDef | None) -> str:
    return inspect.cleandoc(ast.get_docstring(node) or "") if node else ""


def hint_of(node: ast.expr | None) -> Hint:
    """What an annotation says."""
    match node:
        case ast.Constant(value=str(text)):
            try:
                return hint_of(ast.parse(text, mode="eval").body)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                return Hint()
        case ast.BinOp(left=left, op=ast.BitOr(), right=ast.Constant(value=None)):
            return hint_of(left)._replace(optional=True)
        case ast.Subscript(value=value, slice=inner):
            return _subscript(_last(value), inner)
    return Hint(_last(node))


def _subscript(name: str, inner: ast.expr) -> Hint:
    parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    constants = [part.value for part in parts if isinstance(part, ast.Constant)]
    texts = tuple(value for value in constants if isinstance(value, str))
    if name == "Annotated":
        return hint_of(parts[0])._replace(note=texts[0] if texts else "")
    if name == "Optional":
        return hint_of(parts[0])._replace(optional=True)
    if name == "Literal" and len(texts) == len(parts):
        return Hint(name, choices=texts)
    if name.lower() == "tuple":
        return Hint("tuple", parts=tuple(map(hint_of, parts)))
    return Hint()


def _last(node: ast.expr | None) -> str:
    """The last word of a dotted name."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


Argument = tuple[ast.arg, ast.expr | None]
"""An argument of a function, and its default."""


def _arguments(function: ast.FunctionDef) -> Iterator[Argument]:
    """All arguments but `self`."""
    given = [*function.args.posonlyargs, *function.args.args]
    defaults = [*[None] * (len(given) - len(function.args.defaults)), *function.args.defaults]
    yield from list(zip(given, defaults, strict=True))[1:]
    yield from zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)


def _ports(forward: ast.FunctionDef, class_name: str) -> Iterator[Port]:
    where = f"forward of {class_name}"
    if forward.args.vararg or forward.args.kwarg or forward.args.posonlyargs:
        raise Misfit(f"{where} takes *, ** or /: give each input a plain name of its own")
    for argument, default in _arguments(forward):
        hint = hint_of(argument.annotation)
        if hint.name == "Tensor":
            optional = hint.optional or default is not None
            yield Port(argument.arg, _kind(hint.note, where), optional=optional)
        elif default is None:
            raise Misfit(f"{where} needs {argument.arg}, which is not annotated as a Tensor")


def _kind(note: str, where: str) -> type[Tensor]:
    kinds = {kind.title: kind for kind in _kinds(Tensor) if kind is not Weights}
    if note and note not in kinds:
        raise Misfit(f"{where} takes a kind {note}, which there is not; kinds: {', '.join(kinds)}")
    return kinds[note or Tensor.title]


def _kinds(kind: type[Tensor]) -> Iterator[type[Tensor]]:
    yield kind
    for narrower in kind.__subclasses__():
        yield from _kinds(narrower)


def _outputs(forward: ast.FunctionDef, class_name: str) -> Outputs:
    hint = hint_of(forward.returns)
    if hint.name == "Tensor":
        return hint.note or "output"
    if not hint.parts or any(part.name != "Tensor" for part in hint.parts):
        text = "says nowhere what it gives: annotate -> Tensor or -> tuple[Tensor, Tensor]"
        raise Misfit(f"forward of {class_name} {text}")
    returned = _returned(forward, len(hint.parts))
    names = [part.note for part in hint.parts]
    if not all(names):
        names = [value.id for value in returned if isinstance(value, ast.Name)]
    if len(set(names)) < len(hint.parts) or not all(map(str.isidentifier, names)):
        names = [f"output_{number}" for number in range(1, len(hint.parts) + 1)]
    return tuple(names)


def _returned(forward: ast.FunctionDef, count: int) -> list[ast.expr]:
    """What stands in the last `return` of so many values."""
    returns = [part for part in ast.walk(forward) if isinstance(part, ast.Return)]
    returns.sort(key=lambda part: part.lineno)
    tuples = [part.value.elts for part in returns if isinstance(part.value, ast.Tuple)]
    return next((values for values in reversed(tuples) if len(values) == count), [])


def _sizes(init: ast.FunctionDef, ports: tuple[Port, ...]) -> Iterator[tuple[str, tuple[str, int]]]:
    """Arguments that are sizes of what arrives, by annotation or by name."""
    starts = {**{port.name: port.name for port in ports}, "in": ports[0].name if ports else ""}
    names = {
        f"{start}{end}": (port, axis)
        for start, port in starts.items()
        for end, axis in _AXES.items()
        if port
    }
    for argument, default in _arguments(init):
        hint = hint_of(argument.annotation)
        if found := _SIZE.fullmatch(hint.note):
            if found[1] not in starts.values():
                raise Misfit(f"{argument.arg} is a size of {found[1]}, which forward does not take")
            yield argument.arg, (found[1], int(found[2]))
        elif hint.name == "int" and default is None and argument.arg in names:
            yield argument.arg, names[argument.arg]


def _parameters(
    init: ast.FunctionDef, class_name: str, sizes: Mapping[str, object], texts: list[str]
) -> Iterator[tuple[Parameter, bool]]:
    """What a person may choose, and whether it must be said."""
    for argument, default in _arguments(init):
        if argument.arg in sizes:
            continue
        known, value = _literal(default)
        hint = hint_of(argument.annotation)
        name = hint.name or (type(value).__name__ if known and value is not None else "")
        form: Form | None = "choice" if hint.choices else _FORMS.get(name)
        if form and (known or default is None):
            help = _said(argument.arg, texts)
            optional = hint.optional or (known and value is None)
            parameter = Parameter(
                argument.arg, form, value, help, choices=hint.choices, optional=optional
            )
            yield parameter, default is None
        elif default is None:
            text = "annotate it as int, float, bool, str or Literal, or give it a default"
            raise Misfit(f"__init__ of {class_name} needs {argument.arg}: {text}")


def _literal(node: ast.expr | None) -> tuple[bool, Any]:
    """A default that stands in the source as it is; what would have to run is not known."""
    sign = 1
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        sign, node = -1, node.operand
    if not isinstance(node, ast.Constant):
        return False, None
    value = node.value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return True, sign * value
    return sign == 1 and (value is None or isinstance(value, bool | str)), value


def _said(name: str, texts: list[str]) -> str:
    """What a docstring says of an argument: a line `width: how many there are`."""
    for text in texts:
        if found := re.search(rf"^\s*{name}(?: \([^)]*\))?\s*: +(.+)$", text, re.MULTILINE):
            return found[1].strip()
    return ""
