"""Which Python files this user trusts, by what is in them. Kept beside the user's runs, never in a
document: a document comes from whoever wrote it.
"""

from __future__ import annotations

import json
from pathlib import Path

from graphs.system.atomic_write import write_text
from graphs.system.user_dirs import home

LARGEST = 2**20
"""Bytes of the largest list that is read."""


def trust_path() -> Path:
    """Where the list lies: SHA-256 of a file -> its name when it was trusted."""
    return home() / "trusted.json"


def is_trusted(digest: str) -> bool:
    """Whether the user trusts what a file with this SHA-256 holds."""
    return digest in _trusted()


def trust(digest: str, name: str) -> None:
    """Remember that the user trusts a file. Raises OSError."""
    path = trust_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps({**_trusted(), digest: name}, indent=1) + "\n")


def _trusted() -> dict[str, str]:
    """The list; a damaged one trusts nothing."""
    path = trust_path()
    try:
        if path.stat().st_size > LARGEST:
            return {}
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return entries if isinstance(entries, dict) else {}
