"""Commands about documents and node types."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from graphs.document.document import Document
from graphs.document.document_io import SUFFIX, DocumentError, read
from graphs.system.atomic_write import write_text

if TYPE_CHECKING:
    from graphs.document.problems import Problem

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "examples"


def examples(as_json: bool) -> int:
    """List the documents that come with Patchbay."""
    found = [(path, read(path)) for path in sorted(FOLDER.glob(f"*{SUFFIX}"))]
    if as_json:
        print(json.dumps([_example(path, document) for path, document in found]))
        return 0
    for path, document in found:
        print(f"{_shown(path)}\n    {document.description or document.title}")
    return 0


def check(path: Path, as_json: bool) -> int:
    """List what is wrong with a document."""
    document = _read(path)
    if document is None:
        return 2
    problems = _problems(document, path)
    if as_json:
        fields = [problem.model_dump(mode="json") for problem in problems]
        print(json.dumps({"document": str(path), "problems": fields}))
    elif problems:
        print("\n".join(map(text_of, problems)))
        print(how_to_trust(problems, path), end="")
    else:
        print(f"{path.name} has no problems.")
    return 1 if problems else 0


def export(path: Path, output: Path | None) -> int:
    """Write a document as plain PyTorch."""
    document = _read(path)
    if document is None:
        return 2
    import nodes.library  # noqa: F401  (registers the node types)
    from graphs.compiler import export as source_of
    from graphs.document.problems import ProblemsError

    try:
        source = source_of(document, path.absolute().parent)
    except ProblemsError as error:
        print("\n".join(map(text_of, error.problems)), file=sys.stderr)
        print(f"{path.name} is not exported: repair these first.", file=sys.stderr)
        print(how_to_trust(error.problems, path), end="", file=sys.stderr)
        return 1
    if output is None:
        print(source, end="")
        return 0
    return _write(output, source)


def text_of(problem: Problem) -> str:
    """A problem as one line: where, and what."""
    names = [problem.node or problem.graph, problem.port or problem.parameter]
    fixes = "".join(f" [{fix.title}]" for fix in problem.fixes)
    return f"{'.'.join(filter(None, names))}: {problem.text}{fixes}"


def how_to_trust(problems: Iterable[Problem], path: Path) -> str:
    """What to type to trust the Python files of a document; nothing where there are none."""
    names = dict.fromkeys(fix.trusts for p in problems for fix in p.fixes if fix.trusts)
    files = " ".join(shlex.quote(str(path.parent / name)) for name in names)
    words = shlex.quote(str(path))
    return f"Look at {files}; to trust it: python main.py trust {words}\n" if names else ""


def _read(path: Path) -> Document | None:
    try:
        return read(path)
    except DocumentError as error:
        print(error, file=sys.stderr)
        return None


def _write(path: Path, text: str) -> int:
    try:
        write_text(path, text)
    except OSError as error:
        print(f"{path} cannot be written: {error.strerror or error}.", file=sys.stderr)
        return 2
    print(f"Written to {path}.", file=sys.stderr)
    return 0


def _problems(document: Document, path: Path) -> tuple[Problem, ...]:
    import nodes.library  # noqa: F401  (registers the node types)
    from graphs.compiler import check as checked

    return checked(document, path.absolute().parent).problems


def _shown(path: Path) -> str:
    """A path as short as it can be typed here."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _example(path: Path, document: Document) -> dict[str, str]:
    texts = {"title": document.title, "description": document.description}
    return {"name": path.name.removesuffix(SUFFIX), **texts, "path": str(path)}
