"""Copies the source of plain functions and modules into an exported file, with what they call and
import. What they import from a file of ours is copied too.
"""

from __future__ import annotations

import ast
import functools
import inspect
import sys
from collections.abc import Callable, Set
from types import ModuleType
from typing import Any, NamedTuple

from graphs.custom.import_statements import OURS, import_lines


class Copier:
    """Collects definitions and the import lines that they need."""

    def __init__(self) -> None:
        self.imports: set[str] = set()
        self._sources: dict[tuple[str, str], str] = {}
        self._begun: set[tuple[str, str]] = set()
        self._taken = 0

    def add(self, target: Callable[..., Any]) -> None:
        """Copy a function or class, and whatever of its own file it refers to, before it."""
        self._add(sys.modules[target.__module__], target.__name__)

    def leave(self, module: str, name: str) -> None:
        """Copy a definition of a file no more: the exported file has its own of that name."""
        self._begun.add((module, name))

    @property
    def names(self) -> set[str]:
        """The names that the copied definitions have."""
        return {name for _, name in self._sources}

    def take(self) -> list[str]:
        """The definitions that were added since the last take, callees first."""
        new = list(self._sources.values())[self._taken :]
        self._taken = len(self._sources)
        return new

    def _add(self, module: ModuleType, name: str) -> None:
        if (module.__name__, name) in self._begun:
            return  # copied, or on its way: two functions may call each other
        self._begun.add((module.__name__, name))
        definition = _definition(module, name)
        for home, callee in definition.callees:
            self._add(sys.modules[home], callee)
        self.imports.update(definition.imports)
        self._sources[module.__name__, name] = definition.text


class Definition(NamedTuple):
    """A function, class or constant of ours, as it is copied."""

    text: str
    imports: frozenset[str]
    """The import lines that it needs."""
    callees: tuple[tuple[str, str], ...]
    """The definitions of ours that it refers to: (module, name)."""


@functools.cache
def _definition(module: ModuleType, name: str) -> Definition:
    """What copying a definition takes; no source of ours changes while we run."""
    source, tree, own = _read(module)
    words = {node.id for node in ast.walk(own[name]) if isinstance(node, ast.Name)}
    delayed = delayed_imports(own[name])
    beside = [(module.__name__, callee) for callee in own if callee in words - {name}]
    needed = {*import_lines(tree.body, words - own.keys()), *import_lines(delayed, words)}
    text = _source_of(source, own[name], delayed)
    return Definition(text, frozenset(needed), (*_ours(tree, words), *beside))


@functools.cache
def _read(module: ModuleType) -> tuple[str, ast.Module, dict[str, ast.stmt]]:
    """The source of a module, its syntax tree, and the statements that define a name."""
    source = inspect.getsource(module)
    tree = ast.parse(source)
    return source, tree, {found: n for n in tree.body if (found := _name(n))}


def _name(statement: ast.stmt) -> str | None:
    """The name of a function, a class or a constant."""
    match statement:
        case ast.FunctionDef() | ast.ClassDef():
            return statement.name
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name
    return None


def _ours(tree: ast.Module, words: Set[str]) -> list[tuple[str, str]]:
    """The definitions that a file imports from other files of ours: (file, name)."""
    return [
        (node.module, alias.name)
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(OURS)
        for alias in node.names
        if (alias.asname or alias.name) in words
    ]


DELAYED = ("scipy", "sklearn")
"""Libraries that our files import inside functions, since they take seconds and most programs need
neither. In an exported file, which needs them, they are imported at the top, as everybody does.
"""


def delayed_imports(definition: ast.stmt) -> list[ast.stmt]:
    """The statements of its functions' own bodies that import a delayed library. What is deeper,
    inside an `if` or a `try`, is meant to stay there.
    """
    functions = (n for n in ast.walk(definition) if isinstance(n, ast.FunctionDef))
    return [line for function in functions for line in function.body if _is_delayed(line)]


def _is_delayed(statement: ast.stmt) -> bool:
    match statement:
        case ast.Import(names=names):
            return all(alias.name.split(".")[0] in DELAYED for alias in names)
        case ast.ImportFrom(module=str(module)):
            return module.split(".")[0] in DELAYED
    return False


def _source_of(source: str, definition: ast.stmt, left_out: list[ast.stmt]) -> str:
    """The text of a definition without these statements, and the empty lines after them."""
    decorators = getattr(definition, "decorator_list", [])
    first = min([definition.lineno, *(d.lineno for d in decorators)])
    lines = source.splitlines()
    gone = {n for s in left_out for n in range(s.lineno, (s.end_lineno or s.lineno) + 1)}
    gone |= {n + 1 for n in gone if not lines[n].strip()}  # a line number is the next line's index
    kept = range(first, (definition.end_lineno or first) + 1)
    return "\n".join(lines[number - 1] for number in kept if number not in gone)
