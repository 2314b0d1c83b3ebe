"""A lock that dies with its process, so that anyone can tell a live run from a dead one."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _take(handle: int, shared: bool) -> None:
        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

    def _free(handle: int) -> None:
        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _take(handle: int, shared: bool) -> None:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)

    def _free(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_UN)


class LockedError(RuntimeError):
    """Another process holds the lock."""


class Lock:
    """Holds a lock file until it is released or the process ends, however it ends.

    Waits up to `patience` seconds, since whoever looks at a lock takes it for a moment.
    Raises LockedError.
    """

    def __init__(self, path: Path, patience: float = 1.0) -> None:
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        deadline = time.monotonic() + patience
        while not self._taken():
            if time.monotonic() > deadline:
                os.close(self._handle)
                raise LockedError(f"{path} is held by another process")
            time.sleep(0.02)

    def _taken(self) -> bool:
        try:
            _take(self._handle, shared=False)
        except OSError:
            return False
        return True

    def release(self) -> None:
        """Give the lock back."""
        _free(self._handle)
        os.close(self._handle)


def is_locked(path: Path) -> bool:
    """A process holds the lock file. Trying a shared lock keeps watchers from seeing each other."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        _take(handle, shared=True)
    except OSError:
        return True
    else:
        _free(handle)
        return False
    finally:
        os.close(handle)
