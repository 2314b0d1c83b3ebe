"""Trust in Python files that documents name: given here, kept for this user, in no document."""

from __future__ import annotations

import sys
from pathlib import Path

import nodes.library  # noqa: F401  (registers the node types)
from graphs.compiler import check
from graphs.custom.python_files import read_python
from graphs.custom.trust import trust as remember
from graphs.document.document import Document
from graphs.document.document_io import SUFFIX, DocumentError, read, write
from graphs.document.edits import apply
from graphs.nodetypes.node_type import Misfit


def trust(paths: list[Path]) -> int:
    """Trust Python files, or all those that documents name."""
    return max(map(_trust, paths))


def _trust(path: Path) -> int:
    try:
        if path.name.endswith(SUFFIX):
            return _trust_document(path)
        file = read_python(path.absolute().parent, path.name)
        remember(file.digest, file.name)
    except (DocumentError, Misfit) as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{error.filename} cannot be written: {error.strerror or error}.", file=sys.stderr)
        return 2
    print(f"{path} is trusted as it is now (SHA-256 {file.digest}): it may run as a program.")
    return 0


def _trust_document(path: Path) -> int:
    """Trust the Python files that a document names, and let it name them as they are now."""
    document = read(path)
    trusting = with_trust(document, path.absolute().parent)
    if trusting == document:
        print(f"{path.name} names no Python file that has to be trusted.")
        return 0
    write(trusting, path)
    return 0


def with_trust(document: Document, folder: Path) -> Document:
    """The document with its Python files trusted as they are now. Raises OSError, Misfit."""
    fixes = [fix for p in check(document, folder).problems for fix in p.fixes if fix.trusts]
    for fix in fixes:
        file = read_python(folder, fix.trusts)
        remember(file.digest, file.name)
        print(f"{fix.trusts} is trusted as it is now (SHA-256 {file.digest}).", file=sys.stderr)
        document = apply(document, *fix.edits)
    return document
