"""The child process in which users' modules run on the meta device. What hangs or dies there is
one sentence here.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue

CHILD = Path(__file__).with_name("sandbox_child.py")
START_SECONDS = 120.0
"""How long the child may take to import torch."""
SECONDS = 20.0
"""How long one module may take to be made and run on the meta device."""
KEPT = 512
"""How many answers are remembered."""


class Child:
    """One process, which answers one question after another."""

    def __init__(self) -> None:
        self.ended = False
        """It says nothing more, since it is at its end."""
        self._answers: Queue[str | None] = Queue()
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=tempfile.gettempdir(),
            env=_environment(),
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        threading.Thread(target=self._read, name="user modules", daemon=True).start()
        self._answer(START_SECONDS)

    def ask(self, question: str) -> str | None:
        """The answer; None when there is none in time, and then the process is at its end."""
        assert self._process.stdin
        try:
            self._process.stdin.write(question + "\n")
            self._process.stdin.flush()
        except OSError:
            return None
        return self._answer(SECONDS)

    def stop(self) -> None:
        """End the process, and what it has started."""
        with suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if stream:
                    stream.close()

    def _read(self) -> None:
        assert self._process.stdout
        with suppress(ValueError):  # closed while it was read
            for line in self._process.stdout:
                self._answers.put(line)
        self.ended = True
        self._answers.put(None)

    def _answer(self, seconds: float) -> str | None:
        try:
            return self._answers.get(timeout=seconds)
        except Empty:
            return None


def _environment() -> dict[str, str]:
    """The user's environment, without a way to our own packages."""
    ours = str(CHILD.parents[2])
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    kept = [path for path in paths if path and os.path.abspath(path) != ours]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(kept)}


_lock = threading.Lock()
_remembered: dict[str, str] = {}
_child: Child | None = None


def ask(question: str) -> str:
    """What the child says to a question (JSON, see sandbox_child.py), asked once each."""
    with _lock:
        if question not in _remembered:
            if len(_remembered) >= KEPT:
                _remembered.clear()
            _remembered[question] = _fresh(question)
        return _remembered[question]


def _fresh(question: str) -> str:
    global _child
    if _child is None or _child.ended:
        stop()
        _child = Child()
    answer = _child.ask(question)
    if answer is not None:
        return answer
    died = _child.ended
    stop()
    text = "it ended its process" if died else f"it did not end within {SECONDS:g} s"
    return json.dumps({"problem": text})


def stop() -> None:
    """End the child; the next question starts another."""
    global _child
    if _child is not None:
        _child.stop()
        _child = None


atexit.register(stop)
