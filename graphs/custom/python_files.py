"""Python files of the user's own, read as text. Nothing in them runs here."""

from __future__ import annotations

import ast
import hashlib
import re
import stat
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from graphs.nodetypes.node_type import Misfit

LARGEST = 256 * 2**10
"""Bytes of the largest file that is read."""
_HIDDEN = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""Characters that nobody sees, or that show a line otherwise than it is read."""


@dataclass(frozen=True)
class PythonFile:
    """A Python file: its name within the document's folder, its text, its bytes and their
    SHA-256.
    """

    name: str
    text: str
    data: bytes
    digest: str

    @cached_property
    def tree(self) -> ast.Module:
        """The text, parsed. Raises Misfit."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of odd escapes, which are the file's own matter
                return ast.parse(self.text)
        except SyntaxError as error:
            reason = f"line {error.lineno}: {error.msg}"
            raise Misfit(f"{self.name} is not Python: {reason}") from error
        except (ValueError, RecursionError, MemoryError) as error:
            raise Misfit(f"{self.name} is not Python that can be read: {error}") from error


def read_python(folder: Path | None, name: str) -> PythonFile:
    """A Python file in a document's folder. Raises Misfit when there is none to be had."""
    if not name:
        raise Misfit("choose a Python file that lies in the document's folder")
    if folder is None:
        raise Misfit("save the document first: its Python files lie in its folder")
    if not name.endswith(".py"):
        raise Misfit(f"{name} is not called a Python file: its name ends in .py")
    try:
        return _python(name, _bytes(_inside(folder, name), name))
    except FileNotFoundError as error:
        raise Misfit(f"there is no file {name} in the document's folder") from error
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a ring
        raise Misfit(f"{name} cannot be read: {error}") from error


def _inside(folder: Path, name: str) -> Path:
    if "\0" in name:
        raise Misfit("the name of the file has a character that no file has")
    path = (folder / name).resolve()
    if Path(name).is_absolute() or not path.is_relative_to(folder.resolve()):
        raise Misfit(f"{name} lies outside the document's folder: copy it there")
    return path


def _bytes(path: Path, name: str) -> bytes:
    if not stat.S_ISREG(path.stat().st_mode):
        raise Misfit(f"{name} is no plain file")
    with path.open("rb") as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise Misfit(f"{name} is larger than {LARGEST >> 10} KiB: put less into one file")
    return data


@lru_cache(maxsize=64)
def _python(name: str, data: bytes) -> PythonFile:
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise Misfit(f"{name} is not UTF-8 text") from error
    if hidden := _HIDDEN.search(text):
        line = text.count("\n", 0, hidden.start()) + 1
        raise Misfit(f"{name} has a character in line {line} that nobody can see: take it away")
    file = PythonFile(name, text, data, hashlib.sha256(data).hexdigest())
    if any(isinstance(s, ast.ImportFrom) and (s.level or _star(s)) for s in file.tree.body):
        raise Misfit(f"{name} imports a file beside it, or *: put all it needs into one file")
    return file


def _star(statement: ast.ImportFrom) -> bool:
    return any(alias.name == "*" for alias in statement.names)


Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign


def bound_names(statement: ast.stmt) -> Iterator[str]:
    """The names that a definition at the top of a file gives."""
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield statement.name
        case ast.Assign():
            for target in statement.targets:
                yield from (n.id for n in ast.walk(target) if isinstance(n, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name


def imported_names(statement: ast.stmt) -> Iterator[tuple[str, str]]:
    """The names that an import gives, each with what it stands for: `("nn", "torch.nn")`."""
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            top = alias.name.split(".")[0]
            yield (alias.asname, alias.name) if alias.asname else (top, top)
    elif isinstance(statement, ast.ImportFrom):
        yield from ((a.asname or a.name, f"{statement.module}.{a.name}") for a in statement.names)


def words(node: ast.AST) -> set[str]:
    """The names that a piece of Python mentions."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
