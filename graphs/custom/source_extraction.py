"""The source of users' classes as it stands in a program: each with what it needs of its file, in
the file's order, under names that nothing else in the program has.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from graphs.custom.python_files import Definition, PythonFile, bound_names, imported_names, words
from graphs.document.identifiers import WORDS
from graphs.nodetypes.node_type import Misfit

Meanings = Mapping[str, str]
"""Names, each with what it is imported from; nothing for what a program defines itself."""


@dataclass
class UserCode:
    """What users' files give to one program."""

    taken: dict[str, str] = field(default_factory=lambda: dict.fromkeys(WORDS, ""))
    texts: list[str] = field(default_factory=list)
    imports: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    """All that the texts and imports bring into the program."""
    _titles: dict[tuple[PythonFile, str], str] = field(default_factory=dict)

    def add(self, file: PythonFile, classes: Iterable[str]) -> None:
        """Take classes of a file, with what they need. Raises Misfit where names collide so that
        they cannot be changed.
        """
        statements = _needed(file, classes)
        mentioned = set().union(*map(words, statements))
        defined = [name for statement in statements for name in bound_names(statement)]
        new = {name: self._free(name, "") for name in defined}
        for name, line_of, meaning in _imports(file):
            if name in mentioned and name not in defined:
                new[name] = new.get(name) or self._free(name, meaning)
                self.imports.add(line_of(new[name]))
        if any(n == "annotations" for s in _future(file) for n, _ in imported_names(s)):
            self.imports.add("from __future__ import annotations")
        changed = {old: name for old, name in new.items() if old != name}
        self.texts += [_text(file, statement, changed) for statement in statements]
        self.names.update(new.values())
        self._titles.update({(file, name): new[name] for name in defined})

    def title(self, file: PythonFile, class_name: str) -> str:
        """What a class is called in the program."""
        return self._titles[file, class_name]

    def _free(self, name: str, meaning: str) -> str:
        """The name, or it with a number where the program means something else by it."""
        free, number = name, 1
        while free in self.taken and not (meaning and self.taken[free] == meaning):
            number += 1
            plain = name[0].islower() or name.isupper()
            free = f"{name}_{number}" if plain else f"{name}{number}"
        self.taken[free] = meaning
        return free


def _needed(file: PythonFile, classes: Iterable[str]) -> list[ast.stmt]:
    """The definitions of a file that classes need, in its order."""
    definitions = [s for s in file.tree.body if isinstance(s, Definition)]
    reached: set[str] = set()
    waiting = list(classes)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            for statement in definitions:
                if name in bound_names(statement):
                    waiting += words(statement)
    return [s for s in definitions if reached & {*bound_names(s)}]


def _future(file: PythonFile) -> Iterator[ast.ImportFrom]:
    for statement in file.tree.body:
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
            yield statement


class _Line:
    """An import under whatever name."""

    def __init__(self, module: str, part: str, name: str) -> None:
        self.module = module
        self.part = part
        self.name = name

    def __call__(self, name: str) -> str:
        if not self.part and name == self.name and name == self.module.split(".")[0]:
            return f"import {self.module}"
        if not self.part and "." not in self.module:
            return f"import {self.module} as {name}"
        if not self.part:
            module, _, part = self.module.rpartition(".")
            return _Line(module, part, name)(name)
        renamed = "" if name == self.part else f" as {name}"
        return f"from {self.module} import {self.part}{renamed}"


def _imports(file: PythonFile) -> Iterator[tuple[str, _Line, str]]:
    """Each name that the file imports at its top, the line for it, and what it stands for."""
    for statement in file.tree.body:
        if not isinstance(statement, ast.Import | ast.ImportFrom):
            continue
        found = zip(statement.names, imported_names(statement), strict=True)
        for alias, (name, meaning) in found:
            if isinstance(statement, ast.Import):
                yield name, _Line(alias.name, "", name), meaning
            elif statement.module != "__future__":
                yield name, _Line(statement.module or "", alias.name, name), meaning


def _text(file: PythonFile, statement: ast.stmt, changed: Mapping[str, str]) -> str:
    """A definition's source, with other names where there are some."""
    mine = {old: new for old, new in changed.items() if old in _mentions(statement)}
    if not mine:
        first = min([statement.lineno, *(d.lineno for d in _decorators(statement))])
        lines = file.text.split("\n")[first - 1 : statement.end_lineno]
        alone = isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        return "\n".join(lines) if alone else ast.get_source_segment(file.text, statement) or ""
    if local := sorted(set(mine) & {*_bound_inside(statement)}):
        text = "a word of exported code, and uses it for two things: rename one of them"
        raise Misfit(f"{file.name} has a name {local[0]}, {text}")
    return ast.unparse(_Renamer(mine).visit(copy.deepcopy(statement)))


def _decorators(statement: ast.stmt) -> list[ast.expr]:
    return list(getattr(statement, "decorator_list", []))


def _mentions(statement: ast.stmt) -> set[str]:
    return {*words(statement), *bound_names(statement)}


def _bound_inside(statement: ast.stmt) -> Iterator[str]:
    """Names that functions and classes inside a definition use for things of their own."""
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        return
    for part in ast.walk(statement):
        match part:
            case ast.arg(arg=name) | ast.ExceptHandler(name=str(name)):
                yield name
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                yield name
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                yield from names
            case ast.Import() | ast.ImportFrom():
                yield from (name for name, _ in imported_names(part))
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name
            case ast.MatchMapping(rest=str(name)):
                yield name
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                if part is not statement:
                    yield part.name


class _Renamer(ast.NodeTransformer):
    """Gives names of a file's top other names."""

    def __init__(self, changed: Mapping[str, str]) -> None:
        self._changed = changed
        self._depth = 0

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self._changed.get(node.id, node.id)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._definition(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._definition(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._definition(node)

    def _definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> ast.AST:
        if self._depth == 0:
            node.name = self._changed.get(node.name, node.name)
        self._depth += 1
        self.generic_visit(node)
        self._depth -= 1
        return node
