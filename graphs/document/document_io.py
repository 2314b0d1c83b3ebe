"""Documents on disk: `name.graph.json`. A file from a stranger is data; a bad one is refused in one
sentence.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from graphs.document.document import Document
from graphs.document.validation_faults import first_fault
from graphs.system.atomic_write import write_text

SUFFIX = ".graph.json"
FORMAT = 1
MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""From a format to the next: takes and returns the file's JSON."""
LARGEST = 64 * 2**20
"""Bytes of the largest file that is read."""


class DocumentError(ValueError):
    """A file that is no document; its text is one sentence that says what to do."""


def read(path: Path) -> Document:
    """The document in a file. Raises DocumentError when there is none to be had."""
    try:
        if path.stat().st_size > LARGEST:
            raise DocumentError(
                f"{path.name} is larger than {LARGEST >> 20} MiB, which no document is"
            )
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise DocumentError(f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise DocumentError(f"{path.name} is not UTF-8 text, so it is not a document") from error
    return parse(text, path.name)


def parse(text: str, name: str = "the text") -> Document:
    """The document in a text. Raises DocumentError, which calls the text by its name."""
    try:
        return Document.model_validate(_migrated(_json(text), name))
    except ValidationError as error:
        fault = first_fault(error)
        raise DocumentError(
            f"{name} is not a document: at {fault.where}, {fault.message}"
        ) from error
    except (ValueError, RecursionError) as error:
        if isinstance(error, DocumentError):
            raise
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise DocumentError(f"{name} is not valid JSON: {reason}") from error


def text_of(document: Document) -> str:
    """The document as the text of its file."""
    return json.dumps(document.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n"


def write(document: Document, path: Path) -> None:
    """Put the document into a file, whole or not at all. Raises OSError."""
    write_text(path, text_of(document))


def _json(text: str) -> dict[str, Any]:
    value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    if not isinstance(value, dict):
        raise ValueError("a document is a JSON object")
    text.encode("utf-8")
    json.dumps(value, ensure_ascii=False).encode(
        "utf-8"
    )  # a lone surrogate fails here, not at the next save
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {twice!r} stands twice in one object")
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number that JSON knows")


def _migrated(value: dict[str, Any], name: str) -> dict[str, Any]:
    version = value.get("format", FORMAT)
    if not isinstance(version, int) or version < 1:
        raise DocumentError(f"{name} has the format {version!r}, which is not an integer above 0")
    if version > FORMAT:
        raise DocumentError(
            f"{name} has format {version}; this Patchbay reads up to {FORMAT}: install a newer one"
        )
    while version < FORMAT:
        value = MIGRATIONS[version](value)
        version += 1
    return {**value, "format": FORMAT}
