"""The editor's real window on a virtual screen, driven with a real mouse and keyboard.

Where things are is asked over the editor's test channel; what is done is done by xdotool alone.
"""

import json
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.gui.screen import Screen

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 40.0


class EditorWindow:
    """One editor process. `ask` reads, everything else moves the mouse or presses keys."""

    def __init__(self, screen: Screen, folder: Path, *arguments: str) -> None:
        self.screen = screen
        self.log = folder / f"editor-{time.time_ns()}.log"
        self._socket = folder / f"channel-{time.time_ns()}"
        environment = {
            "PATCHBAY_TEST_CHANNEL": str(self._socket),
            "PATCHBAY_HOME": str(folder / "home"),
            "PATCHBAY_FILE_DIALOG": "plain",
        }
        command = [sys.executable, "-X", "faulthandler", str(ROOT / "main.py"), *arguments]
        with self.log.open("w") as log:
            self.process = screen.start(
                *command, env=environment, cwd=folder, stdout=log, stderr=subprocess.STDOUT
            )
        screen.wait_until(self._answers, PATIENCE)
        screen.settle = self.two_frames

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"The editor ended: {self.log.read_text()}")
        if not self._socket.exists():
            return False
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.settimeout(PATIENCE)
        try:
            self._connection.connect(str(self._socket))
        except ConnectionRefusedError:  # it is bound and does not listen yet
            self._connection.close()
            return False
        self._stream = self._connection.makefile("rw")
        return True

    def ask(self, *words: str) -> Any:
        """Ask the channel for something."""
        self._stream.write(" ".join(words) + "\n")
        self._stream.flush()
        return json.loads(self._stream.readline())

    def two_frames(self) -> None:
        """Wait until what was done has been painted."""
        start = self.ask("frame")
        while self.ask("frame") < start + 2:
            time.sleep(0.01)

    def wait_for(self, *words: str, timeout: float = PATIENCE) -> Any:
        """Wait until an answer is true: that answer, since the next may be another."""
        answers: list[Any] = []

        def is_true() -> bool:
            answers.append(self.ask(*words))
            return bool(answers[-1])

        self.screen.wait_until(is_true, timeout)
        return answers[-1]

    def wait_until_checked(self) -> None:
        """Wait until what the window says is about the document as it is."""
        self.two_frames()
        self.wait_for("checked")
        self.two_frames()

    def centre(self, tag: str) -> tuple[float, float]:
        """The middle of a widget."""
        left, top, right, bottom = self.wait_for("rect", tag)
        return (left + right) / 2, (top + bottom) / 2

    def click(self, tag: str) -> None:
        self.screen.click(*self.centre(tag))

    def fill(self, tag: str, text: str) -> None:
        """Put text in place of what a field holds."""
        self.click(tag)
        self.screen.key("ctrl+a")
        self.screen.type(text)

    def nodes(self) -> dict[str, Any]:
        return self.ask("document")["graphs"]["main"]["nodes"]

    def wires(self) -> list[str]:
        """The wires as text: `digits.image > conv2d.x`."""
        wires = self.ask("document")["graphs"]["main"]["wires"]
        return [f"{'.'.join(w['source'])} > {'.'.join(w['target'])}" for w in wires]

    def drop(self, type_name: str, x: float, y: float) -> str:
        """Find a type in the palette, and drag it to a place of the window; the new node's id."""
        before = set(self.nodes())
        self.fill("palette/search", type_name.rpartition("/")[2])
        self._scroll_to(f"palette/{type_name}")
        self.screen.drag(self.centre(f"palette/{type_name}"), (x, y), steps=3)
        (id,) = set(self.nodes()) - before
        self.click("palette/search")
        self.screen.key("ctrl+a", "Delete")
        return id

    def _scroll_to(self, entry: str) -> None:
        """Turn the wheel over the palette until an entry is in sight: down to its end, then up."""
        left, top, right, bottom = self.ask("rect", "palette")
        place = (left + right) / 2, (top + bottom) / 2
        for notches in (*[-3] * 30, *[3] * 30):
            rect = self.ask("rect", entry)
            if rect and top + 50 < (rect[1] + rect[3]) / 2 < bottom - 16:
                return
            self.screen.scroll(*place, notches)
        raise AssertionError(f"{entry} is not in the palette")

    def wire(self, source: str, target: str) -> None:
        """Drag from one port to another, each given as `node.port`."""
        start = self.ask("port", "output", *source.split("."))
        end = self.ask("port", "input", *target.split("."))
        self.screen.drag(start, end, steps=3)

    def node_centre(self, id: str) -> tuple[float, float]:
        left, top, right, bottom = self.ask("node", id)
        return (left + right) / 2, (top + bottom) / 2

    def open_block(self, id: str, timeout: float = PATIENCE) -> None:
        """Double click on a use of a block; again where a slow machine saw two single clicks."""
        depth, place = len(self.ask("trail")), self.node_centre(id)

        def is_open() -> bool:
            self.screen.double_click(*place)
            return len(self.ask("trail")) > depth

        self.screen.wait_until(is_open, timeout)

    def empty_place(self) -> tuple[float, float]:
        """The lower left of the canvas, where the tests put no node."""
        left, _, _, bottom = self.ask("rect", "canvas")
        return left + 40, bottom - 30

    def kill(self) -> None:
        """End the process at once, as a crash does."""
        self.process.kill()
        self.process.wait(timeout=PATIENCE)
        self.screen.settle = lambda: None
        self.disconnect()

    def disconnect(self) -> None:
        """Let go of the channel."""
        self._stream.close()
        self._connection.close()
