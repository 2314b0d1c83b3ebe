"""A child that speaks JSON: what it answers, and one sentence for each way in which it does not."""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from graphs.system import json_child
from graphs.system.json_child import ChildError, JsonChild

ECHO = "for line in sys.stdin: print(line, end='', flush=True)"
SECONDS = 20.0


@contextmanager
def child(code: str, ready: str = "print('[1]', flush=True)") -> Iterator[JsonChild]:
    command = [sys.executable, "-I", "-c", f"import os, sys, time\n{ready}\n{code}"]
    started = JsonChild(command, Path.cwd(), os.environ)
    yield started
    started.stop()


def test_it_answers_question_after_question() -> None:
    with child(ECHO) as echo:
        for question in ({"σ": [1, None]}, "text", 0.5):
            assert echo.ask(question, SECONDS) == question
        assert echo.is_ready and not echo.has_ended


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("sys.stdin.readline(); os._exit(3)", "it ended its process"),
        ("sys.stdin.readline(); print('{', flush=True); sys.stdin.read()", "no JSON"),
        ("time.sleep(60)", "it did not end within 0.2 s"),
    ],
)
def test_what_goes_wrong_is_one_sentence(code: str, words: str) -> None:
    with child(code) as wrong, pytest.raises(ChildError, match=words):
        wrong.ask({}, 0.2 if "sleep" in code else SECONDS)


def test_one_that_never_starts_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_child, "START_SECONDS", 0.2)
    with child(ECHO, "time.sleep(60)") as slow, pytest.raises(ChildError, match="not start within"):
        slow.ask({}, SECONDS)


def test_one_that_dies_at_once_is_one_sentence() -> None:
    with child(ECHO, "os._exit(1)") as dead, pytest.raises(ChildError, match="ended its process"):
        dead.ask({}, SECONDS)


def test_who_may_not_wait_is_called_and_takes() -> None:
    heard = threading.Semaphore(0)
    command = [sys.executable, "-I", "-c", f"import sys\nprint(0, flush=True)\n{ECHO}"]
    echo = JsonChild(command, Path.cwd(), os.environ, heard.release)
    echo.send([1])
    assert heard.acquire(timeout=SECONDS)  # it is ready
    assert heard.acquire(timeout=SECONDS)
    assert echo.take() == [1]
    assert echo.take() is None
    echo.stop()
    assert heard.acquire(timeout=SECONDS)
    for _ in range(2):
        with pytest.raises(ChildError, match="ended"):
            echo.take()
    assert echo.has_ended


@pytest.mark.skipif(sys.platform == "win32", reason="processes have no groups there")
def test_what_it_started_ends_with_it(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = (
        "import subprocess\n"
        "grandchild = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(note)!r}, 'w').write(str(grandchild.pid))\n"
        "print(1, flush=True)\n" + ECHO
    )
    with child("", code) as parent:
        parent.ask(1, SECONDS)
    end = time.monotonic() + SECONDS
    while _is_alive(int(note.read_text())):
        assert time.monotonic() < end
        time.sleep(0.01)


def _is_alive(pid: int) -> bool:
    """Whether a process runs; one that nobody has waited for yet does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
