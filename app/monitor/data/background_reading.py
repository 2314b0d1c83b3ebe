"""Slow work on threads: a run of a million rows must not hold the window up. Needs no window."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

THREADS = 3
"""A huge run may occupy one while the list of runs and a small run go on."""


class BackgroundReader:
    """Takes jobs by key and hands back their results. A key under way is not asked again."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="reading")
        self._jobs: dict[Hashable, Future[Any]] = {}

    @property
    def busy(self) -> bool:
        """Some job is under way, or its result was not yet taken."""
        return bool(self._jobs)

    def ask(self, key: Hashable, work: Callable[[], object]) -> None:
        """Starts a job unless one with this key is under way."""
        if key not in self._jobs:
            self._jobs[key] = self._pool.submit(work)

    def take(self) -> dict[Hashable, Any]:
        """The results that have come, by key. Raises what a job raised."""
        done = [key for key, job in self._jobs.items() if job.done()]
        return {key: self._jobs.pop(key).result() for key in done}

    def close(self) -> None:
        """Lets running jobs end and starts no more."""
        self._pool.shutdown(wait=False, cancel_futures=True)
