"""What exported files have of our own: names found in the text that our printers hold, and in the
code that is copied. No list of them is kept by hand.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from graphs.custom.python_files import bound_names, imported_names
from graphs.document.identifiers import TORCH

_GRAPHS = Path(__file__).parents[2]
CLASSES, SCRIPT = "codegen/classes", "codegen/script"
_PRINTED = ("codegen/expressions", CLASSES, SCRIPT)
"""The rooms whose string constants hold text of ours that is printed."""
_COPIED = "runtime"
_ALWAYS = "runtime/training"
"""What may be copied into a file, and what for other reasons than its nodes."""

_DEFINED = re.compile(
    r"^(?:(?:def )?(\w+)\((?!self).*\) -> |class (\w+)|([A-Z]\w*)(?:: .+)? = )", re.M
)
_BOUND = re.compile(
    r"^\s*(\w+(?:, \w+)*)(?:: [^=\n]+)? = |\bfor (\w+(?:, \w+)*) in\b|[(,] ?(\w+): |\bas (\w+):"
    r"|\blambda (\w+(?:, \w+)*):",
    re.M,
)
_METHOD = re.compile(r"^(?:def )?(\w+)\(self[,)_]|\bself\.(\w+)|\bprogram\.(\w+)", re.M)
_IMPORT = re.compile(r"^(?:from \S+ )?import .+$", re.M)
_FLAG = re.compile(r'"--([\w-]+)"')


@lru_cache
def reserved_names() -> frozenset[str]:
    """What the top of every exported file may define or import, whatever its nodes are."""
    printed = (name for text in _all() for name in _found(_DEFINED, text))
    copied = (_defined(tree) for tree in _trees(_ALWAYS))
    return frozenset(("Program", *TORCH, *printed, *printed_imports())).union(*copied)


@lru_cache
def printed_imports() -> Mapping[str, str]:
    """The names that files may import beside those of copied code, each with what it stands for."""
    lines = (line for text in _all() for line in _IMPORT.findall(text))
    return import_meanings(line for line in lines if "_" not in line.split())


@lru_cache
def local_names(*rooms: str) -> frozenset[str]:
    """The variables, arguments and options that our text around what nodes describe may have, or
    the text of some rooms alone.
    """
    texts = [text for room in rooms or _PRINTED for text in _texts(room)]
    flags = (flag.replace("-", "_") for text in texts for flag in _FLAG.findall(text))
    return frozenset((*(name for text in texts for name in _found(_BOUND, text)), *flags, "self"))


@lru_cache
def method_names() -> frozenset[str]:
    """The methods and attributes that a printed class may have beside what nodes need."""
    return frozenset(name for text in _all() for name in _found(_METHOD, text))


@lru_cache
def modules() -> frozenset[str]:
    """The modules of Python itself, and those that exported files import."""
    statements = (node for tree in _trees(_COPIED) for node in ast.walk(tree))
    meanings = [
        meaning for s in statements if isinstance(s, ast.stmt) for _, meaning in imported_names(s)
    ]
    named = (meaning.split(".")[0] for meaning in (*meanings, *printed_imports().values()))
    return frozenset((*sys.stdlib_module_names, *named))


def import_meanings(lines: Iterable[str]) -> dict[str, str]:
    """The names that import lines bring in, each with what it stands for."""
    found: dict[str, str] = {}
    for statement in ast.parse("\n".join(lines)).body:
        found.update(imported_names(statement))
    return found


def _defined(tree: ast.Module) -> set[str]:
    """What a file defines at its top, and what it imports."""
    return {
        name
        for statement in tree.body
        for name in (*bound_names(statement), *(name for name, _ in imported_names(statement)))
    }


def _trees(room: str) -> list[ast.Module]:
    files = sorted((_GRAPHS / room).rglob("*.py"))
    return [ast.parse(path.read_text(encoding="utf-8")) for path in files]


def _all() -> list[str]:
    return [text for room in _PRINTED for text in _texts(room)]


@lru_cache
def _texts(room: str) -> tuple[str, ...]:
    """The text that the printers of a room hold; a value that they put in stands as `_`."""
    files = sorted((_GRAPHS / room).glob("*.py"))
    return tuple(text for path in files for text in _constants(path))


def _constants(path: Path) -> list[str]:
    """The texts in a file, but for those that explain it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    explaining = {id(s.value) for s in ast.walk(tree) if isinstance(s, ast.Expr)}
    parts = {id(v) for j in ast.walk(tree) if isinstance(j, ast.JoinedStr) for v in j.values}
    found = []
    for node in ast.walk(tree):
        if id(node) in explaining or id(node) in parts:
            continue
        if isinstance(node, ast.JoinedStr):
            found.append("".join(_text(value) for value in node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(node.value)
    return found


def _text(part: ast.expr) -> str:
    return str(part.value) if isinstance(part, ast.Constant) else "_"


def _found(pattern: re.Pattern[str], text: str) -> list[str]:
    """The names that a pattern finds in a text; in one place there may be several."""
    groups = (group for match in pattern.finditer(text) for group in match.groups() if group)
    return [name for group in groups for name in group.split(", ")]
