"""The child process in which users' modules run on the meta device."""

from __future__ import annotations

import atexit
import json
import os
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from graphs.system.json_child import ChildError, JsonChild

CHILD = Path(__file__).with_name("sandbox_child.py")
SECONDS = 20.0
"""How long one module may take to be made and run on the meta device."""
KEPT = 512
"""How many answers are remembered."""


def _environment() -> dict[str, str]:
    """The user's environment, without a way to our own packages."""
    ours = str(CHILD.parents[2])
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    kept = [path for path in paths if path and os.path.abspath(path) != ours]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(kept)}


_lock = threading.Lock()
_remembered: dict[str, dict[str, Any]] = {}
_child: JsonChild | None = None


def ask(question: dict[str, Any]) -> dict[str, Any]:
    """What the child says to a question (see sandbox_child.py), asked once each."""
    with _lock:
        key = json.dumps(question)
        if key not in _remembered:
            if len(_remembered) >= KEPT:
                _remembered.clear()
            _remembered[key] = _fresh(question)
        return _remembered[key]


def _fresh(question: dict[str, Any]) -> dict[str, Any]:
    global _child
    if _child is None or _child.has_ended:
        stop()
        command = [sys.executable, "-P", str(CHILD)]
        _child = JsonChild(command, Path(tempfile.gettempdir()), _environment())
    try:
        answer: dict[str, Any] = _child.ask(question, SECONDS)
    except ChildError as error:
        stop()
        return {"problem": str(error)}
    return answer


def stop() -> None:
    """End the child; the next question starts another."""
    global _child
    if _child is not None:
        _child.stop()
        _child = None


atexit.register(stop)
