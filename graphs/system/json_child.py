"""A child process that speaks lines of JSON: it says that it is ready, then answers each question
with one line. What hangs or dies there is one sentence here.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue
from typing import Any

START_SECONDS = 120.0
"""How long a child may take to say that it is ready: it may import torch on a busy machine."""


class ChildError(RuntimeError):
    """A child did not answer; the text says what it did, as in "it ended its process"."""


class JsonChild:
    """One process, started at once. Its first line, of whatever JSON, says that it is ready.

    Those who may wait `ask`; those who may not `send`, and `take` when `heard` was called, which a
    thread does whenever there is something new: an answer, or the end.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        heard: Callable[[], object] = lambda: None,
    ) -> None:
        self.is_ready = False
        self.has_ended = False
        """It says nothing more."""
        self._heard = heard
        self._said: Queue[Any] = Queue()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=environment,
            text=True,
            encoding="utf-8",
            start_new_session=True,  # so that all it starts can be ended with it
        )
        self._ready = threading.Event()
        threading.Thread(target=self._listen, name="child", daemon=True).start()

    def ask(self, question: object, seconds: float) -> Any:
        """The answer to a question. Raises ChildError when there is none in time."""
        if not self._ready.wait(START_SECONDS):
            raise ChildError(f"it did not start within {START_SECONDS:g} s")
        self.send(question)
        return self.wait(seconds)

    def wait(self, seconds: float) -> Any:
        """The next answer. Raises ChildError when there is none in time."""
        try:
            return self._told(self._said.get(timeout=seconds))
        except Empty:
            raise ChildError(f"it did not end within {seconds:g} s") from None

    def send(self, question: object) -> None:
        """Ask without waiting. Raises ChildError when there is nobody to ask."""
        assert self._process.stdin
        try:
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise ChildError("it ended its process") from error

    def take(self) -> Any:
        """An answer that has come; None while there is none. Raises ChildError when none will."""
        try:
            return self._told(self._said.get_nowait())
        except Empty:
            return None

    def stop(self) -> None:
        """End the process, and what it has started."""
        with suppress(OSError):  # it has ended by itself
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()
        self._process.wait()
        assert self._process.stdin
        with suppress(OSError):  # half a question may be left in it
            self._process.stdin.close()

    def _told(self, said: Any) -> Any:
        if isinstance(said, ChildError):
            self._said.put(said)  # whoever asks again hears it again
            raise said
        return said

    def _listen(self) -> None:
        end = ChildError("it ended its process")
        assert self._process.stdout
        with self._process.stdout as lines:
            try:
                for line in lines:
                    self._hear(json.loads(line))
            except ValueError as error:
                end = ChildError(f"it said what is no JSON: {error}")
        self.has_ended = True
        self._said.put(end)
        self._ready.set()
        self._heard()

    def _hear(self, said: Any) -> None:
        if self._ready.is_set():
            self._said.put(said)
        else:
            self.is_ready = True
            self._ready.set()
        self._heard()
