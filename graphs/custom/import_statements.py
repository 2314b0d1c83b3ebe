"""Import statements of copied source: which bring in some names, and how they are sorted."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Set

OURS = ("graphs.", "nodes.")
"""Packages whose files are copied, never imported."""


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
