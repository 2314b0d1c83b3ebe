"""What a data node gives, below its form; the process that looks at the data is a pretended one."""

from pathlib import Path
from typing import Any, ClassVar

import dearpygui.dearpygui as dpg
import pytest

from app.editor.inspector import data_preview
from app.editor.inspector.data_preview import WAITING, Preview
from app.editor.session.session import Session
from graphs.document.document import Document

PIXELS = {"images": [{"width": 2, "height": 2, "pixels": "/////////////////////w=="}]}
FIELD = {"name": "image", "shape": "(1, 8, 8)", "dtype": "float32", "range": [0.0, 1.0]}
ANSWER: dict[str, Any] = {
    "splits": {"train": 1437, "validation": 360},
    "looked_at": 500,
    "fields": [
        {**FIELD, "classes": [], "samples": PIXELS},
        {**FIELD, "name": "wave", "classes": [], "samples": {"curves": [[0.0, 1.0]] * 9}},
        {**FIELD, "name": "words", "classes": [], "samples": {"texts": ["a\nb"]}},
        {**FIELD, "name": "row", "classes": [], "samples": {"rows": [["1", "2"]]}},
        {**FIELD, "name": "label", "classes": [142, 146], "samples": {}},
        {**FIELD, "name": "many", "classes": [3] * 40, "samples": {}},
    ],
}


class PretendedPreviewer:
    """Answers what a test gives it."""

    answers: ClassVar[list[dict[str, Any] | None]] = []

    def __init__(self, heard: object) -> None:
        self.asked = 0

    def answer(self, document: Document, id: str, folder: Path | None) -> dict[str, Any] | None:
        self.asked += 1
        return self.answers[min(self.asked, len(self.answers)) - 1]

    def forget(self) -> None:
        self.asked = 0

    def stop(self) -> None:
        self.asked = -1


@pytest.fixture
def preview(session: Session, widgets: int, monkeypatch: pytest.MonkeyPatch) -> Preview:
    monkeypatch.setattr(data_preview, "Previewer", PretendedPreviewer)
    monkeypatch.setattr(data_preview, "PERIOD", 0.0)
    preview = Preview(session)
    dpg.push_container_stack(widgets)
    preview.build("digits")
    dpg.pop_container_stack()
    return preview


def texts() -> str:
    """What is written of the answer."""
    values = [dpg.get_value(item) for item in dpg.get_all_items()]
    return " | ".join(value for value in values if isinstance(value, str))


def test_an_answer_is_waited_for_and_shown(
    preview: Preview, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PretendedPreviewer, "answers", [None, ANSWER])
    preview.refresh("digits")
    assert WAITING in texts()
    preview.poll()
    assert preview.answer == ANSWER
    said = texts()
    assert "1,437 train, 360 validation" in said
    assert "0: 142   1: 146" in said and "40 classes, 3 to 3 samples in each" in said
    assert "first 500" in said and "a b" in said
    previewer = preview._previewer
    preview.poll()
    assert isinstance(previewer, PretendedPreviewer) and previewer.asked == 2


def test_what_went_wrong_is_shown(preview: Preview, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PretendedPreviewer, "answers", [{"error": "00.png is no image"}])
    preview.refresh("digits")
    assert "00.png is no image" in texts()


def test_nothing_is_asked_before_a_check(
    preview: Preview, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PretendedPreviewer, "answers", [ANSWER])
    session.analysis = None
    preview.refresh("digits")
    assert preview.answer is None
    preview.close()
