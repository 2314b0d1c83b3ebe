"""Copies the source of plain functions and modules into an exported file, with what they call and
import. What they import from a file of ours is copied too.
"""

from __future__ import annotations

import ast
import functools
import inspect
import sys
from collections.abc import Callable, Iterable, Set
from types import ModuleType
from typing import Any


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
        source, tree, own = _read(module)
        words = _words(module, name)
        for home, callee in _ours(tree, words):
            self._add(sys.modules[home], callee)
        for callee in own:
            if callee in words - {name}:
                self._add(module, callee)
        delayed = delayed_imports(own[name])
        self.imports.update(import_lines(tree.body, words - own.keys()))
        self.imports.update(import_lines(delayed, words))
        self._sources[module.__name__, name] = _source_of(source, own[name], delayed)


@functools.cache
def _read(module: ModuleType) -> tuple[str, ast.Module, dict[str, ast.stmt]]:
    """The source of a module of ours, its syntax tree, and the statements that define a name; none
    changes while we run.
    """
    source = inspect.getsource(module)
    tree = ast.parse(source)
    return source, tree, {found: n for n in tree.body if (found := _name(n))}


@functools.cache
def _words(module: ModuleType, name: str) -> frozenset[str]:
    """The names that a definition reads."""
    definition = _read(module)[2][name]
    return frozenset(node.id for node in ast.walk(definition) if isinstance(node, ast.Name))


def _name(statement: ast.stmt) -> str | None:
    """The name of a function, a class or a constant."""
    match statement:
        case ast.FunctionDef() | ast.ClassDef():
            return statement.name
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name
    return None


OURS = ("graphs.", "nodes.")
"""Packages whose files are copied, never imported."""


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


def import_lines(statements: Iterable[ast.stmt], words: Set[str]) -> Iterable[str]:
    """Those of these import statements, as lines, that bring in some of these words."""
    for node in statements:
        if isinstance(node, ast.Import):
            yield from (
                f"import {_alias(a)}"
                for a in node.names
                if (a.asname or a.name.split(".")[0]) in words
            )
        elif isinstance(node, ast.ImportFrom) and not (node.module or "").startswith(OURS):
            yield from (
                f"from {node.module} import {_alias(a)}"
                for a in node.names
                if (a.asname or a.name) in words
            )


def _alias(alias: ast.alias) -> str:
    return f"{alias.name} as {alias.asname}" if alias.asname else alias.name


def import_block(lines: Iterable[str]) -> str:
    """Import lines merged, one statement a module, and sorted as ruff sorts them: those from the
    future, standard library, then others.
    """
    plain: set[str] = set()
    parts: dict[str, set[str]] = {}
    for line in lines:
        if line.startswith("import "):
            plain.add(line.removeprefix("import "))
        else:
            module, _, names = line.removeprefix("from ").partition(" import ")
            parts.setdefault(module, set()).update(part.strip() for part in names.split(","))
    future = parts.pop("__future__", set())
    groups: tuple[list[str], ...] = ([], [], [])
    groups[0].extend(f"from __future__ import {name}" for name in sorted(future))
    for module in sorted(plain):
        groups[1 + _is_foreign(module)].append(f"import {module}")
    for module in sorted(parts):
        plain_names = sorted((n for n in parts[module] if " as " not in n), key=_by_case)
        merged = [f"from {module} import {', '.join(plain_names)}"] if plain_names else []
        merged += [
            f"from {module} import {name}" for name in sorted(parts[module]) if " as " in name
        ]
        groups[1 + _is_foreign(module)].extend(merged)
    return "\n\n".join("\n".join(group) for group in groups if group)


def _by_case(name: str) -> tuple[int, str]:
    """Constants, then classes, then the rest."""
    return (0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2), name


def _is_foreign(module: str) -> bool:
    return module.split(" ")[0].split(".")[0] not in sys.stdlib_module_names
