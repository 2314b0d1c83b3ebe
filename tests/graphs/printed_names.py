"""What names do in printed Python: what hides what, and whether two files differ in names alone."""

import ast
import builtins
import re
from collections import defaultdict
from collections.abc import Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
BUILTINS = {name for name in dir(builtins) if not name.startswith("__")}


def defined(tree: ast.Module) -> set[str]:
    """What a file imports or defines at its top."""
    names: set[str] = set()
    for statement in tree.body:
        match statement:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Import(names=parts) | ast.ImportFrom(names=parts):
                names.update(part.asname or part.name.split(".")[0] for part in parts)
            case ast.Assign(targets=targets):
                names.update(target.id for target in targets if isinstance(target, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
    return names


def local_names(node: ast.AST) -> Iterator[str]:
    """What functions inside a definition call their arguments and variables."""
    for function in (n for n in ast.walk(node) if isinstance(n, Function)):
        for part in ast.walk(function):
            match part:
                case ast.arg(arg=name) | ast.ExceptHandler(name=str(name)):
                    yield name
                case ast.Name(id=name, ctx=ast.Store()):
                    yield name
                case ast.FunctionDef(name=name) if part is not function:
                    yield name


def hidden(source: str) -> list[str]:
    """Where a function's own name hides one of the file's, or of Python's: `Class: name`."""
    tree = ast.parse(source)
    outer = defined(tree) | BUILTINS
    tops = [s for s in tree.body if isinstance(s, ast.FunctionDef | ast.ClassDef)]
    return [f"{top.name}: {name}" for top in tops for name in local_names(top) if name in outer]


class Renaming:
    """Walks two files side by side. They may differ in names that hold the mark, and in a number
    behind a variable of ours, if each has one name in the other file throughout its scope; and in
    texts that hold the mark.
    """

    def __init__(self, mark: str) -> None:
        self.mark = mark
        self.there: dict[tuple[str, str], str] = {}
        self.back: dict[tuple[str, str], str] = {}

    def compare(self, plain: ast.AST, other: ast.AST, scope: str = "", owner: str = "") -> None:
        """Raise AssertionError where they differ in more."""
        assert type(plain) is type(other), f"{ast.unparse(plain)} became {ast.unparse(other)}"
        if isinstance(plain, ast.Constant):
            same = plain.value == getattr(other, "value", None)
            assert same or self.mark in str(plain.value).lower(), f"{ast.unparse(other)}"
            return
        inner, mine = scope, owner
        if isinstance(plain, ast.FunctionDef):
            inner = f"{owner}.{plain.name}"
        if isinstance(plain, ast.ClassDef):
            mine = plain.name
        for name in plain._fields:
            place = self._place(plain, name, scope, owner)
            self._part(getattr(plain, name), getattr(other, name), place, inner, mine)

    def _place(self, node: ast.AST, field: str, scope: str, owner: str) -> str:
        """Where a name must have one meaning: an attribute of an object, a variable in its method,
        a keyword wherever it stands.
        """
        method = isinstance(node, ast.FunctionDef) and owner and not scope
        if isinstance(node, ast.Attribute):
            return f"attribute of {ast.unparse(node.value)} in {owner or scope}"
        if method:
            return f"attribute of self in {owner}"
        if isinstance(node, ast.keyword):
            return "keyword"
        return f"variable of {scope}" if scope else "file"

    def _part(self, plain: object, other: object, place: str, scope: str, owner: str) -> None:
        if isinstance(plain, list):
            assert isinstance(other, list) and len(plain) == len(other), f"{plain}, {other}"
            for left, right in zip(plain, other, strict=True):
                self._part(left, right, place, scope, owner)
        elif isinstance(plain, ast.AST):
            assert isinstance(other, ast.AST)
            self.compare(plain, other, scope, owner)
        elif isinstance(plain, str):
            self._name(plain, str(other), place)
        else:
            assert plain == other, f"{plain!r} became {other!r}"

    def _name(self, plain: str, other: str, place: str) -> None:
        if self.mark not in plain.lower():
            numbered = place.startswith("variable") and re.fullmatch(rf"{plain}_\d+", other)
            assert plain == other or numbered, f"{place}: our {plain} became {other}"
        if place != "keyword":
            assert self.there.setdefault((place, plain), other) == other, f"{place}: {plain}"
            assert self.back.setdefault((place, other), plain) == plain, f"{place}: {other}"


def by_scope(source: str) -> dict[str, set[str]]:
    """The own names of each function at the top of a file."""
    found: dict[str, set[str]] = defaultdict(set)
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.FunctionDef):
            found[statement.name].update(local_names(statement))
    return found
