"""Sentences for people: what was saved, what could not be, what is wrong with a run."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton

from app.monitor.data import colours

SECONDS = 8


class Bar(QFrame):
    """A strip with one or more sentences, hidden when there are none."""

    def __init__(self) -> None:
        super().__init__(objectName="message")
        self.label = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(12, 6, 6, 6)
        self._row.addWidget(self.label, 1)
        self.hide()

    def show_text(self, text: str, colour: str) -> None:
        self.label.setText(text)
        self.label.setStyleSheet(f"color: {colour};")
        self.setStyleSheet(f"QFrame#message {{ border-left: 3px solid {colour}; }}")
        self.setVisible(bool(text))


class Notices(Bar):
    """What is wrong with the runs that are shown, as long as it is."""

    def set_texts(self, texts: Sequence[str]) -> None:
        text = "\n".join(texts)
        if text != self.label.text():
            self.show_text(text, colours.WARNING)


class Messages(Bar):
    """The answer to what a person just did. Good news goes away by itself, an error stays."""

    def __init__(self) -> None:
        super().__init__()
        close = QToolButton(text="×", objectName="quiet", toolTip="Close this message")
        close.clicked.connect(self.hide)
        self._row.addWidget(close)
        self._timer = QTimer(self, singleShot=True, interval=SECONDS * 1000)
        self._timer.timeout.connect(self.hide)

    def error(self, text: str) -> None:
        self._timer.stop()
        self.show_text(text, colours.ERROR)

    def good(self, text: str) -> None:
        self._timer.start()
        self.show_text(text, colours.GOOD)
