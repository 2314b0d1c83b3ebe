"""Asks another process what a data node gives, so that the window never waits for data."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.runs.processes import ROOT, environment, module_command
from graphs.document.document import MAIN, Document
from graphs.document.document_io import text_of

PATIENCE = 60.0
"""Seconds after which an answer is given up."""
SUPERSEDED = 3.0
"""Seconds after which a question that nobody asks any more is given up."""
REMEMBERED = 50
LATE = {"error": "The data took longer than a minute to load, so it is not shown here."}
GONE = {"error": "The data could not be loaded: its process ended. It may be too large."}


class Previewer:
    """Answers by the text of what was asked; the newest question only is waited for. `heard` is
    called on a thread when there is something new.
    """

    def __init__(self, heard: Callable[[], object]) -> None:
        self._heard = heard
        self._known: dict[str, dict[str, Any]] = {}
        self._process: subprocess.Popen[str] | None = None
        self._answers: deque[dict[str, Any]] = deque()
        self._asked: str | None = None
        self._since = 0.0
        self._is_ready = False
        """The process has imported what it needs, which a busy machine does slowly."""

    def answer(self, document: Document, id: str, folder: Path | None) -> dict[str, Any] | None:
        """What a data node gives; None while that is being found out."""
        question = question_of(document, id, folder)
        self._take()
        if question in self._known:
            return self._known[question]
        waited = time.monotonic() - self._since if self._is_ready else 0.0
        if self._asked == question and waited > PATIENCE:
            self._give_up(LATE)
        elif self._asked == question and self._process and self._process.poll() is not None:
            self._take()
            if question not in self._known:
                self._give_up(GONE)
        elif self._asked is None:
            self._ask(question)
        elif self._asked != question and waited > SUPERSEDED:
            self.stop()
        return self._known.get(question)

    def forget(self) -> None:
        """Files may have changed: find out anew what is asked."""
        self._known.clear()

    def stop(self) -> None:
        """End the process; the next question starts another."""
        self._asked = None
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _ask(self, question: str) -> None:
        process = self._process
        if process is None or process.poll() is not None:
            process = self._process = self._start()
        assert process.stdin
        self._asked, self._since = question, time.monotonic()
        try:
            process.stdin.write(question + "\n")
            process.stdin.flush()
        except OSError:
            self._give_up(GONE)

    def _start(self) -> subprocess.Popen[str]:
        self._is_ready = False
        process = subprocess.Popen(
            module_command("app.previews.worker"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            cwd=ROOT,
            env=environment(),
        )
        self._answers = deque()  # one that was given up may still answer, into its own
        listening = (process, self._answers)
        threading.Thread(target=self._listen, args=listening, daemon=True).start()
        return process

    def _listen(self, process: subprocess.Popen[str], answers: deque[dict[str, Any]]) -> None:
        assert process.stdout
        for line in process.stdout:
            answers.append(json.loads(line))
            self._heard()
        self._heard()

    def _take(self) -> None:
        """Remember what was answered since the last look; a process answers one at a time."""
        while self._answers:
            answer = self._answers.popleft()
            if "ready" in answer:
                self._is_ready, self._since = True, time.monotonic()
            elif self._asked:
                self._remember(self._asked, answer)

    def _remember(self, question: str, answer: dict[str, Any]) -> None:
        if question == self._asked:
            self._asked = None
        self._known[question] = answer
        while len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]

    def _give_up(self, answer: dict[str, Any]) -> None:
        question = self._asked
        self.stop()
        if question:
            self._remember(question, answer)


def question_of(document: Document, id: str, folder: Path | None) -> str:
    """A line that asks for a node alone: edits elsewhere in the document ask nothing new."""
    main = document.main
    node = main.nodes[id].model_copy(update={"position": (0.0, 0.0), "label": ""})
    alone = main.model_copy(update={"nodes": {id: node}, "wires": ()})
    small = document.model_copy(update={"graphs": {MAIN: alone}, "title": "", "description": ""})
    place = str(folder) if folder else ""
    return json.dumps({"document": text_of(small), "node": id, "folder": place})
