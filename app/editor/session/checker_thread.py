"""Checks documents on a thread of its own, so that the window paints while torch loads and thinks.

The thread imports torch, the node library and the checker; it makes no call to Dear PyGui. What
it finds is posted to the inbox of the window's loop.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from graphs.document.document import Document
from graphs.system.user_dirs import home
from nodes.search import make_table

if TYPE_CHECKING:
    from graphs.check.facts_cache import Cache
    from graphs.check.results import Checked
    from graphs.nodetypes.node_type import NodeType

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Loaded:
    """The library is there."""

    library: Mapping[str, type[NodeType]]
    devices: tuple[str, ...]
    """Where this machine can train."""


@dataclass(frozen=True)
class Found:
    """A document was checked."""

    document: Document
    checked: Checked


@dataclass(frozen=True)
class Printed:
    """The program of a document was asked for."""

    document: Document
    source: str
    """The exported program; empty when it could not be written."""


@dataclass(frozen=True)
class Failed:
    """Something went wrong that should not; the log has the traceback."""

    text: str


News = Loaded | Found | Printed | Failed


class Checker:
    """Checks the newest document that was asked for, and prints when somebody looks; older
    questions are forgotten. `post` gets the news, on this thread.
    """

    def __init__(self, post: Callable[[News], object]) -> None:
        self._post = post
        self._to_check: tuple[Document, Path | None] | None = None
        self._to_print: tuple[Document, Path | None, Checked] | None = None
        self._wake = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="checker", daemon=True)

    def start(self) -> None:
        """Begin to load the library."""
        self._thread.start()

    def ask(self, document: Document, folder: Path | None) -> None:
        """Check a document, soon."""
        with self._wake:
            self._to_check = document, folder
            self._wake.notify()

    def print(self, document: Document, folder: Path | None, checked: Checked) -> None:
        """Print the program of a checked document, soon."""
        with self._wake:
            self._to_print = document, folder, checked
            self._wake.notify()

    def stop(self) -> None:
        """End the thread, when it next looks up."""
        with self._wake:
            self._ended = True
            self._wake.notify()

    def _run(self) -> None:
        try:
            self._post(_load())
            self._cache = _remembered()
        except Exception as error:
            log.exception("the node library did not load")
            self._post(Failed(f"The node library did not load: {error}"))
            return
        while answer := self._next():
            answer()
            _prepare_search()

    def _next(self) -> Callable[[], None] | None:
        """What is to be done next: a check before a print, which would print what it replaces."""
        with self._wake:
            self._wake.wait_for(lambda: self._to_check or self._to_print or self._ended)
            check, self._to_check = self._to_check, None
            if self._ended:
                return None
            if check:
                return partial(self._check, *check)
            printed, self._to_print = self._to_print, None
            assert printed
            return partial(self._print, *printed)

    def _check(self, document: Document, folder: Path | None) -> None:
        from graphs.compiler import check

        try:
            checked = check(document, folder, self._cache)
        except Exception as error:
            log.exception("a check failed")
            self._post(Failed(f"The check failed: {error}. The log has the details."))
            return
        self._post(Found(document, checked))
        self._remember()

    def _remember(self) -> None:
        """Keep what was inferred for the next start; without a place for it, only for this one."""
        try:
            self._cache.save()
        except OSError as error:
            log.warning("shapes are not kept on disk: %s", error)
            self._cache.path = None

    def _print(self, document: Document, folder: Path | None, checked: Checked) -> None:
        from graphs.compiler import export

        try:
            source = export(document, folder, checked)
        except Exception as error:
            log.exception("an export failed")
            self._post(Failed(f"No program was written: {error}. The log has the details."))
            source = ""
        self._post(Printed(document, source))


def _remembered() -> Cache:
    """What earlier editors inferred with this library and this torch."""
    from graphs.check.facts_cache import Cache, cache_name

    return Cache(home() / "cache" / cache_name())


def _prepare_search() -> None:
    """After the first check, since that is waited for; a later call finds all done."""
    from graphs.nodetypes.node_type import node_types

    make_table(node_types().values())


def _load() -> Loaded:
    import torch

    import nodes.library  # noqa: F401
    from graphs import compiler  # noqa: F401
    from graphs.nodetypes.node_type import node_types

    devices = ["auto", "cpu"]
    if torch.cuda.is_available():
        devices += ["cuda", *(f"cuda:{index}" for index in range(1, torch.cuda.device_count()))]
    if torch.backends.mps.is_available():
        devices.append("mps")
    return Loaded(dict(node_types()), tuple(devices))
