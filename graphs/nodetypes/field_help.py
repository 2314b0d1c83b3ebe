"""Help of parameters: the string that stands under a field in the source of its class.

It is read when somebody asks: most processes train or check, and a file is parsed once for all of
its classes (pydantic would read it again for each, which took half of the library's start).
"""

from __future__ import annotations

import ast
import functools
import inspect
import sys
from collections.abc import Iterator


def help_of(owner: type, field: str) -> str:
    """The string under a field, in the class that states the field last; else nothing."""
    for class_ in owner.__mro__:
        if field in inspect.get_annotations(class_):
            return _helps(class_.__module__).get(f"{class_.__qualname__}.{field}", "")
    return ""


@functools.cache
def _helps(module: str) -> dict[str, str]:
    """The strings under all fields of a module's classes, by qualified name."""
    try:
        source = inspect.getsource(sys.modules[module])
    except (OSError, TypeError):  # made in memory, or not in Python: nobody wrote a help
        return {}
    return dict(_found(ast.parse(source), ""))


def _found(scope: ast.AST, prefix: str) -> Iterator[tuple[str, str]]:
    statements = list(ast.iter_child_nodes(scope))
    for statement, following in zip(statements, [*statements[1:], None], strict=True):
        match statement, following:
            case ast.ClassDef(name=name), _:
                yield from _found(statement, f"{prefix}{name}.")
            case ast.FunctionDef(name=name), _:
                yield from _found(statement, f"{prefix}{name}.<locals>.")
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                yield f"{prefix}{name}", inspect.cleandoc(text)
