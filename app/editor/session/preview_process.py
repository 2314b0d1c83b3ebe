"""Asks another process what a data node gives, so that the window never waits for data."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.runs.processes import ROOT, environment, module_command
from graphs.document.document import MAIN, Document
from graphs.document.document_io import text_of
from graphs.system.json_child import ChildError, JsonChild

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
        self._child: JsonChild | None = None
        self._asked: str | None = None
        self._since: float | None = None
        """Since when the child, which takes its time to start, could have answered."""

    def answer(self, document: Document, id: str, folder: Path | None) -> dict[str, Any] | None:
        """What a data node gives; None while that is being found out."""
        question = question_of(document, id, folder)
        self._take()
        if question in self._known:
            return self._known[question]
        waited = time.monotonic() - self._since if self._since else 0.0
        if self._asked == question and waited > PATIENCE:
            self._give_up(LATE)
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
        self._asked = self._since = None
        if self._child:
            self._child.stop()
            self._child = None

    def _ask(self, question: str) -> None:
        if self._child is None or self._child.has_ended:
            self.stop()
            command = module_command("app.previews.worker")
            self._child = JsonChild(command, ROOT, environment(), self._heard)
        self._asked = question
        self._since = time.monotonic() if self._child.is_ready else None
        try:
            self._child.send(json.loads(question))
        except ChildError:
            self._give_up(GONE)

    def _take(self) -> None:
        """Remember what was answered since the last look; a process answers one at a time."""
        if self._child is None:
            return
        if self._asked and self._since is None and self._child.is_ready:
            self._since = time.monotonic()
        try:
            answer = self._child.take()
        except ChildError:
            self._give_up(GONE)
            return
        if answer is not None and self._asked:
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
    """JSON that asks for a node alone: edits elsewhere in the document ask nothing new."""
    main = document.main
    node = main.nodes[id].model_copy(update={"position": (0.0, 0.0), "label": ""})
    alone = main.model_copy(update={"nodes": {id: node}, "wires": ()})
    small = document.model_copy(update={"graphs": {MAIN: alone}, "title": "", "description": ""})
    place = str(folder) if folder else ""
    return json.dumps({"document": text_of(small), "node": id, "folder": place})
