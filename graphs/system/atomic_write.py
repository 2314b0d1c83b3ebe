"""Atomic writes: a file is written whole or not at all, whenever the process or the machine dies.
What is new is written beside it first, and then takes its name.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SUFFIX = ".tmp"
"""How the names of files end that were begun and, after a kill, never finished."""

_UMASK = os.umask(0)  # asked once, at import: for a moment it holds for all threads
os.umask(_UMASK)


def write_text(path: Path, text: str, sync: bool = True) -> None:
    """Put text into a file, as UTF-8; `sync` waits for the disk. Raises OSError."""
    write_bytes(path, text.encode("utf-8"), sync)


def write_bytes(path: Path, content: bytes, sync: bool = True) -> None:
    """Put bytes into a file; `sync` waits for the disk. Raises OSError."""
    with replacing(path, sync) as temporary:
        temporary.write_bytes(content)


@contextmanager
def replacing(path: Path, sync: bool = True) -> Iterator[Path]:
    """An empty file to write to, which takes the place of `path` when the block ends without an
    error. It gets the rights of the file that it replaces, or the usual ones. Raises OSError.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=SUFFIX)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        if sync:
            _sync(temporary, os.O_RDWR)
        temporary.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_UMASK)
        _replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Wait until the names of a folder's files are on the disk."""
    if sys.platform != "win32":  # Windows has no handle for a folder
        _sync(folder, os.O_RDONLY)


def _sync(path: Path, mode: int) -> None:
    handle = os.open(path, mode)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _replace(temporary: Path, path: Path) -> None:
    """Rename over a file; Windows refuses for as long as somebody reads it."""
    for _ in range(50 if sys.platform == "win32" else 0):
        try:
            temporary.replace(path)
        except PermissionError:
            time.sleep(0.01)
        else:
            return
    temporary.replace(path)
