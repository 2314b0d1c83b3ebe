"""A virtual screen with a mouse and a keyboard, for tests of real windows.

    with Screen() as screen:
        app = screen.start(sys.executable, "main.py", "edit")
        screen.click(200, 100)
        screen.type("width")
        screen.screenshot("picture.png")

There is no window manager: a window placed at (0, 0) has the screen's coordinates. One xdotool
lives as long as the screen: to start one for each key would hold keys down for so long on a busy
machine that they repeat.
"""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from PIL import Image, ImageGrab

LEFT, MIDDLE, RIGHT, WHEEL_UP, WHEEL_DOWN = 1, 2, 3, 4, 5


class Screen:
    """One Xvfb with the programs that were started on it; both end with the `with` block."""

    def __init__(self, width: int = 1280, height: int = 800) -> None:
        self.size = (width, height)
        self.settle: Callable[[], None] = lambda: time.sleep(0.05)
        """Called after each event, since programs lose events that come in one burst. A test that
        can ask its program for the frame count sets this to wait for two more frames."""

    def __enter__(self) -> Self:
        read, write = os.pipe()
        size = "{}x{}x24".format(*self.size)
        options = ["-screen", "0", size, "-nolisten", "tcp", "+extension", "GLX", "-noreset"]
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), *options],
            pass_fds=[write],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(write)
        with os.fdopen(read) as answer:
            number = answer.readline().strip()
        if not number:
            raise RuntimeError(f"Xvfb did not start, it ended with {self._server.wait()}.")
        self.display = f":{number}"
        self.env = os.environ | {"DISPLAY": self.display, "LIBGL_ALWAYS_SOFTWARE": "1"}
        self.env.pop("QT_QPA_PLATFORM", None)  # Qt's windows are real ones here
        self._programs: list[subprocess.Popen[bytes]] = []
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self._hand = subprocess.Popen(["xdotool", "-"], env=self.env, **pipes)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._hand.communicate()  # which ends it
        for process in [*self._programs, self._server]:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def start(self, *command: str | Path, **options: object) -> subprocess.Popen[bytes]:
        """Start a program on this screen; `options` go to Popen, `env` is added to the screen's."""
        env = self.env | options.pop("env", {})
        program = subprocess.Popen(command, env=env, **options)
        self._programs.append(program)
        return program

    def picture(self) -> Image.Image:
        """What the screen shows now."""
        return ImageGrab.grab(xdisplay=self.display)

    def screenshot(self, path: str | Path) -> Image.Image:
        """Save what the screen shows as a PNG file."""
        picture = self.picture()
        picture.save(path)
        return picture

    def wait_until(self, condition: Callable[[], object], timeout: float = 40.0) -> None:
        """Wait until the condition holds; after `timeout` seconds, fail."""
        end = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(f"This did not happen within {timeout:g} s.")
            time.sleep(0.05)

    def move(self, x: float, y: float) -> None:
        self._xdotool("mousemove", round(x), round(y))

    def down(self, button: int = LEFT) -> None:
        self._xdotool("mousedown", button)

    def up(self, button: int = LEFT) -> None:
        self._xdotool("mouseup", button)

    def click(self, x: float, y: float, button: int = LEFT, times: int = 1) -> None:
        self.move(x, y)
        for _ in range(times):
            self.down(button)
            self.up(button)

    def double_click(self, x: float, y: float) -> None:
        """Press twice, quickly; in one go, since waiting in between might be too slow."""
        self.move(x, y)
        self._xdotool("click", "--repeat", 2, "--delay", 90, LEFT)

    def drag(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        button: int = LEFT,
        steps: int = 5,
    ) -> None:
        """Press at `start`, go to `end` in a few steps, release there."""
        self.move(*start)
        self.down(button)
        for step in range(1, steps + 1):
            self.move(*(a + (b - a) * step / steps for a, b in zip(start, end, strict=True)))
        self.up(button)

    def scroll(self, x: float, y: float, notches: int) -> None:
        """Turn the wheel at a place: positive away from the user (up), negative towards."""
        self.move(x, y)
        for _ in range(abs(notches)):
            self._xdotool("click", WHEEL_UP if notches > 0 else WHEEL_DOWN)

    def key(self, *chords: str) -> None:
        """Press keys one after the other, each named as X does: "ctrl+z", "Delete", "Return"."""
        for chord in chords:
            *held, last = chord.split("+")
            for name in held:
                self._xdotool("keydown", name)
            self._xdotool("key", last)  # at once: a key that is held repeats
            for name in reversed(held):
                self._xdotool("keyup", name)

    def type(self, text: str) -> None:
        """Type a text, a character at a time."""
        for character in text:
            quote = '"' if character == "'" else "'"
            self._xdotool("type", "--", f"{quote}{character}{quote}")

    def _xdotool(self, *words: str | int) -> None:
        """Have the one xdotool do something. It reads a line at a time, and says where the mouse is
        once it has done what stands before that.
        """
        hand = self._hand
        assert hand.stdin and hand.stdout
        hand.stdin.write(f"{' '.join(map(str, words))}\ngetmouselocation\n")
        hand.stdin.flush()
        if not hand.stdout.readline():
            raise RuntimeError(f"xdotool ended at {words} with {hand.wait()}.")
        self.settle()
