"""What data nodes give is found out in another process, whatever becomes of it."""

import threading
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from app.editor.session import preview_process
from app.editor.session.preview_process import GONE, LATE, Previewer
from graphs.document.document import Document, Graph, Node

WAIT = 60


class Waiting:
    """A previewer, and a way to wait until it has heard something."""

    def __init__(self) -> None:
        self._heard = threading.Event()
        self.previewer = Previewer(self._heard.set)

    def answer(self, id: str, **given: Any) -> dict[str, Any]:
        """The answer to a question, once it is there."""
        while True:
            self._heard.clear()
            found = self.previewer.answer(drawn(**given), id, None)
            if found is not None:
                return found
            assert self._heard.wait(WAIT)

    def process(self) -> psutil.Process:
        """The process that answers."""
        (found,) = (p for p in psutil.Process().children() if "app.previews.worker" in p.cmdline())
        return found


def drawn(**given: Any) -> Document:
    nodes = {
        "moons": Node(type="Moons", parameters={"samples": 30, **given}),
        "relu": Node(type="ReLU"),
    }
    return Document(graphs={"main": Graph(nodes=nodes)})


@pytest.fixture
def waiting() -> Iterator[Waiting]:
    made = Waiting()
    yield made
    made.previewer.stop()


def test_it_answers_and_remembers(waiting: Waiting) -> None:
    answer = waiting.answer("moons")
    assert answer["splits"]["train"] == 30
    assert waiting.previewer.answer(drawn(), "moons", None) is answer
    assert "problem" in waiting.answer("relu")["error"]
    assert waiting.answer("moons", samples=40)["splits"]["train"] == 40
    waiting.previewer.forget()
    assert waiting.answer("moons") == answer


def test_a_process_that_dies_is_one_sentence_and_another_follows(waiting: Waiting) -> None:
    waiting.answer("moons")
    waiting.process().suspend()
    assert waiting.previewer.answer(drawn(samples=40), "moons", None) is None
    waiting.process().kill()
    assert waiting.answer("moons", samples=40) == GONE
    assert waiting.answer("moons", samples=50)["splits"]["train"] == 50


def test_one_that_takes_too_long_is_given_up(
    waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting.answer("moons")
    monkeypatch.setattr(preview_process, "PATIENCE", -1.0)
    question = drawn(samples=60), "moons", None
    assert waiting.previewer.answer(*question) is None
    assert waiting.previewer.answer(*question) == LATE


def test_one_that_nobody_asks_for_any_more_makes_room(
    waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting.answer("moons")
    monkeypatch.setattr(preview_process, "SUPERSEDED", -1.0)
    assert waiting.previewer.answer(drawn(samples=100_000), "moons", None) is None
    assert waiting.answer("moons", samples=70)["splits"]["train"] == 70
